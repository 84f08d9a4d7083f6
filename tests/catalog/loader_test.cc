// Updates are read a second time when they are written: the same bytes, or an error.
#include <gtest/gtest.h>

#include "tests/catalog/scanned.h"
#include "tests/codec/compress.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"

namespace kip::catalog {
namespace {

using codec::Method;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;

Blob intel(std::uint32_t revision) {
  return IntelBlob().revision(revision).seed(revision).bytes();
}

Blob load(const Catalog& catalog, std::size_t entry) {
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  const Bytes bytes = must(loader.load(entry));
  return {bytes.begin(), bytes.end()};
}

std::string error_of_load(const Catalog& catalog, std::size_t entry = 0) {
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  return error_of(loader.load(entry));
}

Blob part(const Blob& bytes, std::ptrdiff_t size) {
  return {bytes.begin(), bytes.begin() + size};
}

TEST(Loader, GivesEveryUpdateInAnyOrder) {
  const Tree tree;
  tree->write("a", join({intel(1), intel(2), intel(3)}));
  tree->write("b.xz", codec::compress(Method::kXz, join({intel(4), intel(5)})));
  tree->write("c.dat", support::to_dat_text(join({intel(6), intel(7)})));
  const Catalog catalog = tree.scan();
  ASSERT_EQ(catalog.entries.size(), 7u);
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  for (const std::size_t i : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 6u, 4u, 3u, 2u, 0u, 5u, 1u, 1u}) {
    const Bytes bytes = must(loader.load(i));
    EXPECT_EQ(Blob(bytes.begin(), bytes.end()), intel(static_cast<std::uint32_t>(i) + 1)) << i;
  }
}

TEST(Loader, GivesAmdPatchesWithoutTheirSectionHeader) {
  const Tree tree;
  const AmdPatch first(0x0a0011d5);
  const AmdPatch second(0x0a201210);
  tree->write("a", AmdBlob().zen(first).zen(second).bytes());
  const Catalog catalog = tree.scan();
  EXPECT_EQ(load(catalog, 0), first.bytes());
  EXPECT_EQ(load(catalog, 1), second.bytes());
}

TEST(Loader, KeepsToItsRoot) {
  const support::TempDir directory;
  directory.write("root/etc/a", intel(1));
  const Root root = must(Root::at(directory / "root"));
  Catalog catalog;
  must(Scanner(root, {}, catalog).add("/etc"));
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  EXPECT_EQ(must(loader.load(0)).size(), 1024u);
}

struct Change {
  const char* name;
  Blob now;
};

TEST(Loader, SeesThatAnIntelFileChanged) {
  const Change changes[] = {
      {"other revision", intel(2)},
      {"other date", IntelBlob().revision(1).seed(1).date(0x01012020).bytes()},
      {"other signature", IntelBlob().revision(1).seed(1).signature(0x806f8).bytes()},
      {"other flags", IntelBlob().revision(1).seed(1).platform_flags(0x80).bytes()},
      {"other size", IntelBlob().revision(1).seed(1).body_size(2000).bytes()},
      {"other data", IntelBlob().revision(1).seed(9).bytes()},
      {"further target", IntelBlob().revision(1).seed(1).extended({{0xb06f5, 1}}).bytes()},
      {"cut off", part(intel(1), 1000)},
      {"emptied", {}},
      {"foreign", support::noise(1024, 1)},
  };
  for (const Change& change : changes) {
    const Tree tree;
    tree->write("a", intel(1));
    const Catalog catalog = tree.scan();
    tree->write("a", change.now);
    EXPECT_NE(error_of_load(catalog), "") << change.name;
  }
}

TEST(Loader, SeesEveryFlippedBitOfAnIntelUpdate) {
  const Tree tree;
  tree->write("a", intel(1));
  const Catalog catalog = tree.scan();
  for (std::size_t bit = 0; bit < 1024 * 8; bit += 31) {
    tree->write("a", IntelBlob().revision(1).seed(1).flip_bit(bit).bytes());
    ASSERT_NE(error_of_load(catalog), "") << bit;
  }
}

TEST(Loader, SeesThatAnAmdFileChanged) {
  const Change changes[] = {
      {"other patch id", AmdBlob().zen(AmdPatch(0x0a0011d6)).bytes()},
      {"other equivalence id",
       AmdBlob().entry(0xa00f11, 0xa012).patch(AmdPatch(0x0a0011d5).equivalence(0xa012)).bytes()},
      {"cut off", Blob(540)},
      {"emptied", {}},
  };
  for (const Change& change : changes) {
    const Tree tree;
    tree->write("a", AmdBlob().zen(AmdPatch(0x0a0011d5)).bytes());
    const Catalog catalog = tree.scan();
    tree->write("a", change.now);
    EXPECT_EQ(error_of_load(catalog), "changed while it was being read") << change.name;
  }
}

TEST(Loader, SeesThatAFileIsGone) {
  const Tree tree;
  const std::string path = tree->write("a", intel(1));
  const Catalog catalog = tree.scan();
  ASSERT_EQ(::remove(path.c_str()), 0);
  EXPECT_EQ(error_of_load(catalog), "No such file or directory");
}

TEST(Loader, SeesThatACompressedFileIsPlainNow) {
  const Tree tree;
  tree->write("a.xz", codec::compress(Method::kXz, intel(1)));
  const Catalog catalog = tree.scan();
  tree->write("a.xz", intel(1));
  EXPECT_NE(error_of_load(catalog), "");
}

TEST(Loader, SeesThatTextIsDamagedNow) {
  const Tree tree;
  const std::string dat = support::to_dat_text(intel(1));
  tree->write("a.dat", dat);
  const Catalog catalog = tree.scan();
  tree->write("a.dat", dat.substr(0, 300) + "\n");
  EXPECT_NE(error_of_load(catalog), "");
}

TEST(Loader, GoesOnBehindAnError) {
  const Tree tree;
  tree->write("a", intel(1));
  tree->write("b", intel(2));
  const Catalog catalog = tree.scan();
  tree->write("a", intel(3));
  const Root root;
  Scratch scratch;
  Loader loader(root, catalog, scratch);
  EXPECT_FALSE(loader.load(0).has_value());
  const Bytes bytes = must(loader.load(1));
  EXPECT_EQ(Blob(bytes.begin(), bytes.end()), intel(2));
}

}  // namespace
}  // namespace kip::catalog
