#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/cli/messages.h"

namespace kip::cli {
namespace {

constexpr const char* kRed = "\033[31m";
constexpr const char* kYellow = "\033[33m";
constexpr const char* kPlain = "\033[0m";

// A closed standard descriptor would be the next file that is opened, and what is said would land
// in it. Filled with one that refuses every write, as a closed one does; open(2) takes the lowest.
void fill_standard_descriptors() {
  int number = 0;
  while (number >= 0 && number <= STDERR_FILENO) {
    number = ::open("/dev/null", O_RDONLY);
    if (number > STDERR_FILENO) ::close(number);
  }
}

}  // namespace

Messages::Messages(std::string program)
    : program_(std::move(program)), colour_(stderr_is_terminal() && !environment("NO_COLOR")) {
  fill_standard_descriptors();
}

void Messages::line(const char* severity, const char* colour, std::string_view text) const {
  std::string out = program_ + ": ";
  if (*severity != '\0') {
    if (colour_) out += colour;
    out += severity;
    out += ":";
    if (colour_) out += kPlain;
    out += " ";
  }
  out += text;
  out += "\n";
  DescriptorSink sink(STDERR_FILENO);
  (void)sink.write(as_bytes(out));  // there is nowhere left to complain
}

void Messages::error(std::string_view text) const {
  line("error", kRed, text);
}

void Messages::warning(std::string_view text) const {
  if (level_ != Level::kQuiet) line("warning", kYellow, text);
}

void Messages::note(std::string_view text) const {
  if (level_ >= Level::kNormal) line("", "", text);
}

void Messages::detail(std::string_view text) const {
  if (level_ == Level::kVerbose) line("", "", text);
}

void Messages::finding(const Finding& finding) const {
  switch (finding.severity) {
    case Severity::kError:
      return error(to_line(finding));
    case Severity::kWarning:
      return warning(to_line(finding));
    case Severity::kNote:
      return note(to_line(finding));
  }
}

void Messages::error_at(std::string_view path, const Error& error) const {
  this->error(to_line({Severity::kError, "", std::string(path), error.offset, error.what, ""}));
}

bool Messages::print(std::string_view text) const {
  const Status status = cli::print(text);
  if (!status) error("stdout: " + status.error().what);
  return status.has_value();
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

Status print(std::string_view text) {
  DescriptorSink sink(STDOUT_FILENO);
  return sink.write(as_bytes(text));
}

bool stdout_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}
bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

std::optional<std::string> environment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace kip::cli
