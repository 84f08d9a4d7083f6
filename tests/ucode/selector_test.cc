// The text form of selectors: what is taken, as what, and in which words the rest is refused.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>

#include "ucode/selector.h"

namespace kip::ucode {
namespace {

// One line of everything a selector says: "[!][vendor:]signature/mask[,flags][ bound:revision]".
std::string describe(const Selector& selector) {
  std::string out = selector.exclude ? "!" : "";
  if (selector.vendor) out += std::string(vendor_name(*selector.vendor)) + ":";
  out += fmt::format("{:x}", selector.signature);
  if (selector.signature_mask != 0xffffffff) out += fmt::format("/{:x}", selector.signature_mask);
  if (selector.platform_flags) out += fmt::format(",{:x}", *selector.platform_flags);
  const char* const bounds[] = {"", " lt:", " eq:", " gt:"};
  out += bounds[static_cast<int>(selector.bound)];
  if (selector.bound != Selector::Bound::kAny) out += fmt::format("{:x}", selector.revision);
  return out;
}

struct Row {
  const char* text;
  const char* meaning;  // or the message
};

TEST(Selector, TakesTheseForms) {
  constexpr Row kRows[] = {
      {"06-8f-08", "intel:806f8/fff0fff"},
      {"06-8F-08", "intel:806f8/fff0fff"},
      {"6-8f-8", "intel:806f8/fff0fff"},
      {"0f-04-0a", "intel:f4a/fff0fff"},
      {"19-01-01", "a00f11/fff0fff"},
      {"amd:19-01-01", "amd:a00f11/fff0fff"},
      {"0x806f8", "intel:806f8"},
      {"0X806F8", "intel:806f8"},
      {"0x000806f8", "intel:806f8"},
      {"0x806f8,", "intel:806f8"},
      {"0x806f8,0x87", "intel:806f8,87"},
      {"0x806f8,0x87,", "intel:806f8,87"},
      {"0x632,0x0", "intel:632,0"},
      {"0x806f8,0x87,gt:0x2b000000", "intel:806f8,87 gt:2b000000"},
      {"0x806f8,,lt:0x2b000000", "intel:806f8 lt:2b000000"},
      {"0x806f8,,eq:0x8000001a", "intel:806f8 eq:8000001a"},
      {"0xa00f11", "a00f11"},
      {"intel:0x120f00", "intel:120f00"},
      {"amd:0x120f00,,eq:0x03000027", "amd:120f00 eq:3000027"},
      {"cpu00A20F12", "amd:a20f12"},
      {"cpu00a20f12", "amd:a20f12"},
      {"intel:cpu000806f8", "intel:806f8"},
      {"!0x806f8", "!intel:806f8"},
      {"!06-8f-08", "!intel:806f8/fff0fff"},
      {"!amd:cpu00A20F12", "!amd:a20f12"},
  };
  for (const Row& row : kRows) {
    const auto selector = parse_selector(row.text);
    ASSERT_TRUE(selector) << row.text << ": " << selector.error().what;
    EXPECT_EQ(describe(*selector), row.meaning) << row.text;
  }
}

TEST(Selector, RefusesInTheseWords) {
  const char* const name = "no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12";
  const char* const numbers = "no CPU has this family, model or stepping";
  const char* const signature = "a signature is written as 0x806f8";
  const char* const flags = "platform flags are written as 0x87";
  const char* const bound = "a revision bound begins with lt:, eq: or gt:";
  const char* const revision = "a revision is written as 0x2b000000";
  const char* const amd = "an AMD CPUID is written as cpu00A20F12";
  const Row rows[] = {
      {"", name},
      {"!", name},
      {"!!0x806f8", name},
      {"06", name},
      {"06-8f", name},
      {"06-8f-", name},
      {"06-8f-08-01", name},
      {"06--08", name},
      {"06-8f-0g", name},
      {" 06-8f-08", name},
      {"806f8", name},
      {"hygon:0x900f01", name},
      {"INTEL:0x806f8", name},
      {"06-8f-08,0x87", name},
      {"CPU00A20F12", name},
      {"06-8f-10", numbers},
      {"06-100-00", numbers},
      {"10f-00-00", numbers},
      {"05-10-00", numbers},
      {"0x", signature},
      {"0x806f8g", signature},
      {"0x1000806f8", signature},
      {"0x-806f8", signature},
      {"0x 806f8", signature},
      {"0x806f8,87", flags},
      {"0x806f8,0x", flags},
      {"0x806f8,gt:0x1", flags},
      {"0x806f8,,0x2b000000", bound},
      {"0x806f8,,ge:0x2b000000", bound},
      {"0x806f8,0x87,,", bound},
      {"0x806f8,,gt:", revision},
      {"0x806f8,,gt:2b000000", revision},
      {"0x806f8,,gt:0x2b000000,", revision},
      {"cpu", amd},
      {"cpu00A20F1", amd},
      {"cpu00A20F123", amd},
      {"cpu0xA20F12", amd},
      {"cpu00A20F1G", amd},
  };
  for (const Row& row : rows) {
    const auto selector = parse_selector(row.text);
    ASSERT_FALSE(selector) << row.text;
    EXPECT_EQ(selector.error().what, row.meaning) << row.text;
    EXPECT_EQ(selector.error().code, Errc::kInvalid) << row.text;
  }
}

TEST(Selector, OfASignatureComparesAll32Bits) {
  const Selector selector = *parse_selector("0x632");
  EXPECT_TRUE(selector.matches_cpu(Vendor::kIntel, {0x632}));
  EXPECT_FALSE(selector.matches_cpu(Vendor::kIntel, {0x1632})) << "I35: type bits";
}

TEST(Selector, OfANameLeavesTypeBitsOpen) {
  const Selector selector = *parse_selector("06-03-02");
  EXPECT_TRUE(selector.matches_cpu(Vendor::kIntel, {0x632}));
  EXPECT_TRUE(selector.matches_cpu(Vendor::kIntel, {0x1632}));
  EXPECT_FALSE(selector.matches_cpu(Vendor::kIntel, {0x633}));
}

TEST(Selector, OfAVendorMatchesNoOther) {
  const Selector selector = *parse_selector("amd:0xa00f11");
  EXPECT_TRUE(selector.matches_cpu(Vendor::kAmd, {0xA00F11}));
  EXPECT_FALSE(selector.matches_cpu(Vendor::kIntel, {0xA00F11}));
}

TEST(Selector, WithoutVendorMatchesBoth) {
  const Selector selector = *parse_selector("0xa00f11");
  EXPECT_TRUE(selector.matches_cpu(Vendor::kAmd, {0xA00F11}));
  EXPECT_TRUE(selector.matches_cpu(Vendor::kIntel, {0xA00F11}));
}

TEST(Selector, BoundsRevisionsUnsigned) {
  const auto takes = [](const char* text, std::uint32_t revision) {
    return parse_selector(text)->takes_revision(revision);
  };
  EXPECT_TRUE(takes("0x806f8", 0));
  EXPECT_TRUE(takes("0x806f8,,lt:0x10", 0xF));
  EXPECT_FALSE(takes("0x806f8,,lt:0x10", 0x10));
  EXPECT_FALSE(takes("0x806f8,,lt:0x10", 0x80000000));
  EXPECT_TRUE(takes("0x806f8,,eq:0x10", 0x10));
  EXPECT_FALSE(takes("0x806f8,,eq:0x10", 0x11));
  EXPECT_TRUE(takes("0x806f8,,gt:0x10", 0x80000000));
  EXPECT_FALSE(takes("0x806f8,,gt:0x10", 0x10));
}

struct FlagsRow {
  const char* selector;
  Vendor vendor;
  std::uint32_t flags;
  bool meet;
};

TEST(Selector, MeetsTargetsThatShareAPlatform) {
  constexpr FlagsRow kRows[] = {
      {"0x806f8", Vendor::kIntel, 0x87, true},      {"0x806f8", Vendor::kIntel, 0, true},
      {"0x806f8,0x80", Vendor::kIntel, 0x87, true}, {"0x806f8,0x10", Vendor::kIntel, 0x87, false},
      {"0x806f8,0x10", Vendor::kIntel, 0, false},   {"0x632,0x0", Vendor::kIntel, 0, true},
      {"0x632,0x0", Vendor::kIntel, 1, false},      {"0xa00f11,0x10", Vendor::kAmd, 0, true},
  };
  for (const FlagsRow& row : kRows) {
    const Target target{{0x806F8}, row.flags};
    EXPECT_EQ(flags_meet(*parse_selector(row.selector), row.vendor, target), row.meet)
        << row.selector << " and " << row.flags;
  }
}

TEST(SelectorFor, IsOneCpuExactly) {
  EXPECT_EQ(describe(selector_for(Vendor::kIntel, {0x1632}, 0)), "intel:1632,0");
  EXPECT_EQ(describe(selector_for(Vendor::kAmd, {0xA00F11}, std::nullopt)), "amd:a00f11");
}

}  // namespace
}  // namespace kip::ucode
