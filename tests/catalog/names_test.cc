// What file names claim, and whose update may be in a file that could not be read.
#include <gtest/gtest.h>

#include "src/catalog/names.h"
#include "tests/base/must.h"
#include "tests/catalog/scanned.h"
#include "tests/codec/compress.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"

namespace kip::catalog {
namespace {

using codec::compress;
using codec::Method;
using support::Blob;

bool may_serve(const Claim& claim, const char* cpu) {
  return claim.may_serve(must(ucode::parse_selector(cpu)));
}

TEST(Claim, IsMadeByNamesOfMicrocodeAlone) {
  for (const char* const name :
       {"06-8f-08", "06-8f-08.xz", "06-8f-08.initramfs", "06-8f-08.early.zst", "a/b/06-8f-08",
        "microcode_amd.bin", "microcode_amd_fam19h.bin.gz", "microcode_amd_solo.bin"})
    EXPECT_TRUE(claim_of(name)) << name;
  for (const char* const name :
       {"", "06-8F-08", "06-8f-8", "06-8f-08.lz4", "x06-8f-08", "06-8f-08/", "microcode_amd",
        "microcode_amd_fam19h.bin.asc", "regulatory.db"})
    EXPECT_FALSE(claim_of(name)) << name;
}

TEST(Claim, OfAnIntelNameIsForThatCpu) {
  const Claim claim = *claim_of("06-03-02.xz");
  EXPECT_TRUE(may_serve(claim, "06-03-02"));
  EXPECT_TRUE(may_serve(claim, "0x1632"));  // an OverDrive: type bits are in no name
  EXPECT_FALSE(may_serve(claim, "06-03-03"));
  EXPECT_FALSE(may_serve(claim, "amd:0x632"));
}

TEST(Claim, OfAnAmdNameIsForTheFamily) {
  EXPECT_TRUE(may_serve(*claim_of("microcode_amd_fam17h.bin"), "cpu00800F12"));
  EXPECT_FALSE(may_serve(*claim_of("microcode_amd_fam17h.bin"), "cpu00A00F11"));
  EXPECT_FALSE(may_serve(*claim_of("microcode_amd_fam17h.bin"), "intel:0x800f12"));
}

TEST(Claim, OfTheSharedAmdNameIsForFamiliesBefore15h) {
  EXPECT_TRUE(may_serve(*claim_of("microcode_amd.bin"), "cpu00100F22"));
  EXPECT_TRUE(may_serve(*claim_of("microcode_amd.bin"), "cpu00500F10"));
  EXPECT_FALSE(may_serve(*claim_of("microcode_amd.bin"), "cpu00600F12"));
}

TEST(Unread, AreFilesThatEndInTheMiddle) {
  for (const Method method : {Method::kXz, Method::kZstd, Method::kGzip}) {
    const Tree tree;
    Blob half = compress(method, support::IntelBlob().bytes());
    half.resize(half.size() / 2);
    tree->write("06-8f-08", half);
    const Catalog catalog = tree.scan();
    ASSERT_EQ(catalog.unread.size(), 1u) << method_name(method);
    EXPECT_EQ(catalog.unread[0].path, *tree / "06-8f-08");
    EXPECT_TRUE(may_serve(catalog.unread[0].claim, "06-8f-08"));
    EXPECT_FALSE(may_serve(catalog.unread[0].claim, "06-8f-07"));
  }
}

TEST(Unread, ByAForeignNameAreOfTheVendorThatWasRecognised) {
  const Tree tree;
  Blob cut = compress(Method::kXz, support::IntelBlob().body_size(100000).bytes());
  cut.resize(cut.size() / 2);
  tree->write("some.xz", cut);
  const Catalog catalog = tree.scan();
  ASSERT_EQ(catalog.unread.size(), 1u);
  EXPECT_TRUE(may_serve(catalog.unread[0].claim, "06-8f-08"));
  EXPECT_FALSE(may_serve(catalog.unread[0].claim, "cpu00A00F11"));
}

TEST(Unread, IsNoForeignFile) {
  const Tree tree;
  Blob cut = compress(Method::kXz, support::noise(100000, 1));
  cut.resize(cut.size() / 2);
  tree->write("firmware.xz", cut);
  EXPECT_TRUE(tree.scan().unread.empty());
}

}  // namespace
}  // namespace kip::catalog
