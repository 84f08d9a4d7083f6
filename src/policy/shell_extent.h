// How far a piece of shell text goes that nobody is going to run: where bash would begin the next command.
//
// Knows quotes, substitutions, compound commands, functions, here-documents and continued lines, as far as it takes to find
// their end; it knows no variables. Pure; time and memory are in proportion to the text.
#pragma once

#include <cstddef>
#include <string_view>

namespace kip::policy {

struct Extent {
  std::size_t end = 0;  // behind the line end; the text's size if nothing ends it

  /// false: something is open at the end of the text, or closed that was not open. Bash runs nothing from `start` on.
  bool whole = true;
  bool leaves = false;   // has a `return`, `exit` or `exec`: what follows may not be run
  bool defines = false;  // has a function, which a later command may call
};

/// REQUIRES: start <= text.size(), and a command may begin there.
Extent shell_extent(std::string_view text, std::size_t start);

}  // namespace kip::policy
