// Directories of *.conf files, as kip's and dracut's are: which names count, and the bytes of one file.
#pragma once

#include <string>
#include <vector>

#include "src/base/file.h"

namespace kip::policy {

/// The names in one directory that end in .conf and are not hidden, in no order. A directory that is missing is empty.
Result<std::vector<std::string>> drop_in_names(const Root& root, const std::string& directory);

/// By its text, since below another root there may be no /dev/null.
bool links_to_null(const Root& root, const std::string& path);

/// Whether there is something behind the name: not for a link to nothing, but for one to /dev/null, which below
/// another root may be missing.
bool drop_in_exists(const Root& root, const std::string& path);

/// The bytes of one file of at most kConfLimit bytes; none of a link to /dev/null. What is no regular file is the error,
/// and is not waited for.
Result<std::vector<std::uint8_t>> read_drop_in(const Root& root, const std::string& path);

}  // namespace kip::policy
