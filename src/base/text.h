// Text that others wrote: whether it is UTF-8, and how much of it a message shows.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kip {

/// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none. REQUIRES:
/// text is not empty.
std::size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

/// quote(); of long text only the beginning, with "..." behind it.
std::string quote_start(std::string_view text);

/// A word of a command that a message gives: quote() of what is more than a plain word.
std::string shell_word(std::string_view word);

}  // namespace kip
