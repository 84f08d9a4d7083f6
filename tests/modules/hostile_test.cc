// Modules that were made to hurt their reader: each is refused by a sentence, and the others are still there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

#include "src/modules/elf.h"
#include "src/modules/kmod.h"
#include "src/modules/read.h"
#include "tests/base/must.h"
#include "tests/modules/workshop.h"
#include "tests/support/run_program.h"

namespace kip::modules {
namespace {

using support::Blob;
using testing::HasSubstr;

const Blob& sound() {
  static const Blob module =
      support::elf_module({{"version", "2.2.6"}, {"depends", "a,b"}, {"firmware", "x.bin"}});
  return module;
}

// Where a field of a section header is. The headers are the last thing in the file: null, .modinfo, names.
constexpr std::size_t kEntry = 64;
enum Header : std::size_t { kInfo = 2, kNames = 1 };
std::size_t field(Header header, std::size_t at) {
  return sound().size() - header * kEntry + at;
}
constexpr std::size_t kName = 0, kOffset = 24, kSize = 32;

Blob with(std::initializer_list<std::pair<std::size_t, std::uint64_t>> fields,
          std::size_t width = 8) {
  Blob module = sound();
  for (const auto& [at, value] : fields) {
    for (std::size_t i = 0; i < width; ++i)
      module[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return module;
}

Blob signed_with(std::initializer_list<std::uint8_t> trailer) {
  return support::join({sound(), Blob(trailer), support::text("~Module signature appended~\n")});
}

struct Row {
  const char* name;
  Blob module;
  Errc code;
  const char* text;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

constexpr std::uint64_t kMost = ~std::uint64_t{0};

const Row kRows[] = {
    {"Empty", {}, Errc::kTruncated, "ends early"},
    {"ThreeBytes", {0x7f, 'E', 'L'}, Errc::kTruncated, "ends early"},
    {"Text", support::text("#!/bin/sh\nexec true\n"), Errc::kUnsupported, "is no ELF file"},
    {"ElfOfNoWordSize", with({{4, 3}}, 1), Errc::kUnsupported, "of an unknown kind"},
    {"ElfOfNoByteOrder", with({{5, 0}}, 1), Errc::kUnsupported, "of an unknown kind"},
    {"HeaderAlone", Blob(sound().begin(), sound().begin() + 64), Errc::kTruncated, "ends early"},
    {"NoSectionHeaders", with({{40, 0}}), Errc::kCorrupt, "no section headers"},
    {"HeadersBeyondTheEnd", with({{40, 1 << 20}}), Errc::kTruncated, "section headers lie beyond"},
    {"HeadersThatWrapAround", with({{40, kMost - 63}}), Errc::kTruncated,
     "section headers lie beyond"},
    {"HeadersOfAnotherSize", with({{58, 40}}, 2), Errc::kCorrupt, "no section headers"},
    {"HeadersOfNoSize", with({{58, 0}}, 2), Errc::kCorrupt, "no section headers"},
    {"MoreHeadersThanFit", with({{60, 0xffff}}, 2), Errc::kTruncated, "section headers lie beyond"},
    {"NumberElsewhere", with({{60, 0}}, 2), Errc::kUnsupported, "more sections than are read"},
    {"NoNames", with({{62, 0}}, 2), Errc::kCorrupt, "no names of sections"},
    {"NamesOfNoSection", with({{62, 3}}, 2), Errc::kCorrupt, "no names of sections"},
    {"NamesBeyondTheEnd", with({{field(kNames, kOffset), 1 << 30}}), Errc::kTruncated,
     "names of sections lie beyond"},
    {"NamesThatWrapAround", with({{field(kNames, kOffset), kMost}, {field(kNames, kSize), 2}}),
     Errc::kTruncated, "names of sections lie beyond"},
    {"NamesOfNoBytes", with({{field(kNames, kSize), 0}}), Errc::kCorrupt, "have no end"},
    {"NamesWithoutNul", with({{field(kNames, kSize), 5}}), Errc::kCorrupt, "have no end"},
    {"NameBeyondTheNames", with({{field(kInfo, kName), 1 << 20}}, 4), Errc::kCorrupt,
     "no section .modinfo"},
    {"InfoBeyondTheEnd", with({{field(kInfo, kOffset), 1 << 30}}), Errc::kTruncated,
     "its .modinfo lies beyond"},
    {"InfoThatWrapsAround", with({{field(kInfo, kOffset), kMost - 7}, {field(kInfo, kSize), 16}}),
     Errc::kTruncated, "its .modinfo lies beyond"},
    {"InfoLargerThanTheFile", with({{field(kInfo, kSize), kMost / 2}}), Errc::kTruncated,
     "its .modinfo lies beyond"},
    {"InfoOfNoBytes", with({{field(kInfo, kSize), 0}}), Errc::kCorrupt, "its .modinfo is empty"},
    {"InfoOfNoBytesAtTheEnd",
     with({{field(kInfo, kOffset), sound().size()}, {field(kInfo, kSize), 0}}), Errc::kCorrupt,
     "its .modinfo is empty"},
    {"NoInfo", support::elf_module({}, {.section = ".modinf"}), Errc::kCorrupt,
     "no section .modinfo"},
    {"InfoWithoutEnd", support::elf_module({{"parm", std::string(kInfoLimit, 'x')}}), Errc::kLimit,
     "too much of itself"},
    {"SignatureOfNothing", support::text("~Module signature appended~\n"), Errc::kCorrupt,
     "signature behind it"},
    {"SignatureOfNoSize", signed_with({0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0}), Errc::kCorrupt,
     "signature behind it"},
    {"SignatureLargerThanTheFile", signed_with({0, 0, 2, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}),
     Errc::kCorrupt, "signature behind it"},
    {"SignersLongerThanTheFile",
     support::join({Blob{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 9},
                    support::text("~Module signature appended~\n")}),
     Errc::kCorrupt, "signature behind it"},
};

class Hostile : public testing::TestWithParam<Row> {};

TEST_P(Hostile, IsAFindingAndTheOthersAreThere) {
  Workshop shop;
  shop.write("updates/hostile.ko", GetParam().module);
  shop.write("updates/sound.ko", sound());
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  EXPECT_THAT(paths_of(found.modules), testing::ElementsAre("updates/sound.ko"));
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings[0].place, "/lib/modules/6.1.0-test/updates/hostile.ko");
  EXPECT_THAT(found.findings[0].text, HasSubstr(GetParam().text));
  EXPECT_EQ(tree.read(shop.file("updates/hostile.ko")).error().code, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Rows, Hostile, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

// What check_elf() lets through, libkmod has to survive: it is not built with sanitizers, but it ends the process.
void hand_over(Kmod& kmod, const Blob& module) {
  (void)read_module({"x", "x.ko"}, module, kmod);
}

TEST(Hostile, SurvivesEveryProperPrefix) {
  Kmod kmod = must(Kmod::open());
  for (std::size_t size = 0; size < sound().size(); ++size) {
    const Blob prefix(sound().begin(), sound().begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_module({"x", "x.ko"}, prefix, kmod)) << size;
  }
}

TEST(Hostile, SurvivesEveryByteThatIsAnother) {
  Kmod kmod = must(Kmod::open());
  for (const support::ElfFields& fields :
       {support::ElfFields{}, support::ElfFields{.narrow = true, .big = true},
        support::ElfFields{.info_last = true}}) {
    const Blob module = support::elf_module({{"version", "1"}}, fields);
    for (std::size_t i = 0; i < module.size(); ++i) {
      for (const int value : {0x00, 0x01, 0x3d, 0x7f, 0x80, 0xff}) {
        Blob other = module;
        other[i] = static_cast<std::uint8_t>(value);
        hand_over(kmod, other);
      }
    }
  }
}

// Every pair of section header fields at the edges of what they can be.
TEST(Hostile, SurvivesHeadersAtTheEdges) {
  Kmod kmod = must(Kmod::open());
  const std::uint64_t size = sound().size();
  const std::uint64_t edges[] = {0, 1, size - 1, size, size + 1, kMost / 2, kMost - size, kMost};
  for (const Header header : {kInfo, kNames}) {
    for (const std::uint64_t offset : edges) {
      for (const std::uint64_t length : edges)
        hand_over(kmod, with({{field(header, kOffset), offset}, {field(header, kSize), length}}));
    }
  }
}

// A zstd frame of so many blocks that each say "128 KiB of zeros"; `said` is the size that its header states, 0: none.
Blob zstd_of_zeros(std::uint64_t blocks, std::uint64_t said) {
  Blob frame = {0x28, 0xb5, 0x2f, 0xfd};
  support::append(frame,
                  said == 0 ? Blob{0x00, 0x38} : Blob{0xe0});  // 128 KiB of window; or all at once
  if (said != 0) {
    support::append32(frame, static_cast<std::uint32_t>(said));
    support::append32(frame, static_cast<std::uint32_t>(said >> 32));
  }
  // Three bytes that say size, kind and whether it is the last; and the byte that is repeated.
  constexpr std::uint32_t kZeros = (128 << 10) << 3 | 1 << 1;
  for (std::uint64_t left = blocks; left != 0; --left)
    support::append32(frame, kZeros | (left == 1 ? 1 : 0));
  return frame;
}

TEST(Hostile, IsNotUnpackedBeyondTheLimit) {
  Workshop shop;
  constexpr std::uint64_t kBlocks = kModuleLimit / (128 << 10) + 1;
  shop.write("updates/says.ko", zstd_of_zeros(1, kModuleLimit + 1));
  shop.write("updates/silent.ko", zstd_of_zeros(kBlocks, 0));
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  ASSERT_EQ(found.findings.size(), 2U);
  EXPECT_THAT(found.findings[0].text, HasSubstr("is too large"));
  EXPECT_THAT(found.findings[1].text, HasSubstr("more than 268435456 bytes"));
}

TEST(Hostile, IsNotUnpackedIfDamaged) {
  for (const char* suffix : {".xz", ".zst", ".gz"}) {
    Workshop shop;
    const std::string path = std::string("updates/a.ko") + suffix;
    shop.add(path, {{"version", std::string(1000, 'x')}});
    Blob bytes = support::read_file(shop.directory / shop.path(path));
    bytes.resize(bytes.size() - 9);
    shop.write(path, bytes);
    auto tree = shop.open();
    const auto found = must(tree.out_of_tree());
    EXPECT_TRUE(found.modules.empty()) << suffix;
    ASSERT_EQ(found.findings.size(), 1U) << suffix;
    EXPECT_THAT(found.findings[0].text, HasSubstr("the module cannot be read: ")) << suffix;
  }
}

}  // namespace
}  // namespace kip::modules
