// Indexes that depmod never wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

#include "src/modules/index.h"
#include "tests/base/must.h"
#include "tests/support/blob.h"

namespace kip::modules {
namespace {

using support::Blob;

void append_number(Blob& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

// Header and root reference; nodes begin at 12.
Blob index_of(std::uint32_t root, const Blob& nodes) {
  Blob out;
  append_number(out, 0xb007f457);
  append_number(out, 0x00020001);
  append_number(out, root);
  support::append(out, nodes);
  return out;
}

Blob number(std::uint32_t value) {
  Blob out;
  append_number(out, value);
  return out;
}

constexpr std::uint32_t kPrefix = 0x80000000, kValues = 0x40000000, kChildren = 0x20000000;

TEST(Index, IsReadAsDrawn) {
  // "ab" -> "one", "ac" -> "two": a node "a" with children b and c.
  const Blob leaf_b =
      support::join({number(1), number(0), support::text(std::string_view("one\0", 4))});
  const Blob leaf_c =
      support::join({number(1), number(0), support::text(std::string_view("two\0", 4))});
  const std::uint32_t b_at = 12 + 2 + 2 + 8, c_at = b_at + 12;
  const Blob nodes =
      support::join({support::text(std::string_view("a\0", 2)), support::text("bc"),
                     number(kValues | b_at), number(kValues | c_at), leaf_b, leaf_c});
  const Index index = must(Index::of(index_of(kPrefix | kChildren | 12, nodes)));
  EXPECT_EQ(must(index.find("ab")), "one");
  EXPECT_EQ(must(index.find("ac")), "two");
  for (const char* other : {"", "a", "aa", "ad", "abc", "b"})
    EXPECT_EQ(must(index.find(other)), std::nullopt) << other;
  EXPECT_THAT(must(index.match("ac")), testing::ElementsAre("two"));
}

TEST(Index, IsEmptyWithoutBytesAndWithoutRoot) {
  for (const Blob& bytes : {Blob{}, index_of(0, {}), index_of(kValues, {})}) {
    const Index index = must(Index::of(bytes));
    EXPECT_EQ(must(index.find("a")), std::nullopt);
    EXPECT_THAT(must(index.match("a")), testing::IsEmpty());
  }
}

struct Row {
  const char* name;
  Blob bytes;
  Errc code;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// A node of 128 letters, each of which leads to the same node again.
Blob circle() {
  Blob nodes = {0x01, 0x7f};
  for (int i = 0; i < 127; ++i) append_number(nodes, kChildren | 12);
  return index_of(kChildren | 12, nodes);
}

// Levels of two letters that share what is below: 2^n ways to the end, all of them open behind a '*'.
Blob ladder() {
  constexpr std::uint32_t kLevels = 60;
  Blob nodes;
  for (std::uint32_t level = 1; level <= kLevels; ++level) {
    support::append(nodes, support::text("*+"));
    for (int i = 0; i < 2; ++i)
      append_number(nodes, level == kLevels ? 0 : kChildren | (12 + level * 10));
  }
  return index_of(kChildren | 12, nodes);
}

const Row kRows[] = {
    {"OfAnotherKind", support::text("ID3 music, not an index"), Errc::kUnsupported},
    {"OfAnotherVersion", support::join({number(0xb007f457), number(0x00030001), number(0)}),
     Errc::kUnsupported},
    {"OfThreeBytes", {0xb0, 0x07, 0xf4}, Errc::kTruncated},
    {"RootBeyondTheEnd", index_of(kChildren | 0x0ffffff0, {}), Errc::kTruncated},
    {"RootAtTheEnd", index_of(kChildren | 12, {}), Errc::kTruncated},
    {"LettersFromLastToFirst", index_of(kChildren | 12, support::text("ba12345678")),
     Errc::kCorrupt},
    {"MoreLettersThanBytes", index_of(kChildren | 12, {0x00, 0xff, 1, 2, 3, 4}), Errc::kTruncated},
    {"TextWithoutEnd", index_of(kPrefix | kValues | 12, support::text("aaaa")), Errc::kTruncated},
    {"TextWithoutLimit", index_of(kPrefix | kValues | 12, support::text(std::string(100'000, 'a'))),
     Errc::kLimit},
    {"MoreValuesThanBytes",
     index_of(kValues | 12, support::join({number(0xffffffff), number(0), Blob{'x', 0}})),
     Errc::kTruncated},
    {"ValueOfTenMegabytes",
     index_of(kValues | 12, support::join({number(1), number(0),
                                           support::text(std::string(10'000'000, 'x')), Blob{0}})),
     Errc::kLimit},
    {"Circle", circle(), Errc::kCorrupt},
    {"Ladder", ladder(), Errc::kCorrupt},
};

class HostileIndex : public testing::TestWithParam<Row> {};

TEST_P(HostileIndex, IsRefused) {
  const auto index = Index::of(GetParam().bytes);
  if (!index) {
    EXPECT_EQ(index.error().code, GetParam().code) << index.error().what;
    return;
  }
  const auto found = index->match("any name");
  const auto looked_up = index->find("");
  ASSERT_TRUE(!found || !looked_up);
  EXPECT_EQ(found ? looked_up.error().code : found.error().code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Rows, HostileIndex, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kip::modules
