// Archives and images as sources: microcode in the raw front of an initrd, however it is wrapped.
#include <gtest/gtest.h>

#include "tests/catalog/scanned.h"
#include "tests/codec/compress.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "ucode/intel_text.h"

namespace kip::catalog {
namespace {

using codec::compress;
using codec::Method;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using support::text;
using support::zeros;

const std::string kIntel(kIntelPath);
const std::string kAmd(kAmdPath);

Blob intel(std::uint32_t revision) {
  return IntelBlob().revision(revision).bytes();
}

NewcBlob directories() {
  return NewcBlob().directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
}

// Data at 560, the archive a multiple of 512.
Blob early(std::uint32_t revision) {
  return directories().file(kIntel, intel(revision), {.data_align = 16}).pad_to(512).bytes();
}

std::size_t data_of(const Blob& image, const std::string& path = kIntel) {
  return support::find_early(image, path).value().offset;
}

std::string line(const std::string& file, std::size_t offset, std::uint32_t revision) {
  return fmt::format("{}[{}] {} {:#x}", file, kIntel, offset, revision);
}

TEST(EarlyArchive, IsASource) {
  const Tree tree;
  tree->write("ucode.img", early(7));
  EXPECT_EQ(tree.entries(), Lines{line("ucode.img", data_of(early(7)), 7)});
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST(EarlyArchive, HoldsBothVendors) {
  const Tree tree;
  const Blob image = directories()
                         .file(kAmd, AmdBlob().zen(AmdPatch(0x0a0011d5)).bytes())
                         .file(kIntel, join({intel(1), intel(2)}))
                         .bytes();
  tree->write("a", image);
  const std::size_t at = data_of(image);
  EXPECT_EQ(tree.entries(),
            (Lines{fmt::format("a[{}] {} 0xa0011d5", kAmd, data_of(image, kAmd) + 52),
                   line("a", at, 1), line("a", at + 1024, 2)}));
}

TEST(EarlyArchive, HoldsMicrocodeUnderAnyName) {
  const Tree tree;
  tree->write("a", NewcBlob().file("lib/firmware/intel-ucode/06-8f-08", intel(1)).bytes());
  ASSERT_EQ(tree.entries().size(), 1u);
  EXPECT_TRUE(tree.entries()[0].starts_with("a[lib/firmware/intel-ucode/06-8f-08] "));
}

TEST(EarlyArchive, MayHoldNothing) {
  const Tree tree;
  tree->write("initrd", NewcBlob().file("init", text("#!/bin/sh")).file("empty", {}).bytes());
  tree->write("bare trailer", NewcBlob().bytes());
  EXPECT_EQ(tree.entries(), Lines{});
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST(EarlyArchive, IsSeenBehindZeros) {
  const Tree tree;
  tree->write("a", join({zeros(16), early(1)}));
  EXPECT_EQ(tree.entries(), Lines{line("a", 16 + data_of(early(1)), 1)});
}

TEST(EarlyArchive, IsSeenBehindAnyNumberOfZerosInAFileThatIsNamed) {
  const Tree tree;
  const Blob image = join({zeros(4096), early(7)});
  tree->write("a", image);
  EXPECT_EQ(tree.entries("a"), Lines{line("a", data_of(image), 7)});
  EXPECT_EQ(tree.findings("a"), Lines{});
}

TEST(EarlyArchive, IsNoFileOfZerosAlone) {
  const Tree tree;
  tree->write("a", zeros(4096));
  EXPECT_EQ(tree.findings("a"), Lines{"a file-foreign"});
}

TEST(EarlyArchive, IsSeenTwiceWhereItIsDoubled) {
  const Tree tree;
  const Blob first = early(1);
  tree->write("a", join({first, early(2)}));
  EXPECT_EQ(tree.entries(),
            (Lines{line("a", data_of(first), 1), line("a", first.size() + data_of(early(2)), 2)}));
}

class Initrd : public testing::TestWithParam<Method> {};

TEST_P(Initrd, IsReadAsFarAsItIsRaw) {
  const Tree tree;
  const Blob main = compress(GetParam(), NewcBlob().file(kIntel, intel(9)).bytes());
  tree->write("initrd.img", join({early(1), main}));
  EXPECT_EQ(tree.entries(), Lines{line("initrd.img", data_of(early(1)), 1)});
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST_P(Initrd, IsReportedWhereItsMainPartIsMisaligned) {
  const Tree tree;
  const Blob main = compress(GetParam(), NewcBlob().file("init", text("main")).bytes());
  tree->write("initrd.img", join({early(1), zeros(1), main}));
  EXPECT_EQ(tree.entries(), Lines{line("initrd.img", data_of(early(1)), 1)});
  EXPECT_EQ(tree.findings(), Lines{"initrd.img segment-misaligned"});
}

TEST_P(Initrd, EarlyArchiveMayBeCompressedAsAFile) {
  const Tree tree;
  tree->write("ucode.cpio", compress(GetParam(), join({early(1), zeros(512), early(2)})));
  const std::size_t second = early(1).size() + 512;
  EXPECT_EQ(tree.entries(), (Lines{line("ucode.cpio", data_of(early(1)), 1),
                                   line("ucode.cpio", second + data_of(early(2)), 2)}));
  EXPECT_EQ(tree.findings(), Lines{});
}

TEST_P(Initrd, EarlyArchiveInACompressedFileCanBeLoaded) {
  const Tree tree;
  tree->write("ucode.cpio", compress(GetParam(), join({early(1), early(2)})));
  const Catalog catalog = tree.scan();
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  for (const std::size_t i : {1u, 0u, 1u}) {
    const Bytes bytes = must(loader.load(i));
    EXPECT_EQ(Blob(bytes.begin(), bytes.end()), intel(static_cast<std::uint32_t>(i) + 1));
  }
}

TEST_P(Initrd, IsReportedWhereItIsCutOff) {
  const Tree tree;
  const Blob packed =
      compress(GetParam(), directories().file(kIntel, support::noise(300000, 1)).bytes());
  tree->write("a", Bytes(packed).first(packed.size() - 100));
  EXPECT_EQ(tree.scan("a").findings.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Methods, Initrd,
                         testing::Values(Method::kXz, Method::kZstd, Method::kGzip),
                         [](const auto& row) { return codec::method_name(row.param); });

TEST(EarlyArchive, ReportsEveryFaultOnceWithItsPlaceInTheFile) {
  const Tree tree;
  const Blob image =
      directories().file(kIntel, join({intel(1), IntelBlob().break_main_sum().bytes()})).bytes();
  tree->write("a", image);
  const Catalog catalog = tree.scan(".", {.depth = ucode::Depth::kWhole});
  ASSERT_EQ(catalog.findings.size(), 1u);
  EXPECT_EQ(catalog.findings[0].place, *tree / ("a[" + kIntel + "]"));
  EXPECT_EQ(catalog.findings[0].offset, data_of(image) + 1024);
}

TEST(EarlyArchive, IsReadUpToWhereItIsBroken) {
  const Tree tree;
  const Blob bad =
      NewcBlob().file(kIntel, intel(2)).file("x", {}, {.uid_text = "zzzzzzzz"}).bytes();
  tree->write("a", join({early(1), bad}));
  EXPECT_EQ(tree.entries(),
            (Lines{line("a", data_of(early(1)), 1), line("a", early(1).size() + data_of(bad), 2)}));
  EXPECT_EQ(tree.findings(), Lines{"a archive"});
}

TEST(EarlyArchive, MayBeCutOffAnywhere) {
  const Tree tree;
  const Blob image = early(1);
  const std::size_t end = data_of(image) + intel(1).size();
  for (std::size_t size = 111; size < image.size(); size += 7) {
    tree->write("a", Bytes(image).first(size));
    const Catalog catalog = tree.scan("a");
    std::size_t sound = 0;
    for (const Entry& entry : catalog.entries) sound += entry.sound ? 1 : 0;
    ASSERT_EQ(sound, size >= end ? 1u : 0u) << size;
  }
}

TEST(EarlyArchive, MemberEndsWhereItSaysNotWhereTheUpdateDoes) {
  const Tree tree;
  const Blob image = NewcBlob().file("a", Bytes(intel(1)).first(600)).file("b", intel(2)).bytes();
  tree->write("a", image);
  const Catalog catalog = tree.scan();
  ASSERT_EQ(catalog.entries.size(), 2u);
  EXPECT_FALSE(catalog.entries[0].sound);
  EXPECT_TRUE(catalog.entries[1].sound);
}

TEST(EarlyArchive, TextInItIsLoadedWhateverLiesBehindIt) {
  const Tree tree;
  const std::string dat = support::to_dat_text(intel(5), "heading");
  const Blob archive = NewcBlob().file("microcode.dat", text(dat)).bytes();
  tree->sparse("image", archive.size() + 2 * ucode::kTextSizeLimit, archive);
  const Catalog catalog = tree.scan();
  ASSERT_EQ(catalog.entries.size(), 1u);
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  const Bytes bytes = must(loader.load(0));
  EXPECT_EQ(Blob(bytes.begin(), bytes.end()), intel(5));
}

}  // namespace
}  // namespace kip::catalog
