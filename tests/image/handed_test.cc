#include <fcntl.h>
#include <gtest/gtest.h>

#include "src/base/file.h"
#include "src/image/handed.h"
#include "tests/base/must.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "tests/support/temp_dir.h"

namespace kip::image {
namespace {

using support::Blob;
using support::IntelBlob;

Blob early(std::uint32_t revision) {
  return support::NewcBlob()
      .file(support::kIntelPath, IntelBlob().revision(revision).bytes())
      .pad_to(512)
      .bytes();
}

Blob compressed() {
  return support::join({Blob{0x1f, 0x8b, 0x08, 0x00}, support::noise(1021, 7)});
}

// What a loader hands over, as a kernel sees it: one image, each part padded to 4.
Blob joined(const std::vector<Blob>& parts) {
  Blob image;
  for (const Blob& part : parts) {
    support::append(image, part);
    image.resize((image.size() + 3) / 4 * 4);
  }
  return image;
}

struct Loader {
  support::TempDir dir;
  std::vector<Fd> files;

  Handed hand_over(const std::vector<Blob>& parts) {
    std::vector<HandedPart> handed;
    for (const Blob& part : parts) {
      const std::string path = dir.write("part" + std::to_string(files.size()), part);
      files.push_back(must(Root().open(path, O_RDONLY)));
      handed.push_back({files.back().get(), 0, part.size()});
    }
    return must(read_handed(handed));
  }
};

// Held against the re-telling of the kernel's search, on the image in one piece.
TEST(Handed, IsWhatTheKernelFindsInAllOfItTogether) {
  const Blob raw = support::NewcBlob().file("other", support::noise(5, 1)).bytes();
  const std::vector<std::vector<Blob>> cases = {
      {},
      {compressed()},
      {early(1)},
      {early(1), compressed()},
      {compressed(), early(1)},
      {early(1), early(2)},
      {raw, early(2), compressed()},
      {raw, support::join({raw, compressed()}), early(2)},
      {support::join({early(3), compressed()}), early(2)},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Loader loader;
    const Handed handed = loader.hand_over(cases[i]);
    const Blob image = joined(cases[i]);
    const auto found = support::find_early(image, support::kIntelPath);
    ASSERT_EQ(handed.taken[0].has_value(), found.has_value()) << i;
    EXPECT_FALSE(handed.taken[1]) << i;
    if (!found) continue;
    std::uint64_t begin = 0;
    for (std::size_t part = 0; part < handed.taken[0]->part; ++part)
      begin = (begin + cases[i][part].size() + 3) / 4 * 4;
    EXPECT_GE(found->offset, begin) << i;
    EXPECT_LT(found->offset, begin + cases[i][handed.taken[0]->part].size()) << i;
  }
}

TEST(Handed, TellsWhatStandsBehind) {
  Loader loader;
  const Handed handed = loader.hand_over({early(1), compressed(), early(2)});
  ASSERT_TRUE(handed.taken[0]);
  EXPECT_EQ(handed.taken[0]->updates.at(0).revision, 1U);
  ASSERT_EQ(handed.behind[0].size(), 1U);
  EXPECT_EQ(handed.behind[0][0].part, 2U);
  EXPECT_EQ(handed.behind[0][0].updates.at(0).revision, 2U);
}

TEST(Handed, TakesNothingOfABrokenOneThatComesFirst) {
  Loader loader;
  const Blob broken = support::NewcBlob()
                          .file(support::kIntelPath, IntelBlob().break_main_sum().bytes())
                          .pad_to(512)
                          .bytes();
  const Handed handed = loader.hand_over({broken, early(2)});
  ASSERT_TRUE(handed.taken[0]);
  EXPECT_TRUE(handed.taken[0]->updates.empty());
  EXPECT_EQ(handed.behind[0].size(), 1U);
}

}  // namespace
}  // namespace kip::image
