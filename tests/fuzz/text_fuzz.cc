// The legacy .dat text form. Input: the text.
//
// What converts, converts back and forth without change, and walks like the binary it stands for.
#include "tests/fuzz/fuzz.h"
#include "tests/support/intel_blob.h"
#include "ucode/intel_text.h"

namespace kip::fuzz {
namespace {

void run(Bytes input) {
  const auto binary = ucode::intel_from_text(as_text(input));
  const Record record = walked(ucode::StreamKind::kIntelText, ucode::Depth::kWhole, input);
  if (!binary) {
    require(binary.error().offset && *binary.error().offset <= input.size(),
            "the error's place lies in the text");
    require(record.updates.empty() && record.events.size() == 1, "no text, no updates");
    return;
  }
  require(binary->size() % 4 == 0, "a text is whole dwords");
  const auto again = ucode::intel_from_text(support::to_dat_text(*binary, "/* again */"));
  require(again && *again == *binary, "text made of the binary gives the binary");
  const Record plain = walked(ucode::StreamKind::kIntel, ucode::Depth::kWhole, *binary);
  require(record.events == plain.events && record.wholes == plain.wholes,
          "the text walks like its binary");
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
