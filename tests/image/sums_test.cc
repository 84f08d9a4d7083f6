#include <fcntl.h>
#include <gmock/gmock.h>

#include "src/base/file.h"
#include "src/image/sums.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::image {
namespace {

using testing::ElementsAre;

constexpr std::size_t kSize = 700'001;  // more than one block, and no multiple of one

struct Sample {
  support::TempDir dir;
  support::Blob bytes = support::noise(kSize, 3);
  Fd file = must(Root().open(dir.write("image", bytes), O_RDONLY));

  digest::Sha256 sum(const Range& range) const {
    return must(digest::sha256(
        Bytes(bytes).subspan(range.begin, static_cast<std::size_t>(range.end - range.begin))));
  }
};

TEST(Sums, AreOfTheWholeAndOfEachRange) {
  const Sample sample;
  const Range all{0, kSize}, a{0, 512}, b{512, 300'000}, c{600'000, kSize};
  const std::vector<Range> ranges = {a, b, c};
  const Sums sums = must(read_sums(sample.file.get(), kSize, ranges));
  EXPECT_EQ(sums.whole, sample.sum(all));
  EXPECT_THAT(sums.ranges, ElementsAre(sample.sum(a), sample.sum(b), sample.sum(c)));
}

TEST(Sums, OfOneRangeThatIsAllAreThoseOfTheWhole) {
  const Sample sample;
  const std::vector<Range> ranges = {{0, kSize}};
  const Sums sums = must(read_sums(sample.file.get(), kSize, ranges));
  EXPECT_THAT(sums.ranges, ElementsAre(sums.whole));
  EXPECT_EQ(sums.whole, sample.sum(ranges[0]));
}

TEST(Sums, OfAFileThatGrewOrShrankAreNone) {
  const Sample sample;
  EXPECT_EQ(code_of(read_sums(sample.file.get(), kSize - 1, {})), Errc::kCorrupt);
  EXPECT_EQ(code_of(read_sums(sample.file.get(), kSize + 1, {})), Errc::kCorrupt);
}

TEST(Ranges, AreHashedBehindEachOther) {
  const Sample sample;
  digest::Hasher hasher = must(digest::Hasher::make());
  hasher.begin();
  const std::vector<Range> ranges = {{10, 20}, {100, 400'000}};
  must(add_ranges(hasher, sample.file.get(), ranges));
  support::Blob kept(sample.bytes.begin() + 10, sample.bytes.begin() + 20);
  kept.insert(kept.end(), sample.bytes.begin() + 100, sample.bytes.begin() + 400'000);
  EXPECT_EQ(hasher.finish(), must(digest::sha256(kept)));
  const std::vector<Range> beyond = {{kSize - 1, kSize + 1}};
  EXPECT_EQ(code_of(add_ranges(hasher, sample.file.get(), beyond)), Errc::kCorrupt);
}

}  // namespace
}  // namespace kip::image
