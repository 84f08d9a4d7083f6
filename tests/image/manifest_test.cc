#include <gtest/gtest.h>
#include <ostream>

#include "src/image/manifest.h"

namespace kip::image {
namespace {

using ucode::Vendor;

const std::string kFirst = "kip early 1\n";

TEST(Manifest, HasOneLineForEachCpuAndUpdate) {
  const EarlyManifest manifest{{{Vendor::kIntel, {{0xb06f2}, 0x80}}, {Vendor::kAmd, {{0xa00f11}}}},
                               {{Vendor::kIntel, 0x41d, false}, {Vendor::kAmd, 0x0a0011d5, true}}};
  EXPECT_EQ(to_text(manifest),
            "kip early 1\n"
            "cpu intel 0x000b06f2 0x80\n"
            "cpu amd 0x00a00f11 0x00\n"
            "update intel 0x0000041d host\n"
            "update amd 0x0a0011d5 base\n");
}

struct Good {
  std::string name;
  EarlyManifest manifest;
};

void PrintTo(const Good& row, std::ostream* out) {
  *out << row.name;
}

class Manifest : public testing::TestWithParam<Good> {};

TEST_P(Manifest, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_manifest(to_text(GetParam().manifest)), GetParam().manifest);
}

INSTANTIATE_TEST_SUITE_P(
    All, Manifest,
    testing::Values(Good{"Nothing", {}},
                    Good{"OneCpu", {{{Vendor::kIntel, {{0x806f8}, 0x01}}}, {}}},
                    Good{"PlatformNotKnown", {{{Vendor::kIntel, {{0x806f8}, 0}}}, {}}},
                    Good{"FlagsOfEightDigits", {{{Vendor::kIntel, {{0x806f8}, 0xffffffff}}}, {}}},
                    Good{"LargestNumbers",
                         {{{Vendor::kAmd, {{0xffffffff}}}}, {{Vendor::kAmd, 0xffffffff, true}}}},
                    Good{"ProvenClasses",
                         {{{Vendor::kAmd, {{0xa00f11}}, ucode::EntrySignClass::kOld},
                           {Vendor::kAmd, {{0xa20f12}}, ucode::EntrySignClass::kFixed}},
                          {}}},
                    Good{"EndsAtAPage", {{}, {}, 0}}, Good{"EndsWithinAPage", {{}, {}, 4092}},
                    Good{"RevisionZero", {{}, {{Vendor::kIntel, 0, false}}}},
                    Good{"TheSameUpdateTwice",
                         {{}, {{Vendor::kIntel, 0x10, false}, {Vendor::kIntel, 0x10, true}}}},
                    Good{"BothVendors",
                         {{{Vendor::kIntel, {{0x806f8}, 0x01}}, {Vendor::kAmd, {{0xa00f11}}}},
                          {{Vendor::kIntel, 0x10, false}, {Vendor::kAmd, 0x0a0011d5, true}}}}),
    [](const auto& row) { return row.param.name; });

struct Bad {
  std::string name;
  std::string text;
};

void PrintTo(const Bad& row, std::ostream* out) {
  *out << row.name;
}

class NoManifest : public testing::TestWithParam<Bad> {};

TEST_P(NoManifest, IsRefused) {
  EXPECT_EQ(parse_manifest(GetParam().text), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    All, NoManifest,
    testing::Values(Bad{"Empty", ""}, Bad{"EmptyLine", "\n"},
                    Bad{"WithoutItsFirstLine", "cpu intel 0x000806f8 0x01\n"},
                    Bad{"AnotherVersion", "kip early 2\n"}, Bad{"LongerVersion", "kip early 10\n"},
                    Bad{"AnotherFirstLine", "kip late 1\n"}, Bad{"FirstLineTwice", kFirst + kFirst},
                    Bad{"PageOffsetOfAPage", "kip early 1\npage 4096\n"},
                    Bad{"PageOffsetOfNoMultipleOf4", "kip early 1\npage 1534\n"},
                    Bad{"PageOffsetMissing", "kip early 1\npage\n"},
                    Bad{"PageOffsetTwice", "kip early 1\npage 0\npage 0\n"},
                    Bad{"BlankBehindTheFirstLine", "kip early 1 \n"},
                    Bad{"CarriageReturn", "kip early 1\r\ncpu intel 0x000806f8 0x01\r\n"},
                    Bad{"FirstLineWithoutItsEnd", "kip early 1"},
                    Bad{"LastLineWithoutItsEnd", kFirst + "cpu intel 0x000806f8 0x01"},
                    Bad{"EmptyLineBetween", kFirst + "\ncpu intel 0x000806f8 0x01\n"},
                    Bad{"EmptyLineBehind", kFirst + "cpu intel 0x000806f8 0x01\n\n"},
                    Bad{"NulBehind", kFirst + std::string(1, '\0')},
                    Bad{"UnknownWord", kFirst + "gpu intel 0x000806f8 0x01\n"},
                    Bad{"UnknownVendor", kFirst + "cpu via 0x000806f8 0x01\n"},
                    Bad{"VendorInCapitals", kFirst + "cpu Intel 0x000806f8 0x01\n"},
                    Bad{"VendorMissing", kFirst + "cpu 0x000806f8 0x01\n"},
                    Bad{"SignatureMissing", kFirst + "cpu intel\n"},
                    Bad{"FlagsMissing", kFirst + "cpu intel 0x000806f8\n"},
                    Bad{"WordBehindACpu", kFirst + "cpu intel 0x000806f8 0x01 host\n"},
                    Bad{"BlankBehindACpu", kFirst + "cpu intel 0x000806f8 0x01 \n"},
                    Bad{"TwoBlanks", kFirst + "cpu intel  0x000806f8 0x01\n"},
                    Bad{"BlankInFront", kFirst + " cpu intel 0x000806f8 0x01\n"},
                    Bad{"Tab", kFirst + "cpu\tintel 0x000806f8 0x01\n"},
                    Bad{"NumberWithoutItsPrefix", kFirst + "cpu intel 000806f8 0x01\n"},
                    Bad{"NumberWithoutDigits", kFirst + "cpu intel 0x 0x01\n"},
                    Bad{"NoHexDigit", kFirst + "cpu intel 0x000806g8 0x01\n"},
                    Bad{"NumberInCapitals", kFirst + "cpu intel 0x000806F8 0x01\n"},
                    Bad{"NumberWithASign", kFirst + "cpu intel 0x-00806f8 0x01\n"},
                    Bad{"NumberCutShort", kFirst + "cpu intel 0x806f8 0x01\n"},
                    Bad{"NumberTooLong", kFirst + "cpu intel 0x1000806f8 0x01\n"},
                    Bad{"RevisionMissing", kFirst + "update intel host\n"},
                    Bad{"OriginMissing", kFirst + "update intel 0x00000010\n"},
                    Bad{"UnknownOrigin", kFirst + "update intel 0x00000010 here\n"},
                    Bad{"WordBehindAnUpdate", kFirst + "update intel 0x00000010 host base\n"},
                    Bad{"BlankBehindAnUpdate", kFirst + "update intel 0x00000010 host \n"},
                    Bad{"UpdatesInFrontOfCpus",
                        kFirst + "update intel 0x00000010 host\ncpu intel 0x000806f8 0x01\n"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace kip::image
