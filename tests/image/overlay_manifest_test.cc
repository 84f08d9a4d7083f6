// The member kip/modules, as text.
#include <gtest/gtest.h>
#include <ostream>

#include "src/image/overlay_manifest.h"

namespace kip::image {
namespace {

digest::Sha256 digest(std::uint8_t byte) {
  digest::Sha256 digest;
  digest.fill(byte);
  return digest;
}

const std::string kTwos(64, '2'), kFours(64, '4');

OverlayManifest example() {
  OverlayManifest manifest;
  manifest.kernel = "6.12.0-amd64";
  manifest.padding = 3;
  manifest.modules = {{"vpoll",
                       "updates/dkms/vpoll.ko",
                       "1.0.4",
                       "4F6F",
                       digest(0x22),
                       {"policy", "Include=vpoll /etc/kip/kip.conf.d/10.conf:3"},
                       false},
                      {"dm_mod",
                       "kernel/drivers/md/dm-mod.ko",
                       "",
                       "1A2B",
                       digest(0x44),
                       {"depends", "vpoll"},
                       true}};
  manifest.firmware = {{"e2e/blob.bin", digest(0x22), {"firmware", "vpoll"}}};
  manifest.config = {{"etc/modprobe.d/kip.conf", digest(0x44), {"policy", "options"}}};
  return manifest;
}

const std::string kExample =
    "kip modules 1\n"
    "kernel 6.12.0-amd64\n"
    "padding 3\n"
    "module vpoll updates/dkms/vpoll.ko 1.0.4 4F6F " +
    kTwos +
    " policy Include=vpoll /etc/kip/kip.conf.d/10.conf:3\n"
    "base-module dm_mod kernel/drivers/md/dm-mod.ko - 1A2B " +
    kFours +
    " depends vpoll\n"
    "firmware e2e/blob.bin " +
    kTwos +
    " firmware vpoll\n"
    "config etc/modprobe.d/kip.conf " +
    kFours + " policy options\n";

TEST(OverlayManifest, IsTextOfOneLineAFile) {
  EXPECT_EQ(to_text(example()), kExample);
}

TEST(OverlayManifest, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_overlay_manifest(kExample), example());
}

TEST(OverlayManifest, MayHaveNothingInIt) {
  const OverlayManifest empty;
  EXPECT_EQ(to_text(empty), "kip modules 1\nkernel -\npadding 0\n");
  EXPECT_EQ(parse_overlay_manifest(to_text(empty)), empty);
}

struct Strange {
  const char* name;
  std::string text, written;
};

void PrintTo(const Strange& row, std::ostream* out) {
  *out << row.name;
}

class StrangeField : public testing::TestWithParam<Strange> {};

TEST_P(StrangeField, IsWrittenInPrintableCharacters) {
  OverlayManifest manifest = example();
  manifest.modules[0].version = GetParam().text;
  const std::string text = to_text(manifest);
  EXPECT_NE(text.find(" " + GetParam().written + " 4F6F "), std::string::npos) << text;
  EXPECT_EQ(parse_overlay_manifest(text), manifest);
}

TEST_P(StrangeField, IsReadAtTheEndOfALine) {
  OverlayManifest manifest = example();
  manifest.modules[0].reason.detail = GetParam().text;
  EXPECT_EQ(parse_overlay_manifest(to_text(manifest)), manifest);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, StrangeField,
    testing::Values(Strange{"Blank", "1.0 rc1", "1.0%20rc1"}, Strange{"Percent", "100%", "100%25"},
                    Strange{"LineEnd", "1\n2", "1%0A2"}, Strange{"Utf8", "\xc3\xa4", "%C3%A4"},
                    Strange{"Dash", "-", "%2D"}, Strange{"Nothing", "", "-"},
                    Strange{"Blanks", "  ", "%20%20"}, Strange{"Nul", std::string(1, '\0'), "%00"},
                    Strange{"LikeAnEscape", "%41", "%2541"}),
    [](const auto& row) { return std::string(row.param.name); });

struct Refused {
  const char* name;
  std::string text;
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.name;
}

std::string without(const std::string& part, const std::string& instead = "") {
  std::string text = kExample;
  return text.replace(text.find(part), part.size(), instead);
}

class RefusedManifest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedManifest, IsNotOurs) {
  EXPECT_EQ(parse_overlay_manifest(GetParam().text), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RefusedManifest,
    testing::Values(Refused{"Empty", ""},
                    Refused{"AnotherVersion", without("modules 1", "modules 2")},
                    Refused{"NoLineEnd", kExample.substr(0, kExample.size() - 1)},
                    Refused{"NoKernel", without("kernel 6.12.0-amd64\n")},
                    Refused{"NoPadding", without("padding 3\n")},
                    Refused{"PaddingWithZeros", without("padding 3", "padding 03")},
                    Refused{"PaddingNoNumber", without("padding 3", "padding x")},
                    Refused{"ShortDigest", without(kTwos, kTwos.substr(1))},
                    Refused{"DigestNoNumber", without(kTwos, std::string(64, 'x'))},
                    Refused{"CapitalDigest", without(kTwos, std::string(64, 'A'))},
                    Refused{"FieldMissing", without(" 1.0.4")},
                    Refused{"TwoBlanks", without("module vpoll", "module  vpoll")},
                    Refused{"AnotherKind", without("firmware e2e", "file e2e")},
                    Refused{"AnotherOrder", kExample + "module" +
                                                kExample.substr(kExample.find(" vpoll"),
                                                                kExample.find("base-module") -
                                                                    kExample.find(" vpoll"))},
                    Refused{"NeedlessEscape", without("1.0.4", "1%2E0.4")},
                    Refused{"BareNonAscii", without("1.0.4", "\xc3\xa4")},
                    Refused{"EarlyManifest", "kip early 1\n"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(OverlayManifest, EveryPrefixIsRefusedOrReadsAsItself) {
  for (std::size_t size = 0; size < kExample.size(); ++size) {
    const auto parsed = parse_overlay_manifest(kExample.substr(0, size));
    EXPECT_EQ(parsed ? to_text(*parsed) : kExample.substr(0, size), kExample.substr(0, size));
  }
}

}  // namespace
}  // namespace kip::image
