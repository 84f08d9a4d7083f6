// Selectors. Input: the text.
//
// What parses says the same when it is written out in full, and matches the CPU that it names.
#include <fmt/format.h>

#include "tests/fuzz/fuzz.h"
#include "ucode/selector.h"

namespace kip::fuzz {
namespace {

std::string in_full(const ucode::Selector& selector) {
  static constexpr const char* kBounds[] = {"", ",lt:{:#x}", ",eq:{:#x}", ",gt:{:#x}"};
  std::string text = selector.exclude ? "!" : "";
  if (selector.vendor) text += std::string(ucode::vendor_name(*selector.vendor)) + ":";
  text += fmt::format("{:#x},", selector.signature);
  if (selector.platform_flags) text += fmt::format("{:#x}", *selector.platform_flags);
  text += fmt::format(fmt::runtime(kBounds[static_cast<int>(selector.bound)]), selector.revision);
  return text;
}

void run(Bytes input) {
  const auto parsed = ucode::parse_selector(as_text(input));
  if (!parsed) {
    require(!parsed.error().what.empty(), "a refusal has its reason");
    return;
  }
  const auto vendor = parsed->vendor.value_or(ucode::Vendor::kIntel);
  require(parsed->matches_cpu(vendor, {parsed->signature}), "a selector matches its own CPU");
  require(!parsed->matches_cpu(vendor, {parsed->signature ^ 1}), "and no other stepping");

  const auto again = ucode::parse_selector(in_full(*parsed));
  require(again.has_value(), "a selector written in full is one");
  require(again->exclude == parsed->exclude && again->vendor == parsed->vendor &&
              again->signature == parsed->signature &&
              again->platform_flags == parsed->platform_flags && again->bound == parsed->bound &&
              again->revision == parsed->revision,
          "and says the same");
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
