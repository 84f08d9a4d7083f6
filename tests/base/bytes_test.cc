#include <array>
#include <gtest/gtest.h>

#include "src/base/bytes.h"
#include "tests/base/must.h"

namespace kip {
namespace {

constexpr std::array<std::uint8_t, 6> kSix = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66};

TEST(LittleEndian, ReadsTheLowestByteFirst) {
  EXPECT_EQ(std::uint32_t{copy_out<le32>(kSix)}, 0x44332211u);
}

TEST(LittleEndian, IsStoredLowestByteFirst) {
  const le32 value = 0xaabbccdd;
  const Bytes stored = bytes_of(value);
  EXPECT_EQ(std::vector<std::uint8_t>(stored.begin(), stored.end()),
            (std::vector<std::uint8_t>{0xdd, 0xcc, 0xbb, 0xaa}));
}

TEST(LittleEndian, KeepsSixteenBits) {
  const le16 value = 0xbeef;
  EXPECT_EQ(std::uint16_t{value}, 0xbeefu);
}

TEST(Reader, TakesBytesInOrder) {
  Reader in(kSix);
  EXPECT_EQ(must(in.take(2))[1], 0x22);
  EXPECT_EQ(must(in.take(1))[0], 0x33);
  EXPECT_EQ(in.offset(), 3u);
}

TEST(Reader, CopiesAValueFromAnyOffset) {
  Reader in(kSix);
  must(in.take(1));
  EXPECT_EQ(std::uint32_t{must(in.take<le32>())}, 0x55443322u);
}

TEST(Reader, RestIsWhatHasNotBeenTaken) {
  Reader in(kSix);
  must(in.take(5));
  ASSERT_EQ(in.rest().size(), 1u);
  EXPECT_EQ(in.rest()[0], 0x66);
}

TEST(Reader, TakesAllButNoMore) {
  Reader in(kSix);
  must(in.take(kSix.size()));
  EXPECT_EQ(code_of(in.take(1)), Errc::kTruncated);
}

TEST(Reader, TakesNothingAtTheEnd) {
  Reader in(Bytes{});
  EXPECT_TRUE(must(in.take(0)).empty());
}

TEST(Reader, StandsStillOnFailure) {
  Reader in(kSix);
  must(in.take(4));
  const auto failed = in.take<le32>();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().offset, 4u);
  EXPECT_EQ(in.offset(), 4u);
}

TEST(Reader, RefusesCountsThatWouldWrap) {
  Reader in(kSix);
  must(in.take(2));
  for (const std::uint64_t count : {UINT64_MAX, UINT64_MAX - 1, std::uint64_t{1} << 32}) {
    EXPECT_EQ(code_of(in.take(count)), Errc::kTruncated) << count;
  }
}

Result<int> doubled(Result<int> value) {
  return 2 * TRY(std::move(value));
}

TEST(Try, PassesAValueOn) {
  EXPECT_EQ(must(doubled(21)), 42);
}

TEST(Try, ReturnsTheErrorUnchanged) {
  const auto result = doubled(fail(Errc::kLimit, "too much", 7));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kLimit);
  EXPECT_EQ(result.error().what, "too much");
  EXPECT_EQ(result.error().offset, 7u);
}

TEST(FailErrno, KeepsTheNumberAndSaysItInWords) {
  errno = ENOENT;
  const Result<int> result = fail_errno("cannot look at it");
  EXPECT_EQ(result.error().system_errno, ENOENT);
  EXPECT_EQ(result.error().what, "cannot look at it: No such file or directory");
}

}  // namespace
}  // namespace kip
