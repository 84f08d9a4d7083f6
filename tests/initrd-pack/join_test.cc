// initrd-pack join, from outside.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "tests/initrd-pack/desk.h"

namespace kip::initrd_pack_test {
namespace {

using image::dracut_early;
using image::intel;
using image::loads;
using image::part;
using support::join;
using support::kIntelPath;
using support::NewcBlob;
using support::zeros;
using Lines = std::vector<std::string>;

Blob joined_with(const Desk& desk, std::vector<std::string> parts) {
  parts.insert(parts.begin(), {"join", "-o", "out", "--force"});
  const Said said = desk.run(parts);
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.complaints, Lines{});
  return said.code == 0 ? desk.read("out") : Blob{};
}

Blob behind(const Blob& image, const Blob& rest) {
  return image.size() < rest.size() ? Blob{} : part(image, image.size() - rest.size(), rest.size());
}

TEST(InitrdPackJoin, PutsMicrocodeInFrontOfAnImage) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  desk.write("main", compressed_files());
  const Blob image = joined_with(desk, {"early", "main"});
  EXPECT_EQ(loads(image, kHost), 0x20u);
  EXPECT_EQ(behind(image, compressed_files()), compressed_files());
  EXPECT_EQ((image.size() - compressed_files().size()) % 512, 0u);
}

TEST(InitrdPackJoin, MakesOneEarlyPartOfAll) {
  const Desk desk;
  desk.write("a", dracut_early(join({intel(0x806f8, 0x10, 0x20), intel(0x906ea, 0x02, 9)})));
  desk.write("b", join({acpi_archive(), image::own_early(intel(0x806f8, 0x10, 0x30))}));
  desk.write("main", join({dracut_early(intel(0x906ea, 0x02, 7)), compressed_files()}));
  const Blob image = joined_with(desk, {"a", "b", "main"});
  EXPECT_EQ(loads(image, kHost), 0x30u);
  EXPECT_EQ(loads(image, kOther), 9u);
  const Blob rest = join({acpi_archive(), compressed_files()});
  EXPECT_EQ(behind(image, rest), rest);
  const auto found = *support::find_early(image, kIntelPath);
  EXPECT_EQ(found.size, intel(0x806f8, 0x10, 0x30).size() + intel(0x906ea, 0x02, 9).size());
}

TEST(InitrdPackJoin, TakesWhatAnEarlierMemberHid) {
  const Desk desk;
  desk.write("both", join({dracut_early(intel(0x806f8, 0x10, 0x20)),
                           dracut_early(intel(0x906ea, 0x02, 9)), compressed_files()}));
  const Blob image = joined_with(desk, {"both"});
  EXPECT_EQ(loads(image, kHost), 0x20u);
  EXPECT_EQ(loads(image, kOther), 9u);
}

TEST(InitrdPackJoin, KeepsWhatTheMarksSay) {
  const Desk desk;
  image::Joining joining;
  joining.set_early({intel(0x806f8, 0x10, 0x20)}, {kHost});
  desk.write("own",
             joining.join(join({dracut_early(intel(0x906ea, 0x02, 9)), compressed_files()})));
  const Blob image = joined_with(desk, {"own"});
  EXPECT_EQ(image, desk.read("own"));
}

TEST(InitrdPackJoin, IsTheSameTwice) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  desk.write("main", compressed_files());
  const Blob once = joined_with(desk, {"early", "main"});
  desk.write("again", once);
  EXPECT_EQ(joined_with(desk, {"again"}), once);
}

TEST(InitrdPackJoin, ConcatenatesWithoutMicrocode) {
  const Desk desk;
  Blob odd = files("a");
  odd.resize(odd.size() + 2);
  desk.write("a", odd);
  desk.write("b", files("b"));
  const Blob image = joined_with(desk, {"a", "b"});
  EXPECT_EQ(image, join({odd, zeros(2), files("b")}));
  const auto verdict = support::unpack_verdict(image);
  EXPECT_EQ(verdict.error, "");
  EXPECT_TRUE(verdict.find("a") && verdict.find("b"));
}

TEST(InitrdPackJoin, HasNoPaddingBetweenCompressedParts) {
  const Desk desk;
  const Blob a = compressed_files("a"), b = compressed_files("b");
  desk.write("a", a);
  desk.write("b", b);
  EXPECT_EQ(joined_with(desk, {"a", "b"}), join({a, b}));
}

TEST(InitrdPackJoin, AlignsALastPartForAnArchiveInsideOfIt) {
  const Desk desk;
  Blob first = compressed_files("a"), last = compressed_files("b");
  while (first.size() % 4 != 1) first = join({first, zeros(1)});
  last.resize((last.size() + 3) / 4 * 4);
  last = join({last, files("c")});
  desk.write("a", first);
  desk.write("b", last);
  EXPECT_EQ(joined_with(desk, {"a", "b"}), join({first, zeros(3), last}));
}

TEST(InitrdPackJoin, WritesTheSameToStdout) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  desk.write("main", compressed_files());
  const Said said = desk.run({"join", "early", "main"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(support::text(said.out), joined_with(desk, {"early", "main"}));
}

TEST(InitrdPackJoin, MayReplaceOneOfItsParts) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  desk.write("main", compressed_files());
  const Blob expected = joined_with(desk, {"early", "main"});
  ASSERT_EQ(desk.run({"join", "early", "main", "-o", "main", "--force"}).code, 0);
  EXPECT_EQ(desk.read("main"), expected);
}

TEST(InitrdPackJoin, IsReadableToNobodyWhoMayNotReadThePart) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  ::chmod(desk.write("main", compressed_files()).c_str(), 0600);
  joined_with(desk, {"early", "main"});
  struct stat status;
  ASSERT_EQ(::stat((desk.dir() / "out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(InitrdPackJoin, ReportsAndWritesNothingWhenAskedTo) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  desk.write("main", compressed_files());
  const Said said = desk.run({"join", "-n", "--json", "early", "main"});
  ASSERT_EQ(said.code, 0);
  EXPECT_EQ(desk.names(), (Lines{"early", "main"}));
  const auto report = nlohmann::json::parse(said.out);
  EXPECT_EQ(report["report"], "join");
  EXPECT_EQ(report["updates"].size(), 1u);
  EXPECT_EQ(report["parts"][0]["size"], 0);
  EXPECT_EQ(report["parts"][1]["offset"], report["early_bytes"]);
  EXPECT_EQ(report["bytes"], joined_with(desk, {"early", "main"}).size());
}

TEST(InitrdPackJoin, SaysWhatItDid) {
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  desk.write("main", compressed_files());
  const Said said = desk.run({"join", "early", "main", "-o", "out"});
  const std::size_t size = desk.read("out").size(), main = compressed_files().size();
  EXPECT_EQ(said.notes,
            (Lines{"'early': all of it goes into the early part",
                   fmt::format("'main': {} bytes at offset {:#x}", main, size - main),
                   fmt::format("'out': 1 update in an early part of {} bytes, {} bytes in all",
                               size - main, size)}));
}

// What is refused, with the one line that says why. Nothing is written.

struct Refusal {
  std::string name;
  std::vector<std::pair<std::string, Blob>> parts;
  std::string line;
  int code = 4;
};

void PrintTo(const Refusal& row, std::ostream* out) {
  *out << row.name;
}

Blob damaged() {
  Blob bytes = compressed_files();
  bytes[bytes.size() - 9] ^= 0x40;
  return bytes;
}

Blob xz_for_tools(const Blob& bytes) {
  return support::text(
      support::must_run({"xz", "-c", "--check=crc64"}, {.input = support::to_string(bytes)}));
}

std::vector<Refusal> refusals() {
  const Blob early = dracut_early(intel(0x806f8, 0x10, 0x20)), main = compressed_files();
  const std::uint64_t data = support::find_early(early, kIntelPath)->offset;
  Blob broken = early;
  broken[data + 100] ^= 1;
  const Blob foreign = dracut_early(support::text("no microcode"));
  const std::string late =
      "error: 'b': offset {:#x}: microcode here would stand behind compressed data, "
      "where kernels do not look for it; name it before '{}'";
  return {
      {"LateEarlyPart", {{"a", main}, {"b", early}}, fmt::format(fmt::runtime(late), data, "a")},
      {"LateMicrocodeOfAnImage",
       {{"0", files()}, {"a", main}, {"b", join({early, main})}},
       fmt::format(fmt::runtime(late), data, "a")},
      {"BrokenMicrocode", {{"a", broken}, {"b", main}}, "error: 'a': offset "},
      {"NoMicrocodeUnderItsName",
       {{"a", foreign}, {"b", main}},
       fmt::format(
           "error: 'a': offset {:#x}: 'kernel/x86/microcode/GenuineIntel.bin' holds no intel "
           "microcode",
           support::find_early(foreign, kIntelPath)->offset)},
      {"DamagedPart", {{"a", damaged()}, {"b", files()}}, "error: 'a': offset 0x0: "},
      {"UnknownPart",
       {{"a", support::text("hello, world")}, {"b", main}},
       "error: 'a': offset 0x0: neither an archive nor compressed data begins here; nothing behind "
       "it "
       "would be unpacked"},
      {"UnknownLastPart",
       {{"a", main}, {"b", support::text("hello, world")}},
       "error: 'b': offset 0x0: neither an archive nor compressed data begins here"},
      {"MicrocodeItself",
       {{"a", intel(0x806f8, 0x10, 0x20)}, {"b", main}},
       "error: 'a': is microcode, not an archive; pack it with ucode-pack first"},
      {"LastPartThatOnlyToolsRead",
       {{"a", early}, {"b", xz_for_tools(files())}},
       "error: 'b': offset 0x0: data that kernels do not read: "},
      {"EmptyPart", {{"a", main}, {"b", {}}}, "error: 'b': is empty"},
      {"UnifiedImage",
       {{"a", early}, {"b", support::text("MZ, and so on")}},
       "error: 'b': is a unified kernel image, or another EFI program, whose parts are sealed and "
       "may be "
       "signed; build it anew (ukify has --microcode and --initrd)"},
  };
}

class InitrdPackJoinRefuses : public testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(Rows, InitrdPackJoinRefuses, testing::ValuesIn(refusals()),
                         [](const auto& row) { return row.param.name; });

TEST_P(InitrdPackJoinRefuses, WithOneLine) {
  const Desk desk;
  std::vector<std::string> words = {"join", "-o", "out"};
  for (const auto& [name, bytes] : GetParam().parts) {
    desk.write(name, bytes);
    words.push_back(name);
  }
  const Said said = desk.run(words);
  EXPECT_EQ(said.code, GetParam().code);
  ASSERT_EQ(said.complaints.size(), 1u);
  EXPECT_EQ(said.complaints.front().substr(0, GetParam().line.size()), GetParam().line)
      << said.complaints.front();
  EXPECT_EQ(desk.names().size(), GetParam().parts.size());
}

TEST(InitrdPackJoin, TakesADamagedPartAsTheLast) {
  const Desk desk;
  desk.write("a", files("a"));
  desk.write("b", damaged());
  EXPECT_EQ(behind(joined_with(desk, {"a", "b"}), damaged()), damaged());
}

TEST(InitrdPackJoin, RefusesStdinAsAPart) {
  EXPECT_EQ(Desk().run({"join", "-", "-o", "out"}).code, 2);
}

TEST(InitrdPackJoin, RefusesTwoThingsOnStdout) {
  const Desk desk;
  desk.write("a", files());
  EXPECT_EQ(desk.run({"join", "--json", "a"}).code, 2);
}

TEST(InitrdPackJoin, RefusesToReplaceUnasked) {
  const Desk desk;
  desk.write("a", files());
  desk.write("out", files("there"));
  EXPECT_EQ(desk.run({"join", "a", "-o", "out"}).code, 4);
  EXPECT_EQ(desk.read("out"), files("there"));
}

TEST(InitrdPackJoin, NeedsLittleMemory) {
  if (is_instrumented()) GTEST_SKIP() << "a sanitized program's memory says nothing";
  constexpr std::uint64_t kSize = 300 << 20;
  const Desk desk;
  desk.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  // One member of 300 MiB, and zeros behind it.
  const Blob head = NewcBlob().file("big", {}, {.filesize = kSize}).trailer(false).bytes();
  desk.dir().sparse("a", head.size() + kSize + 4096, head);
  desk.dir().sparse("b", head.size() + kSize + 4096, head);
  EXPECT_LT(desk.peak({"join", "early", "a", "b", "-o", "out"}), 16 * 1024);
}

}  // namespace
}  // namespace kip::initrd_pack_test
