// Files are what their content says: names, suffixes and first dwords prove nothing.
#include <gtest/gtest.h>
#include <ostream>

#include "tests/catalog/scanned.h"
#include "tests/codec/compress.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"

namespace kip::catalog {
namespace {

using codec::compress;
using codec::Method;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::noise;
using support::text;
using support::zeros;

Blob dwords(std::initializer_list<std::uint32_t> values, std::size_t size = 512) {
  Blob out;
  for (const std::uint32_t value : values) support::append32(out, value);
  out.resize(std::max(size, out.size()));
  return out;
}

TEST(Content, IntelFilesHoldManyUpdates) {
  const Tree tree;
  tree->write("any name", join({IntelBlob().revision(1).bytes(), IntelBlob().revision(2).bytes()}));
  EXPECT_EQ(tree.entries(), (Lines{"any name 0 0x1", "any name 1024 0x2"}));
}

TEST(Content, AmdFilesHoldManyContainers) {
  const Tree tree;
  const Blob one = AmdBlob().zen(AmdPatch(0x0a0011d5)).bytes();
  const Blob two = AmdBlob().zen(AmdPatch(0x0a201210)).bytes();
  tree->write("any name", join({one, two}));
  EXPECT_EQ(tree.entries(), (Lines{"any name 52 0xa0011d5",
                                   fmt::format("any name {} 0xa201210", one.size() + 52)}));
}

TEST(Content, TextFilesAreConverted) {
  const Tree tree;
  tree->write("microcode.dat", support::to_dat_text(IntelBlob().revision(7).bytes(), "heading"));
  EXPECT_EQ(tree.entries(), Lines{"microcode.dat 0 0x7"});
}

TEST(Content, BothDepthsSeeTheSameSoundUpdates) {
  const Tree tree;
  tree->write("intel", IntelBlob().extended({{0xb06f5, 7}}).bytes());
  tree->write("amd", AmdBlob().zen(AmdPatch(0x0a0011d5)).bytes());
  const Catalog headers = tree.scan(".", {.depth = ucode::Depth::kHeaders});
  const Catalog whole = tree.scan(".", {.depth = ucode::Depth::kWhole});
  EXPECT_EQ(entries_of(headers, tree->path()), entries_of(whole, tree->path()));
  EXPECT_EQ(headers.entries[1].update.targets, whole.entries[1].update.targets);
}

TEST(Content, WholeReadingMarksTheBrokenOnes) {
  const Tree tree;
  tree->write("a", join({IntelBlob().revision(1).break_main_sum().bytes(),
                         IntelBlob().revision(2).bytes()}));
  const Catalog catalog = tree.scan(".", {.depth = ucode::Depth::kWhole});
  EXPECT_EQ(entries_of(catalog, tree->path()), (Lines{"a 0 0x1 broken", "a 1024 0x2"}));
  EXPECT_EQ(findings_of(catalog, tree->path()), Lines{"a intel-checks"});
}

TEST(Content, DigestsCoverTheUpdateAlone) {
  const Tree tree;
  const Blob update = IntelBlob().bytes();
  const AmdPatch patch(0x0a0011d5);
  tree->write("intel", join({IntelBlob().revision(9).bytes(), update}));
  tree->write("amd", AmdBlob().zen(patch).bytes());
  const Catalog catalog = tree.scan(".", {.depth = ucode::Depth::kWhole, .digests = true});
  ASSERT_EQ(catalog.entries.size(), 3u);
  EXPECT_EQ(catalog.entries[0].digest, must(digest::sha256(patch.bytes())));
  EXPECT_EQ(catalog.entries[2].digest, must(digest::sha256(update)));
}

class CompressedContent : public testing::TestWithParam<Method> {};

TEST_P(CompressedContent, CountsWhateverTheSuffixSays) {
  const Blob packed = compress(GetParam(), IntelBlob().revision(1).bytes());
  for (const char* const suffix : {"", ".xz", ".zst", ".gz", ".bin"}) {
    const Tree tree;
    tree->write(std::string("06-bf-02") + suffix, packed);
    const Catalog catalog = tree.scan();
    ASSERT_EQ(entries_of(catalog, tree->path()),
              Lines{std::string("06-bf-02") + suffix + " 0 0x1"});
    EXPECT_EQ(catalog.streams[0].method, GetParam());
    EXPECT_TRUE(catalog.findings.empty());
  }
}

TEST_P(CompressedContent, CountsPlainWhateverTheSuffixSays) {
  const Tree tree;
  tree->write("06-bf-02.xz", IntelBlob().revision(1).bytes());
  const Catalog catalog = tree.scan();
  EXPECT_EQ(entries_of(catalog, tree->path()), Lines{"06-bf-02.xz 0 0x1"});
  EXPECT_EQ(catalog.streams[0].method, std::nullopt);
}

TEST_P(CompressedContent, IsReportedWhereItIsCutOff) {
  const Tree tree;
  const Blob packed = compress(GetParam(), IntelBlob().body_size(299952).bytes());
  tree->write("some name", Bytes(packed).first(packed.size() - 20000));
  const Catalog catalog = tree.scan(".", {.depth = ucode::Depth::kWhole});
  EXPECT_EQ(entries_of(catalog, tree->path()), Lines{});
  EXPECT_EQ(findings_of(catalog, tree->path()), Lines{"some name file"});
}

TEST_P(CompressedContent, IsSilentWhereForeignDataIsCutOff) {
  const Tree tree;
  const Blob packed = compress(GetParam(), noise(100000, 1));
  tree->write("iwlwifi.ucode", Bytes(packed).first(packed.size() - 100));
  tree->write("short", Bytes(packed).first(7));
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST_P(CompressedContent, IsReportedWhereItsNameSaysMicrocode) {
  const Tree tree;
  const Blob packed = compress(GetParam(), noise(100000, 1));
  tree->write("06-8f-08.xz", Bytes(packed).first(7));
  tree->write("06-8f-09.xz", packed);
  EXPECT_EQ(tree.findings(), (Lines{"06-8f-08.xz file", "06-8f-09.xz file-foreign"}));
}

INSTANTIATE_TEST_SUITE_P(Methods, CompressedContent,
                         testing::Values(Method::kXz, Method::kZstd, Method::kGzip),
                         [](const auto& row) { return codec::method_name(row.param); });

struct ForeignRow {
  const char* name;
  Blob content;
};

void PrintTo(const ForeignRow& row, std::ostream* out) {
  *out << row.name;
}

std::vector<ForeignRow> foreign_rows() {
  const Blob one = {1, 0, 0, 0};
  Blob counting;
  for (std::uint32_t i = 1; i <= 128; ++i) support::append32(counting, i);
  return {
      {"Empty", {}},
      {"OneByte", {1}},
      {"OnlyAVersion", one},
      {"VersionAndHalfAHeader", join({one, noise(19, 1)})},
      {"VersionAndNoise", join({one, noise(508, 1)})},
      {"VersionAndZeros", join({one, zeros(508)})},
      {"VersionAndOnes", join({one, Blob(508, 0xff)})},
      {"VersionAndText", join({one, text(std::string(508, 'x'))})},
      {"CountingDwords", counting},
      {"VersionTwoAndZeros", dwords({2})},
      {"VersionTwoAndNoise", join({dwords({2}, 4), noise(508, 2)})},
      // Sizes, loader revision and flags could be Intel's; date and signature could not.
      {"NoDateAndNoSignature", dwords({1, 5, 0, 0, 0, 1, 1, 464, 512})},
      {"NoDateAndNoSizes", dwords({1, 5, 0, 0x806f8, 0, 1, 1, 7, 3})},
      {"NoSignatureAndNoLoader", dwords({1, 5, 0x11112025, 0, 0, 9, 1, 464, 512})},
      {"RowsOfATable", dwords({1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096})},
      {"Pointers", dwords({1, 0x80001000, 0x80002000, 0x80003000, 0x80004000, 0x80005000,
                           0x80006000, 0x80007000, 0x80008000, 0x80009000})},
      {"OddSizes", dwords({1, 3, 0x20200101, 0x12345678, 0, 2, 0x1000, 0x333, 0x777})},
      {"Noise", noise(4096, 3)},
      {"Zeros", zeros(4096)},
      {"Elf", text(std::string("\177ELF\2\1\1", 7) + std::string(505, '\0'))},
      {"Licence", text("Redistribution. Redistribution and use in binary form\n")},
      {"CSource", text("/* SPDX-License-Identifier: GPL-2.0 */\n#include <linux/module.h>\n")},
      {"CBlockComment", text("/*\n * Firmware for a thing\n */\nstatic int x;\n")},
      {"CppComment", text("// generated\nconst unsigned char fw[] = {\n0x00000001, 0x2,\n};\n")},
      {"HexDump", text("0xdeadbeef, 0x00000000,\n")},
      {"DmaInCapitals", text("DMAX and more")},
      {"Odc", text("0707070000010000020000030000040000050000060000070000")},
      {"LonelyZerosAndText", join({zeros(6), text("070701 is not here")})},
  };
}

class ForeignContent : public testing::TestWithParam<ForeignRow> {};

TEST_P(ForeignContent, IsSteppedOverSilently) {
  const Tree tree;
  tree->write("firmware.bin", GetParam().content);
  const Catalog catalog = tree.scan(".", {.depth = ucode::Depth::kWhole});
  EXPECT_EQ(entries_of(catalog, tree->path()), Lines{});
  EXPECT_EQ(findings_of(catalog, tree->path()), Lines{});
  EXPECT_EQ(catalog.files, 1u);
}

TEST_P(ForeignContent, IsReportedUnderANameOfMicrocode) {
  const char* const kNames[] = {"06-8f-08",    "06-8f-08.early",           "0f-00-0a.initramfs",
                                "06-8f-08.xz", "microcode_amd_fam19h.bin", "microcode_amd.bin.zst"};
  for (const char* const name : kNames) {
    const Tree tree;
    tree->write(name, GetParam().content);
    const Catalog catalog = tree.scan();
    EXPECT_EQ(entries_of(catalog, tree->path()), Lines{}) << name;
    ASSERT_EQ(catalog.findings.size(), 1u) << name;
    EXPECT_EQ(catalog.findings[0].place, *tree / name);
  }
}

TEST_P(ForeignContent, IsReportedIfTheFileItselfWasAskedFor) {
  const Tree tree;
  tree->write("firmware.bin", GetParam().content);
  EXPECT_EQ(tree.findings("firmware.bin").size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Rows, ForeignContent, testing::ValuesIn(foreign_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ForeignContent, IsNotReportedUnderNamesThatOnlyResembleMicrocode) {
  for (const char* const name : {"06-8f-0", "06-8F-08", "006-8f-08", "06_8f_08", "06-8f-08.bak",
                                 "microcode_amd.txt", "amd_microcode.bin", "g6-8f-08"}) {
    const Tree tree;
    tree->write(name, "foreign text");
    EXPECT_EQ(tree.findings(), Lines{}) << name;
  }
}

TEST(Content, ReportsAFirstHeaderThatIsCutOff) {
  const Tree tree;
  const Blob update = IntelBlob().bytes();
  tree->write("some name", Bytes(update).first(600));
  EXPECT_EQ(tree.findings(), Lines{"some name intel-truncated"});
  EXPECT_EQ(tree.entries(), Lines{"some name 0 0x3a broken"});
}

TEST(Content, SaysWhatAForeignFileBeginsWith) {
  const Tree tree;
  tree->write("06-8f-08", "<html>\nmoved");
  const Catalog catalog = tree.scan();
  ASSERT_EQ(catalog.findings.size(), 1u);
  EXPECT_EQ(catalog.findings[0].text, "not microcode, it begins with 3c 68 74 6d 6c 3e 0a 6d");
}

}  // namespace
}  // namespace kip::catalog
