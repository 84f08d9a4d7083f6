// The members of an image, line by line: what `ls` prints. The JSON form is in json.h.
#pragma once

#include <string>
#include <string_view>

#include "src/image/listing.h"

namespace kip::cli {

/// A name as it is stored; `quoted` and with bytes that no terminal shows: in quotes.
std::string shown_name(std::string_view name, bool quoted);

/// "file", "directory", "symlink", …
const char* type_name(std::uint32_t mode);

/// "drwxr-xr-x"
std::string mode_text(std::uint32_t mode);

/// "2025-08-14T12:30:00Z"
std::string time_text(std::uint32_t seconds);

/// A line of `ls -l`, with its end.
std::string long_line(const image::Row& row, bool quoted);

}  // namespace kip::cli
