// One behaviour for every kind of Input: the same bytes come out of memory, of a slice and of a
// file, whatever mixture of peek, read and skip asks for them.
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>

#include "src/base/file.h"
#include "tests/base/must.h"
#include "tests/support/blob.h"
#include "tests/support/temp_dir.h"

namespace kip {
namespace {

// As a decompressor: what is skipped has to be read.
class NoSeekInput : public Input {
 public:
  explicit NoSeekInput(Bytes bytes) : rest_(bytes) {}

 protected:
  Result<std::size_t> do_read(MutableBytes out) override {
    const std::size_t count = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), count, out.begin());
    rest_ = rest_.subspan(count);
    return count;
  }
  Result<std::uint64_t> do_skip(std::uint64_t count) override { return skip_by_reading(count); }

 private:
  Bytes rest_;
};

// An Input over `content`, and all that it needs to live.
struct Fixture {
  explicit Fixture(Bytes bytes) : content(bytes.begin(), bytes.end()) {}

  support::Blob content;
  std::unique_ptr<support::TempDir> directory;
  Fd file;
  std::unique_ptr<Input> parent;
  std::unique_ptr<Input> input;
};

struct Kind {
  const char* name;
  std::function<void(Fixture&)> open;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

void open_file(Fixture& it, Bytes before) {
  it.directory = std::make_unique<support::TempDir>();
  const std::string path = it.directory->write("file", support::join({before, it.content}));
  it.file = must(Root().open(path, O_RDONLY));
  it.input = std::make_unique<FileInput>(it.file.get(), before.size());
}

void open_slice(Fixture& it, std::size_t peeked) {
  it.content.insert(it.content.begin(), 100, 0xee);
  const std::size_t size = it.content.size() - 100;
  it.content.insert(it.content.end(), 1000, 0xdd);
  it.parent = std::make_unique<MemoryInput>(it.content);
  must(it.parent->peek(peeked));
  must(it.parent->skip(100));
  it.input = std::make_unique<SliceInput>(*it.parent, size);
}

const std::vector<Kind> kKinds = {
    {"Memory", [](Fixture& it) { it.input = std::make_unique<MemoryInput>(it.content); }},
    {"NoSeek", [](Fixture& it) { it.input = std::make_unique<NoSeekInput>(it.content); }},
    {"Slice", [](Fixture& it) { open_slice(it, 0); }},
    {"SliceOfPeekedParent", [](Fixture& it) { open_slice(it, 512); }},
    {"File", [](Fixture& it) { open_file(it, {}); }},
    {"FileFromTheMiddle", [](Fixture& it) { open_file(it, support::noise(1000, 9)); }},
};

class AnyInput : public testing::TestWithParam<Kind> {
 protected:
  std::unique_ptr<Fixture> over(Bytes bytes) {
    auto it = std::make_unique<Fixture>(bytes);
    GetParam().open(*it);
    return it;
  }
};

support::Blob read_some(Input& in, std::size_t count) {
  support::Blob out(count);
  out.resize(must(in.read(out)));
  return out;
}

support::Blob part(Bytes bytes, std::size_t offset, std::size_t count) {
  const Bytes some = bytes.subspan(std::min(offset, bytes.size()));
  return {some.begin(), some.begin() + static_cast<std::ptrdiff_t>(std::min(count, some.size()))};
}

TEST_P(AnyInput, PeekConsumesNothing) {
  const support::Blob bytes = support::noise(2000, 1);
  const auto it = over(bytes);
  for (const std::size_t count : {1u, 16u, 512u, 3u, 512u}) {
    const Bytes ahead = must(it->input->peek(count));
    EXPECT_EQ(support::Blob(ahead.begin(), ahead.end()), part(bytes, 0, count));
  }
  EXPECT_EQ(it->input->position(), 0u);
}

TEST_P(AnyInput, PeekIsShortOnlyAtTheEnd) {
  const support::Blob bytes = support::noise(600, 1);
  const auto it = over(bytes);
  must(it->input->skip(200));
  EXPECT_EQ(must(it->input->peek(512)).size(), 400u);
  must(it->input->skip(399));
  EXPECT_EQ(must(it->input->peek(512)).size(), 1u);
  must(it->input->skip(1));
  EXPECT_EQ(must(it->input->peek(1)).size(), 0u);
}

// Every order of the three, with counts around the look-ahead's size and the file's end.
TEST_P(AnyInput, AnyMixtureSeesTheSameBytes) {
  const support::Blob bytes = support::noise(5000, 3);
  constexpr std::size_t kCounts[] = {0, 1, 4, 110, 511, 512, 513, 700, 1024, 3000};
  std::uint32_t dice = 12345;
  const auto roll = [&](std::size_t sides) {
    dice = dice * 1664525 + 1013904223;
    return (dice >> 16) % sides;
  };
  for (int round = 0; round < 60; ++round) {
    const auto it = over(bytes);
    std::size_t at = 0;
    for (int step = 0; step < 12; ++step) {
      const std::size_t count = kCounts[roll(std::size(kCounts))];
      switch (roll(3)) {
        case 0: {
          const Bytes ahead = must(it->input->peek(std::min(count, Input::kPeek)));
          ASSERT_EQ(support::Blob(ahead.begin(), ahead.end()),
                    part(bytes, at, std::min(count, Input::kPeek)));
          break;
        }
        case 1: {
          const support::Blob got = read_some(*it->input, count);
          ASSERT_EQ(got, part(bytes, at, count));
          at += got.size();
          break;
        }
        default:
          at += static_cast<std::size_t>(must(it->input->skip(count)));
      }
      ASSERT_EQ(it->input->position(), at);
    }
  }
}

TEST_P(AnyInput, SkipStopsAtTheEnd) {
  const auto it = over(support::noise(1000, 1));
  EXPECT_EQ(must(it->input->skip(UINT64_MAX)), 1000u);
  EXPECT_EQ(it->input->position(), 1000u);
  EXPECT_EQ(must(it->input->skip(1)), 0u);
}

TEST_P(AnyInput, SkipStopsAtTheEndBehindAPeek) {
  const auto it = over(support::noise(1000, 1));
  must(it->input->peek(512));
  EXPECT_EQ(must(it->input->skip(UINT64_MAX)), 1000u);
}

TEST_P(AnyInput, ReadStopsAtTheEnd) {
  const support::Blob bytes = support::noise(700, 1);
  const auto it = over(bytes);
  EXPECT_EQ(read_some(*it->input, 100000), bytes);
  EXPECT_TRUE(read_some(*it->input, 1).empty());
}

TEST_P(AnyInput, NothingIsEmptyAtOnce) {
  const auto it = over({});
  EXPECT_TRUE(must(it->input->peek(512)).empty());
  EXPECT_EQ(must(it->input->skip(1)), 0u);
  EXPECT_TRUE(read_some(*it->input, 1).empty());
}

TEST_P(AnyInput, ReadRestTakesExactlyTheLimit) {
  const support::Blob bytes = support::noise(70000, 1);
  const auto it = over(bytes);
  EXPECT_EQ(must(read_rest(*it->input, bytes.size())), bytes);
}

TEST_P(AnyInput, ReadRestRefusesOneByteMore) {
  const auto it = over(support::noise(70000, 1));
  EXPECT_EQ(code_of(read_rest(*it->input, 69999)), Errc::kLimit);
}

TEST_P(AnyInput, ReadValueFailsOneByteShort) {
  const auto it = over(support::noise(7, 1));
  must(it->input->skip(4));
  const auto value = read_value<le32>(*it->input);
  EXPECT_EQ(code_of(value), Errc::kTruncated);
  EXPECT_EQ(value.error().offset, 4u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, AnyInput, testing::ValuesIn(kKinds),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(SliceInput, LeavesTheParentBehindItself) {
  const support::Blob bytes = support::noise(2000, 1);
  MemoryInput parent(bytes);
  SliceInput slice(parent, 600);
  EXPECT_EQ(must(read_rest(slice, 1000)), part(bytes, 0, 600));
  EXPECT_EQ(read_some(parent, 5), part(bytes, 600, 5));
}

TEST(SliceInput, EndsWithAShorterParent) {
  const support::Blob bytes = support::noise(100, 1);
  MemoryInput parent(bytes);
  SliceInput slice(parent, 600);
  EXPECT_EQ(must(read_rest(slice, 1000)), bytes);
}

TEST(FileInput, SkipsGigabytesWithoutReadingThem) {
  const support::TempDir directory;
  const std::uint64_t size = std::uint64_t{5} << 30;
  const Fd file = must(Root().open(directory.sparse("holes", size), O_RDONLY));
  FileInput in(file.get());
  must(in.peek(512));
  EXPECT_EQ(must(in.skip(size - 1)), size - 1);
  EXPECT_EQ(read_some(in, 2), support::zeros(1));
  EXPECT_EQ(in.position(), size);
}

// What was read on ahead of a large read is neither lost nor read twice.
TEST(FileInput, ReadsLargeAndSmallPiecesInTurn) {
  const support::TempDir directory;
  const support::Blob bytes = support::noise(100000, 1);
  const Fd file = must(Root().open(directory.write("file", bytes), O_RDONLY));
  for (const std::size_t large : {257u, 511u, 512u, 513u, 30000u}) {
    FileInput in(file.get());
    support::Blob all;
    for (bool small = false; all.size() < bytes.size(); small = !small)
      support::append(all, read_some(in, small ? 48 : large));
    EXPECT_EQ(all, bytes) << large;
    EXPECT_EQ(in.position(), bytes.size());
    EXPECT_TRUE(must(in.peek(1)).empty());
  }
}

TEST(FileInput, SkipsOverWhatItReadAhead) {
  const support::TempDir directory;
  const support::Blob bytes = support::noise(5000, 1);
  const Fd file = must(Root().open(directory.write("file", bytes), O_RDONLY));
  FileInput in(file.get());
  read_some(in, 1000);
  EXPECT_EQ(must(in.skip(100)), 100u);
  EXPECT_EQ(read_some(in, 4), support::Blob(bytes.begin() + 1100, bytes.begin() + 1104));
  EXPECT_EQ(must(in.skip(1000)), 1000u);
  EXPECT_EQ(read_some(in, 4), support::Blob(bytes.begin() + 2104, bytes.begin() + 2108));
  EXPECT_EQ(must(in.skip(5000)), 5000u - 2108);
}

TEST(FileInput, ReadsFilesThatClaimToBeEmpty) {
  const Fd file = must(Root().open("/proc/self/status", O_RDONLY));
  FileInput in(file.get());
  const auto text = must(read_rest(in, 1 << 20));
  EXPECT_TRUE(as_text(text).starts_with("Name:"));
}

TEST(FileInput, ReportsTheSystemsError) {
  const Fd directory = must(Root().open("/", O_RDONLY));
  FileInput in(directory.get());
  const auto ahead = in.peek(1);
  ASSERT_EQ(code_of(ahead), Errc::kSystem);
  EXPECT_EQ(ahead.error().system_errno, EISDIR);
}

}  // namespace
}  // namespace kip
