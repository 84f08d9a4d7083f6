// Depmod's index of modules or aliases. Input: a name, a newline, the index.
//
// What is found stands in the index, and a key that is found is matched by its own name, unless it is a pattern.
#include <algorithm>

#include "src/modules/index.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using kip::fuzz::require;
  const std::uint8_t* const line = std::find(data, data + size, '\n');
  const std::string name(data, line);
  if (line == data + size || name.find('\0') != name.npos) return 0;
  const std::vector<std::uint8_t> bytes(line + 1, data + size);
  const auto index = kip::modules::Index::of(bytes);
  if (!index) return 0;
  const std::string_view text = kip::as_text(bytes);
  const auto found = index->find(name);
  const auto matched = index->match(name);
  if (matched) {
    for (const std::string& value : *matched)
      require(text.find(value) != text.npos, "a value stands in the index");
  }
  if (!found || !*found) return 0;
  require(text.find(**found) != text.npos, "a value stands in the index");
  if (matched && name.find_first_of("*?[\\") == name.npos)
    require(std::find(matched->begin(), matched->end(), **found) != matched->end(),
            "a name matches itself");
  return 0;
}
