// The manifest of a boot entry. Input: a record below /var/lib/kip/manifests.
//
// What is read is written, and read again as the same; and written once more to the same bytes, in printable characters.
#include "src/state/manifest.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = kip::state::parse_manifest(kip::as_text(kip::Bytes(data, size)));
  if (!manifest) {
    kip::fuzz::require(manifest.error().what.find('\n') == std::string::npos, "one line");
    return 0;
  }
  const std::string json = to_json(*manifest);
  const auto again = kip::state::parse_manifest(json);
  kip::fuzz::require(again.has_value(), "what is written can be read");
  kip::fuzz::require(*again == *manifest, "and is the same");
  for (const char c : json)
    kip::fuzz::require(c == '\n' || (c >= ' ' && c < '\x7f'), "it is printable");
  return 0;
}
