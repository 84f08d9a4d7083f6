// What `initrd-pack diff` says, line by line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tests/initrd-pack/reading.h"
#include "tests/support/amd_blob.h"
#include "tests/support/elf_module.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"

namespace kip::initrd_pack_test {
namespace {

using support::Blob;
using support::elf_module;
using support::join;
using support::NewcBlob;
using support::NewcFields;
using support::text;
using testing::HasSubstr;

support::RunResult diff(support::View a, support::View b,
                        const std::vector<std::string>& options = {}) {
  const Reading at;
  at.dir().write("a", a);
  at.dir().write("b", b);
  std::vector<std::string> words = {"diff", "a", "b"};
  words.insert(words.end(), options.begin(), options.end());
  return at.run(words);
}

TEST(Diff, TheSameBytesAreIdentical) {
  const auto told = diff(text("no archive"), text("no archive"));
  EXPECT_EQ(told.exit_code, 0);
  EXPECT_EQ(told.out, "");
  EXPECT_EQ(told.err, "initrd-pack: identical\n");
}

TEST(Diff, OrderCompressionAndTimeAreNoDifference) {
  const auto a = NewcBlob().file("x", text("1"), {.mtime = 1}).file("y", text("2")).bytes();
  const auto b = NewcBlob().file("./y", text("2")).file("/x", text("1"), {.mtime = 2}).bytes();
  const auto told = diff(zstd(a), xz(b));
  EXPECT_EQ(told.exit_code, 0) << told.out;
  EXPECT_EQ(told.out, "");
  EXPECT_THAT(diff(a, b, {"-v"}).err, HasSubstr("only the time differs: 1 file\n"));
}

TEST(Diff, OfAPathTheLastMemberCounts) {
  const auto a = NewcBlob().file("x", text("1")).file("x", text("2")).bytes();
  EXPECT_EQ(diff(a, NewcBlob().file("x", text("2")).bytes()).exit_code, 0);
  EXPECT_EQ(diff(a, NewcBlob().file("x", text("1")).bytes()).exit_code, 1);
}

struct FileRow {
  const char* name;
  Blob a, b;
  const char* line;
};

void PrintTo(const FileRow& row, std::ostream* out) {
  *out << row.name;
}

Blob file(std::string_view content, const NewcFields& fields = {}) {
  return NewcBlob().file("f", text(content), fields).bytes();
}

const std::vector<FileRow> kFileRows = {
    {"Added", NewcBlob().bytes(), file("1"), "file: f: added\n"},
    {"Removed", file("1"), NewcBlob().bytes(), "file: f: removed\n"},
    {"Content", file("1"), file("2"), "file: f: content\n"},
    {"Size", file("1"), file("22"), "file: f: size 1 -> 2\n"},
    {"Mode", file("1"), file("1", {.mode = 0100600}), "file: f: mode 0644 -> 0600\n"},
    {"Owner", file("1"), file("1", {.uid = 1, .gid = 2}), "file: f: owner 0:0 -> 1:2\n"},
    {"Type", file("1"), NewcBlob().directory("f").bytes(), "file: f: type file -> directory\n"},
    {"Target", NewcBlob().symlink("f", "a").bytes(), NewcBlob().symlink("f", "b").bytes(),
     "file: f: target a -> b\n"},
    {"Device", file("", {.mode = 0020666, .rdevmajor = 1, .rdevminor = 3}),
     file("", {.mode = 0020666, .rdevmajor = 1, .rdevminor = 5}), "file: f: device 1:3 -> 1:5\n"},
    {"Several", file("1"), file("22", {.mode = 0100600, .uid = 3}),
     "file: f: mode 0644 -> 0600, owner 0:0 -> 3:0, size 1 -> 2\n"},
    {"Newline", NewcBlob().bytes(), NewcBlob().file("a\nb", {}).bytes(),
     "file: 'a\\x0ab': added\n"}};

class DiffFile : public testing::TestWithParam<FileRow> {};

TEST_P(DiffFile, IsOneLine) {
  const auto told = diff(GetParam().a, GetParam().b);
  EXPECT_EQ(told.out, GetParam().line);
  EXPECT_EQ(told.exit_code, 1);
}

INSTANTIATE_TEST_SUITE_P(Rows, DiffFile, testing::ValuesIn(kFileRows),
                         [](const auto& row) { return std::string(row.param.name); });

using Info = std::vector<std::pair<std::string, std::string>>;

Blob with_module(const std::string& name, support::View module, const NewcFields& fields = {}) {
  return NewcBlob().file("usr/lib/modules/6.12.1-amd64/" + name, module, fields).bytes();
}

Blob zfs(const Info& info, support::View code = {}) {
  return with_module("extra/zfs.ko", elf_module(info, {.text = code}));
}

struct ModuleRow {
  const char* name;
  Blob a, b;
  const char* line;
};

void PrintTo(const ModuleRow& row, std::ostream* out) {
  *out << row.name;
}

std::vector<ModuleRow> module_rows() {
  const auto one = elf_module({{"version", "1"}});
  return {{"Version", zfs({{"version", "2.2.6"}}), zfs({{"version", "2.2.7"}}),
           "zfs: 2.2.6 -> 2.2.7\n"},
          {"Srcversion", zfs({{"srcversion", "AA"}}), zfs({{"srcversion", "BB"}}),
           "zfs: srcversion AA -> BB\n"},
          {"Vermagic", zfs({{"vermagic", "6.12.1 SMP"}}), zfs({{"vermagic", "6.12.2 SMP"}}),
           "zfs: vermagic 6.12.1 SMP -> 6.12.2 SMP\n"},
          {"Rebuilt", zfs({{"version", "1"}}, text("x")), zfs({{"version", "1"}}, text("y")),
           "zfs: rebuilt: other bytes, same version\n"},
          {"Added", NewcBlob().bytes(), zfs({{"version", "1"}}), "zfs: added (1)\n"},
          {"Removed", zfs({}), NewcBlob().bytes(), "zfs: removed\n"},
          {"Dashes", with_module("a-b.ko", one),
           with_module("a_b.ko", elf_module({{"version", "2"}})), "a_b: 1 -> 2\n"},
          {"Compression", with_module("k/zfs.ko.xz", xz(one)),
           with_module("k/zfs.ko.zst", zstd(elf_module({{"version", "2"}}))), "zfs: 1 -> 2\n"},
          {"Moved", with_module("k/zfs.ko", one), with_module("updates/zfs.ko.xz", xz(one)),
           "zfs: usr/lib/modules/6.12.1-amd64/k/zfs.ko -> "
           "usr/lib/modules/6.12.1-amd64/updates/zfs.ko.xz\n"},
          {"ModeToo", with_module("zfs.ko", one),
           with_module("zfs.ko", elf_module({{"version", "2"}}), {.mode = 0100600}),
           "zfs: 1 -> 2, mode 0644 -> 0600\n"},
          {"NoModule", with_module("zfs.ko", text("x")), with_module("zfs.ko", text("y")),
           "zfs: rebuilt: other bytes, same version\n"}};
}

class DiffModule : public testing::TestWithParam<ModuleRow> {};

TEST_P(DiffModule, IsOneLineAndNoFile) {
  const auto told = diff(GetParam().a, zstd(GetParam().b));
  EXPECT_EQ(told.out, std::string("module 6.12.1-amd64: ") + GetParam().line);
  EXPECT_EQ(told.exit_code, 1);
}

INSTANTIATE_TEST_SUITE_P(Rows, DiffModule, testing::ValuesIn(module_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Diff, TheSameModuleOfAnotherModeIsAFile) {
  const auto module = elf_module({{"version", "1"}});
  EXPECT_EQ(diff(with_module("z.ko", module), with_module("z.ko", module, {.mode = 0100600})).out,
            "file: usr/lib/modules/6.12.1-amd64/z.ko: mode 0644 -> 0600\n");
}

TEST(Diff, ModulesBehindALinkAreThoseOfItsDirectory) {
  const auto one = elf_module({{"version", "1"}}), two = elf_module({{"version", "2"}});
  const auto base = NewcBlob()
                        .directory("usr")
                        .directory("usr/lib")
                        .symlink("lib", "usr/lib")
                        .file("usr/lib/modules/6.1/z.ko", one)
                        .bytes();
  const auto overlay = NewcBlob().file("lib/modules/6.1/z.ko", two).bytes();
  EXPECT_EQ(diff(base, join({base, overlay})).out, "module 6.1: z: 1 -> 2\n");
}

Blob early(support::View intel, support::View amd = {}) {
  NewcBlob archive;
  if (!intel.empty()) archive.file(support::kIntelPath, intel);
  if (!amd.empty()) archive.file(support::kAmdPath, amd);
  return archive.pad_to(512).bytes();
}

Blob intel(std::uint32_t flags, std::uint32_t revision) {
  return support::IntelBlob()
      .signature(0x000806f8)
      .platform_flags(flags)
      .revision(revision)
      .body_size(80)
      .bytes();
}

TEST(Diff, MicrocodeIsComparedByWhatTheLoaderTakes) {
  const auto a = early(intel(0x87, 0x2b000603)), b = early(intel(0x87, 0x2b000639));
  EXPECT_EQ(diff(a, b).out, "microcode: 06-8f-08 pf 0x87: 0x2b000603 -> 0x2b000639\n");
  EXPECT_EQ(diff(a, NewcBlob().bytes()).out, "microcode: 06-8f-08 pf 0x87: 0x2b000603 -> none\n");
  EXPECT_EQ(diff(a, join({a, b})).out, "file: kernel/x86/microcode/GenuineIntel.bin: content\n")
      << "the loader takes the first, the root file system has the last";
  EXPECT_EQ(diff(join({b, a}), a).out, "microcode: 06-8f-08 pf 0x87: 0x2b000639 -> 0x2b000603\n");
}

TEST(Diff, MicrocodeIsComparedPlatformByPlatform) {
  const auto a = early(intel(0x87, 5));
  const auto b = early(join({intel(0x80, 6), intel(0x07, 5)}));
  const auto told = diff(a, b);
  EXPECT_EQ(told.out, "microcode: 06-8f-08 pf 0x80: 0x00000005 -> 0x00000006\n");
}

TEST(Diff, MicrocodeOfAmdIsNamedByItsSignature) {
  const auto of = [](std::uint32_t revision) {
    return early({}, support::AmdBlob().zen(support::AmdPatch(revision)).bytes());
  };
  EXPECT_EQ(diff(of(0x0a201205), of(0x0a201210)).out,
            "microcode: cpu00A20F12: 0x0a201205 -> 0x0a201210\n");
}

TEST(Diff, MicrocodeOfBrokenStreamsIsNone) {
  auto broken = intel(0x87, 6);
  broken.back() ^= 1;
  const auto told = diff(early(intel(0x87, 5)), early(broken));
  EXPECT_EQ(told.out, "microcode: 06-8f-08 pf 0x87: 0x00000005 -> none\n");
  EXPECT_THAT(told.err, HasSubstr("warning: 'b': kernels load no microcode"));
}

TEST(Diff, MicrocodeOfAmdCountsInFrontOfTheDamage) {
  const Blob sound = support::AmdBlob().zen(support::AmdPatch(0x0a201205)).bytes();
  Blob cut = sound;
  const Blob next = support::AmdBlob().zen(support::AmdPatch(0x0a201210)).bytes();
  cut.insert(cut.end(), next.begin(), next.begin() + 100);
  EXPECT_EQ(diff(early({}, sound), early({}, cut)).out,
            "file: kernel/x86/microcode/AuthenticAMD.bin: size 564 -> 664\n");
}

TEST(Diff, PartsComeInOrderAndSorted) {
  const auto a = join({early(intel(1, 5)), zfs({{"version", "1"}})});
  const auto b =
      join({early(intel(1, 6)), zfs({{"version", "2"}}),
            NewcBlob().file("z", {}).file("b", {}).file("a.conf", {}).file("a/c", {}).bytes()});
  EXPECT_EQ(diff(a, b).out,
            "microcode: 06-8f-08 pf 0x01: 0x00000005 -> 0x00000006\n"
            "module 6.12.1-amd64: zfs: 1 -> 2\n"
            "file: a.conf: added\nfile: a/c: added\nfile: b: added\nfile: z: added\n");
}

TEST(Diff, JsonSaysTheSame) {
  const auto told =
      diff(join({early(intel(1, 5)), zfs({{"version", "1"}})}),
           join({early(intel(1, 6)), zfs({{"version", "2"}}), file("1")}), {"--json"});
  const auto json = nlohmann::json::parse(told.out);
  EXPECT_EQ(told.exit_code, 1);
  EXPECT_EQ(json["identical"], false);
  EXPECT_EQ(json["microcode"][0]["a"][0], "0x00000005");
  EXPECT_EQ(json["microcode"][0]["b"][0], "0x00000006");
  EXPECT_EQ(json["modules"][0]["name"], "zfs");
  EXPECT_EQ(json["modules"][0]["differs"]["version"]["b"], "2");
  EXPECT_EQ(json["files"][0]["path"], "f");
  EXPECT_EQ(json["files"][0]["change"], "added");
}

TEST(Diff, WhatCannotBeReadIsNotCalledTheSame) {
  const auto whole = zstd(NewcBlob().file("x", support::noise(5000, 1)).bytes());
  const auto cut = support::View(whole).first(whole.size() / 2);
  const Blob longer = join({cut, text("x")});
  EXPECT_EQ(diff(cut, longer).exit_code, 4);
}

TEST(Diff, WhatIsNoFileGivesFour) {
  const Reading at;
  at.dir().write("a", NewcBlob().bytes());
  EXPECT_EQ(at.run({"diff", "a", "missing"}).exit_code, 4);
  EXPECT_EQ(at.run({"diff", "a"}).exit_code, 2);
}

}  // namespace
}  // namespace kip::initrd_pack_test
