// Texts of kip's own that kip reads back: a first line with kind and version, then a record a line, words parted by one
// blank. Fields are percent-encoded as in URIs (RFC 3986, 2.1), digits upper case.
//
//   take_lines(text, "kip pending 1", [&](std::string_view line) {
//     return take_word(line) == "module" && add(percent_decode(line)); });
//
// Whoever reads such a text writes what he read once more, and takes it for his own only if the same comes out.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kip {

/// Calls `take` with each line behind the first, until it says no. False if it did, if the first line is another, or
/// if the last one does not end.
bool take_lines(std::string_view text, std::string_view first_line,
                const std::function<bool(std::string_view line)>& take);

/// The first word of a line, which is taken off it together with the blank behind.
std::string_view take_word(std::string_view& line);

enum class Blanks : std::uint8_t { kKeep, kEncode };

/// Encodes '%' and all that is not printable ASCII; with kEncode blanks too, so that it is one word.
std::string percent_encode(std::string_view text, Blanks blanks);

/// The inverse; nullopt if two hexadecimal digits are missing behind a '%'.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace kip
