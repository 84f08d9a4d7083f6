// What an overlay says of itself. Input: the member kip/modules.
//
// What is read is written again to the same bytes, in printable characters.
#include "src/image/overlay_manifest.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = kip::as_text(kip::Bytes(data, size));
  const auto manifest = kip::image::parse_overlay_manifest(text);
  if (!manifest) return 0;
  kip::fuzz::require(kip::image::to_text(*manifest) == text, "it is written as it was read");
  for (const char c : text)
    kip::fuzz::require(c == '\n' || (c >= ' ' && c < '\x7f'), "it is printable");
  return 0;
}
