// Lines `KEY=value` of others' small configuration files: install.conf, uki.conf, /etc/default. Read, never run; what is no such line
// says nothing here.
#pragma once

#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/policy/conf.h"

namespace kip::checks {

struct KeyLine {
  std::string key, value;  // the value without blanks around it and one pair of quotes
  policy::Origin origin;
};

/// Pure.
std::vector<KeyLine> parse_key_lines(std::string_view text, const std::string& path);

/// Nothing where there is no such file; the error does not name it.
Result<std::vector<KeyLine>> read_key_lines(const Root& root, const std::string& path);

/// The last line of a key; nullptr: none.
const KeyLine* last_of(const std::vector<KeyLine>& lines, std::string_view key);

}  // namespace kip::checks
