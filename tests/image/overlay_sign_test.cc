#include <fcntl.h>
#include <gtest/gtest.h>
#include <ostream>

#include "src/base/file.h"
#include "src/image/overlay_sign.h"
#include "tests/support/newc_blob.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::image {
namespace {

using support::Blob;
using support::NewcBlob;

Blob overlay() {
  return NewcBlob()
      .directory("kip")
      .file("kip/modules", support::text("kip modules 1\nkernel 6.12\npadding 0\n"))
      .directory("lib/modules/6.12")
      .file("lib/modules/6.12/modules.dep", support::noise(3000, 1))
      .bytes();
}

Blob early() {
  return NewcBlob()
      .file("early_cpio", support::text("1\n"))
      .directory("kip")
      .file("kip/early", support::text("kip early 1\n"))
      .pad_to(512)
      .bytes();
}

Blob compressed(const std::string& command, const Blob& plain) {
  const support::TempDir dir;
  support::must_run(
      {"sh", "-c", command + " <\"$0\" >\"$1\"", dir.write("plain", plain), dir / "out"});
  return support::read_file(dir / "out");
}

struct Row {
  const char* name;
  Blob image;
  bool may;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class OverlaySign : public testing::TestWithParam<Row> {};

TEST_P(OverlaySign, IsSeenWithoutDecodingTheRest) {
  const support::TempDir dir;
  const Fd file(::open(dir.write("image", GetParam().image).c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(may_have_overlay(file.get()), GetParam().may);
}

const Blob kBase = support::noise(300'000, 7);  // nobody could decode it

std::vector<Row> rows() {
  const Blob raw = overlay();
  const Blob frame =
      compressed("zstd -q", NewcBlob().file("init", support::noise(300'000, 9)).bytes());
  return {
      {"Nothing", {}, false},
      {"Noise", kBase, false},
      {"EarlyPartOfOurs", support::join({early(), kBase}), false},
      {"ArchiveOfAnother", NewcBlob().directory("lib").bytes(), false},
      {"CompressedArchiveOfAnother", compressed("gzip -n", NewcBlob().directory("lib").bytes()),
       false},
      {"MagicAndNothingElse", support::join({kBase, Blob{0x28, 0xb5, 0x2f, 0xfd}}), false},
      {"MagicOfHalf", support::join({kBase, Blob{0x28, 0xb5}}), false},
      {"Raw", support::join({kBase, raw}), true},
      {"RawAlone", raw, true},
      {"Zstd", support::join({kBase, compressed("zstd -q", raw)}), true},
      {"Gzip", support::join({early(), kBase, compressed("gzip -n", raw)}), true},
      {"Xz", support::join({kBase, compressed("xz --check=crc32", raw)}), true},
      {"BehindAFrameOfZstd", support::join({early(), frame, raw}), true},
      {"AsTheSecondFrameOfZstd", support::join({frame, compressed("zstd -q", raw)}), true},
      {"AsTheFirstFrameBehindAnArchive",
       support::join({NewcBlob().directory("lib").pad_to(4).bytes(), compressed("zstd -q", raw)}),
       true},
      {"OneFrameOfZstd", frame, false},
      {"OneFrameOfZstdBehindAnEarlyPart", support::join({early(), frame, Blob(3)}), false},
      {"InFrontOfMore", support::join({kBase, compressed("zstd -q", raw), kBase}), true},
  };
}

INSTANTIATE_TEST_SUITE_P(All, OverlaySign, testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

// Files are read in blocks.
TEST(OverlaySignAnywhere, IsSeen) {
  const support::TempDir dir;
  const Blob sign = compressed("zstd -q", overlay());
  constexpr std::size_t kBlock = 256 * 1024;
  for (std::size_t at = kBlock - 70; at < kBlock + 140; ++at) {
    const Blob image = support::join({support::noise(at, 3), sign});
    const Fd file(::open(dir.write("image", image).c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(may_have_overlay(file.get())) << at;
  }
}

}  // namespace
}  // namespace kip::image
