// dracut's configuration, read as far as it decides about modules, and never executed.
//
//   const DracutFiles dracut = TRY(read_dracut_files(root));
//   const DracutLists lists = lists_of(dracut.files);       // add_drivers and the like, each word with its line
//
// dracut sources these files with bash. This reader takes assignments `NAME=word` and `NAME+=word` with quotes,
// comments, `;` and line continuations, as bash reads them, and reports everything else (a command, `$x`, `$(…)`,
// a backquote, an array, a glob, an unclosed quote, a carriage return) with file and line, as a warning. What it
// means for the variable concerned:
//   unreadable `NAME+=…`   the words read before it stay, what it would add is not known
//   unreadable `NAME=…`    from there on the variable is unknown: whoever asks must not include by it
// The grammar, with bash's behaviour for each piece, is in docs/formats/dracut-conf.md.
//
// Which files, and in which order: dracut.sh, man dracut.conf(5). /etc/dracut.conf first; then the *.conf of
// /usr/lib/dracut/dracut.conf.d and /etc/dracut.conf.d as one list in version order of their names (`sort -V` in the C
// locale), where a file in /etc replaces the one of the same name. An empty file or a link to /dev/null masks.
#pragma once

#include <optional>

#include "src/policy/conf.h"

namespace kip::policy {

struct DracutStatement {
  enum class Kind : std::uint8_t {
    kSet,            // NAME=value
    kAppend,         // NAME+=value, with nothing put between
    kUnknown,        // NAME=, and the value could not be read
    kUnknownAppend,  // NAME+=, likewise
  };
  Kind kind = Kind::kSet;
  std::string name;
  std::string value;  // unquoted; kUnknown: empty
  Origin origin;      // where the statement begins
};

struct DracutFile {
  std::string path;
  std::vector<DracutStatement> statements;
  std::vector<Finding>
      findings;  // rules "dracut-line" (place file:line) and "dracut-file" (place file)
};

/// Pure: one text. At most kConfFaultLimit findings, as in conf.h; behind the last of them every variable that matters is
/// unknown.
DracutFile parse_dracut(std::string_view text, const std::string& path);

struct DracutFiles {
  std::vector<DracutFile> files;     // those that count, in order
  std::vector<DracutFile> replaced;  // in /usr/lib, by one of the same name in /etc
};

/// As read_conf_files(): what is missing is empty, what cannot be read is a file with a finding, whose variables are
/// unknown.
Result<DracutFiles> read_dracut_files(const Root& root);

/// Names in `sort -V` order of the C locale, as dracut lists them; hidden names are not listed, and not known here.
bool version_before(std::string_view a, std::string_view b);

struct DracutWord {
  std::string text;
  Origin origin;  // of the statement in which the word begins

  bool operator==(const DracutWord&) const = default;
};

struct DracutList {
  std::vector<DracutWord> words;
  std::optional<Origin> unknown;  // the statement from which on the list is not known whole

  /// Whether the words themselves still count: false behind an unreadable `=`.
  bool words_count = true;
};

/// The variables that decide about modules.
struct DracutLists {
  DracutList add_drivers, force_drivers, drivers, omit_drivers;
};

DracutLists lists_of(const std::vector<DracutFile>& files);

}  // namespace kip::policy
