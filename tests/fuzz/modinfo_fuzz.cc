// A module's own words. Input: an ELF file.
//
// What is read stands in the file, keys have no "=", and values no NUL.
#include "src/image/modinfo.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kip::Bytes module(data, size);
  const auto info = kip::image::read_modinfo(module);
  if (!info) return 0;
  for (const auto& [key, value] : info->values) {
    kip::fuzz::require(key.find('=') == key.npos, "a key ends at the first '='");
    kip::fuzz::require((key + value).find('\0') == key.npos, "an entry ends at a NUL");
    kip::fuzz::require(kip::as_text(module).find(key + "=" + value) != key.npos,
                       "an entry stands in the file");
  }
  return 0;
}
