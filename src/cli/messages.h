// What programs say: results on stdout, messages on stderr, one line each, `NAME: error: 'path':
// what`.
#pragma once

#include <string>
#include <string_view>

#include "src/base/finding.h"
#include "src/base/result.h"

namespace kip::cli {

class Messages {
 public:
  enum class Level : std::uint8_t {
    kQuiet,     // errors
    kWarnings,  // and warnings: what plugins say unasked
    kNormal,    // and notes
    kVerbose,   // and details
  };

  /// `program` begins every line. Colour only on a terminal, and not with NO_COLOR set. Programs
  /// make their Messages before they open any file: it takes the standard descriptors that the
  /// caller closed, since otherwise the archive being written could be one of them.
  explicit Messages(std::string program);

  void set_level(Level level) { level_ = level; }
  bool shows_notes() const { return level_ >= Level::kNormal; }
  bool verbose() const { return level_ == Level::kVerbose; }

  void error(std::string_view text) const;    // always
  void warning(std::string_view text) const;  // not with -q
  void note(std::string_view text) const;     // plain line, not with -q
  void detail(std::string_view text) const;   // plain line, with -v only
  void finding(const Finding& finding) const;

  /// Writes results to stdout; false after saying why that failed.
  bool print(std::string_view text) const;

  /// `error: 'path': offset …: what`
  void error_at(std::string_view path, const Error& error) const;

 private:
  void line(const char* severity, const char* colour, std::string_view text) const;

  std::string program_;
  Level level_ = Level::kNormal;
  bool colour_;
};

/// "1 update", "2 updates".
std::string counted(std::uint64_t count, std::string_view noun);

/// Writes results to stdout, at once. The error is for a closed pipe or a full disk.
Status print(std::string_view text);

bool stdout_is_terminal();
bool stderr_is_terminal();

/// An environment variable that is set and not empty.
std::optional<std::string> environment(const char* name);

}  // namespace kip::cli
