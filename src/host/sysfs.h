// Small looks into /proc and /sys: short texts, links, names in a directory. What cannot be read is empty; nothing here
// waits, and no link leads out of the root.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"

namespace kip::host {

/// Most names of one directory that are looked at.
inline constexpr std::size_t kNamesLimit = 4096;

/// The first line of a small file, without blanks at its end. Of one larger than a page: empty.
std::string line_of(const Root& root, const std::string& path);

/// Where a link leads, as a path below '/', by its text; links before the last part are followed. Empty: no link.
std::string target_of(const Root& root, const std::string& path);

/// Sorted by bytes, hidden ones left out.
std::vector<std::string> names_in(const Root& root, const std::string& path);

/// The last part of a path.
std::string_view last_part(std::string_view path);

/// Whether this is a name that a message can repeat and a module can have: letters, digits, "_-.", at most 64.
bool is_plain(std::string_view name);

}  // namespace kip::host
