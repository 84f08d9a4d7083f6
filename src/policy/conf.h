// kip.conf.d: a strict reader of `[Section]` and `Key=value` lines, and which files count.
//
//   for (const ConfFile& file : TRY(read_conf_files(root)))
//     for (const ConfLine& line : file.lines) ...   // every decision can name line.origin
//
// A file is lines of UTF-8 text. Blank lines and lines whose first character behind blanks is '#' or ';' are
// comments. `[Name]` opens a section; `Key=value` needs one; names are ASCII letters, digits and '-', and upper case
// counts. Blanks (space, tab) around the line, key and value do not count, quotes are kept as they are, a line ends
// where it ends (no continuation). Everything else, a carriage return, another control character and a byte order mark
// among it, is a finding of kError with file:line, and the line is left out. Behind a section header that is broken,
// the keys are left out up to the next one, since nobody knows where they belong.
//
// Files are *.conf in /usr/lib/kip/kip.conf.d and /etc/kip/kip.conf.d, but hidden ones (.*), read in order of their
// names (bytes), whatever directory they are in; a file in /etc replaces the one of the same name, and an
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
inline constexpr std::uint64_t kConfLimit = 1 << 20;

/// Most findings of one file: at the last of them reading ends. A picture that is called x.conf is not worth ten
/// thousand messages.
inline constexpr std::size_t kConfFaultLimit = 20;

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
  std::vector<Finding> findings;  // rules "conf-line", place file:line, and "conf-file", place file
};

/// Pure: the lines of one text. `path` is for origins.
ConfFile parse_conf(std::string_view text, const std::string& path);

/// The files that count, in order; those that only mask are left out. A directory that is missing is empty, one that
/// cannot be listed is the error. A file that cannot be read (or is no regular file, or larger than kConfLimit) is a
/// ConfFile with a finding of kError and no lines; it still replaces the one of the same name.
Result<std::vector<ConfFile>> read_conf_files(const Root& root);

}  // namespace kip::policy
