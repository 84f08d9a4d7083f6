// Finding: the one form in which verify, lint, inspect and doctor say what they found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kip {

enum class Severity : std::uint8_t {
  kNote,     // worth knowing; nothing is wrong
  kWarning,  // something was left out or is unusual; the rest goes on
  kError,    // what was asked for cannot be relied on
};

struct Finding {
  Severity severity = Severity::kWarning;
  std::string rule;                     // stable short name, e.g. "intel-main-checksum"
  std::string place;                    // a path as given, or empty
  std::optional<std::uint64_t> offset;  // bytes from the start of the place
  std::string text;                     // what is wrong, lower case, no final stop
  std::string remedy;                   // what mends it, or empty
  std::string kernels = {};             // releases it holds for ("before 5.19"); empty: all

  bool operator==(const Finding&) const = default;
};

/// `'place': offset 0x800: text [kernels before 5.19] (remedy)`; on one line whatever bytes the place
/// holds.
std::string to_line(const Finding& finding);

/// A path or name in single quotes; bytes that are not printable text are written as \xNN.
std::string quote(std::string_view name);

}  // namespace kip
