// Rules of some kernels alone: beside the re-telling of the unpacker, told to be that kernel.
#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>

#include "tests/segments/log.h"
#include "tests/support/kernel_finder.h"

namespace kip::segments {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::NewcBlob;
using support::text;

constexpr Options kBeyond{.beyond_faults = true};

struct Row {
  const char* name;
  Blob image;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::vector<Row> rows() {
  const auto one = [](const support::NewcFields& fields) {
    return NewcBlob().file("f", support::noise(999, 1), fields).file("g", text("G")).bytes();
  };
  return {
      {"Plain", one({})},
      {"Summed", one({.magic = "070702"})},
      {"BadSum", one({.magic = "070702", .check = 1})},
      {"CheckOfAPlainMember", one({.check = 1})},
      {"BadSumOfNoBytes", NewcBlob().file("f", {}, {.magic = "070702", .check = 1}).bytes()},
      {"BadSumOfADirectory", NewcBlob().directory("d", {.magic = "070702", .check = 1}).bytes()},
      {"BadSumOfALink", NewcBlob().symlink("l", "to", {.magic = "070702", .check = 1}).bytes()},
      {"BadSumOfATrailer",
       NewcBlob().file("TRAILER!!!", {}, {.magic = "070702", .check = 1}).trailer(false).bytes()},
      {"NameWithoutNul", one({.name_room = 1})},
      {"NameOfNoLength", join({archive("a"), one({.name_room = 0})})},
      {"NameTooLong", join({archive("a"), one({.name_room = 4097})})},
      {"LongestNameWithoutNul",
       NewcBlob().file(std::string(4096, 'n'), text("DATA"), {.name_room = 4096}).bytes()},
      {"DeviceWithDataAndAName", join({archive("a"), one({.mode = 0060600, .name_room = 1})})},
  };
}

class WalkVersions : public testing::TestWithParam<Row> {};

bool says(const Log& log, std::string_view rule) {
  return std::any_of(log.faults.begin(), log.faults.end(),
                     [&](const Finding& finding) { return finding.rule == rule; });
}

TEST_P(WalkVersions, AreToldAsKernelsStumble) {
  const Blob& image = GetParam().image;
  const Log log = walked(image, kBeyond);
  const auto error = [&](const support::UnpackRules& rules) {
    return support::unpack_verdict(image, rules).error;
  };
  EXPECT_EQ(says(log, kRuleSummed),
            error({.checksums = false, .name_must_end = false}) == "no cpio magic");
  EXPECT_EQ(says(log, kRuleSum),
            error({.checksums = true, .name_must_end = false}) == "bad data checksum");
  EXPECT_EQ(says(log, kRuleNameEnd),
            error({.checksums = true, .name_must_end = true}) == "malformed archive");
}

TEST_P(WalkVersions, AreToldInCompressedDataToo) {
  const Log raw = walked(GetParam().image, kBeyond);
  const Blob image = join({archive("a"), packed(Method::kZstd, GetParam().image), archive("b")});
  const Log log = walked(image, kBeyond);
  for (const char* const rule : {kRuleSummed, kRuleSum, kRuleNameEnd})
    EXPECT_EQ(says(log, rule), says(raw, rule)) << rule;
  for (const Finding& finding : log.faults) {
    EXPECT_TRUE(finding.kernels.empty() || finding.offset == 240u);
  }
}

TEST_P(WalkVersions, LoseNothingAndAreNotToldUnlessAsked) {
  EXPECT_TRUE(walked(GetParam().image).faults.empty());
  for (const Segment& segment : walked(GetParam().image, kBeyond).segments)
    EXPECT_TRUE(segment.reached);
}

INSTANTIATE_TEST_SUITE_P(Rows, WalkVersions, testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

// The sum is that of all bytes, whoever reads how many of them.
TEST(WalkSums, DoNotDependOnWhatTheVisitorReads) {
  class Reads : public Log {
   public:
    explicit Reads(std::uint64_t count, bool skips) : count_(count), skips_(skips) {}
    Status member(const Segment&, const cpio::Member&, Input& data) override {
      if (skips_) TRY(data.skip(count_));
      std::vector<std::uint8_t> some(count_);
      TRY(data.peek(std::min<std::size_t>(count_, Input::kPeek)));
      TRY(data.read(some));
      return {};
    }

   private:
    std::uint64_t count_;
    bool skips_;
  };
  for (const std::optional<std::uint32_t> check :
       {std::optional<std::uint32_t>(), std::optional(7u)}) {
    const Blob image =
        NewcBlob().file("f", support::noise(5000, 1), {.magic = "070702", .check = check}).bytes();
    const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
      return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
    };
    for (const std::uint64_t count : {0, 1, 300, 2500, 5000, 9000}) {
      for (const bool skips : {false, true}) {
        Reads log(count, skips);
        must(walk(source, kBeyond, log));
        EXPECT_EQ(says(log, kRuleSum), check.has_value()) << count;
        EXPECT_EQ(log.segments.at(0).size, image.size());
      }
    }
  }
}

TEST(WalkSums, AreSaidOnceAnArchive) {
  NewcBlob blob;
  for (int i = 0; i < 5; ++i)
    blob.file("f", text("DATA"), {.magic = "070702", .check = 1, .name_room = 1});
  const Log log = walked(join({blob.bytes(), blob.bytes()}), kBeyond);
  EXPECT_EQ(log.faults.size(), 6u);
}

}  // namespace
}  // namespace kip::segments
