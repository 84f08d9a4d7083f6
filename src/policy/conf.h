// kip.conf.d: a strict reader of `[Section]` and `Key=value` lines, and which files count.
//
//   for (const ConfFile& file : TRY(read_conf_files(root)))
//     for (const ConfLine& line : file.lines) ...   // every decision can name line.origin
//
// A file is lines of UTF-8 text. Blank lines and lines whose first character behind blanks is '#' or ';' are
// comments. `[Name]` opens a section; `Key=value` needs one; blanks around key and value do not
// count, quotes are kept as they are, a line ends where it ends (no continuation). Everything else is a finding with
// file:line, and the line is left out.
//
// Files are *.conf in /usr/lib/kip/kip.conf.d and /etc/kip/kip.conf.d, read in order of their names
// (bytes), whatever directory they are in; a file in /etc replaces the one of the same name, and an
// empty one or a link to /dev/null masks it (as systemd's drop-ins do).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::policy {

/// Largest configuration file we read, in bytes.
inline constexpr std::uint64_t kConfLimit = 1024 * 1024;

struct Origin {
  std::string file;        // as it was found; "KIP_CPU" for the environment
  std::uint32_t line = 0;  // from 1; 0: no line of a file

  bool operator==(const Origin&) const = default;
};

/// "file:line", or the file alone.
std::string to_text(const Origin& origin);

struct ConfLine {
  std::string section, key, value;
  Origin origin;
};

struct ConfFile {
  std::string path;
  std::vector<ConfLine> lines;
  std::vector<Finding> findings;  // rule "conf-line"; place is file:line
};

/// Pure: the lines of one text. `path` is for origins.
ConfFile parse_conf(std::string_view text, const std::string& path);

/// The files that count, in order. A directory that is missing is empty; a file that cannot be read is a ConfFile
/// with a finding of kError and no lines.
Result<std::vector<ConfFile>> read_conf_files(const Root& root);

}  // namespace kip::policy
