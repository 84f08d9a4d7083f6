#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <ostream>

#include "src/image/contents.h"
#include "src/image/modinfo.h"
#include "tests/base/must.h"
#include "tests/support/elf_module.h"

namespace kip::image {
namespace {

using support::Blob;
using support::elf_module;

const Blob& sound() {
  static const Blob module =
      elf_module({{"version", "2.2.6"}, {"srcversion", "AB"}, {"parm", "a=b"}, {"version", "9"}});
  return module;
}

TEST(Modinfo, GivesTheFirstValueOfEachKey) {
  const Modinfo info = must(read_modinfo(sound()));
  EXPECT_EQ(info.value("version"), "2.2.6");
  EXPECT_EQ(info.value("srcversion"), "AB");
  EXPECT_EQ(info.value("parm"), "a=b");
  EXPECT_EQ(info.value("vermagic"), "");
}

TEST(Modinfo, CountsSectionsWhereFilesOfVeryManyHaveTheirNumber) {
  const auto module = elf_module({{"version", "1"}}, {.count_in_first = true});
  EXPECT_EQ(must(read_modinfo(module)).value("version"), "1");
}

TEST(Modinfo, RefusesEveryProperPrefix) {
  for (std::size_t size = 0; size < sound().size(); ++size)
    EXPECT_FALSE(read_modinfo(Bytes(sound()).first(size))) << size;
}

TEST(Modinfo, StandsEveryByteThatIsAnother) {
  for (std::size_t i = 0; i < sound().size(); ++i) {
    for (const int value : {0x00, 0x7f, 0xff}) {
      Blob module = sound();
      module[i] = static_cast<std::uint8_t>(value);
      (void)read_modinfo(module);  // the sanitizers judge
    }
  }
}

struct Refused {
  const char* name;
  Blob module;
  Errc code;
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.name;
}

Blob changed(std::size_t at, std::uint8_t value) {
  Blob module = sound();
  module[at] = value;
  return module;
}

class ModinfoRefused : public testing::TestWithParam<Refused> {};

TEST_P(ModinfoRefused, HasItsKind) {
  const auto info = read_modinfo(GetParam().module);
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, GetParam().code) << info.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ModinfoRefused,
    testing::Values(Refused{"NoElf", support::text(std::string(64, 'x')), Errc::kUnsupported},
                    Refused{"Of32Bits", changed(4, 1), Errc::kUnsupported},
                    Refused{"BigEndian", changed(5, 2), Errc::kUnsupported},
                    Refused{"HeadersOfOtherSize", changed(58, 40), Errc::kCorrupt},
                    Refused{"HeadersBeyondTheEnd", changed(47, 0xff), Errc::kTruncated},
                    Refused{"NamesNowhere", changed(62, 9), Errc::kCorrupt},
                    Refused{"NoSuchSection", elf_module({}, {.section = ".other"}),
                            Errc::kCorrupt}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ModuleName, IsTheFileWithoutItsEndings) {
  const auto name = [](std::string_view path) -> std::string {
    const auto module = module_name(path);
    return module ? module->release + " " + module->name : "none";
  };
  EXPECT_EQ(name("usr/lib/modules/6.1/kernel/fs/a-b.ko"), "6.1 a_b");
  EXPECT_EQ(name("lib/modules/6.1/a_b.ko.xz"), "6.1 a_b");
  EXPECT_EQ(name("lib/modules/6.1/a.ko.zst"), "6.1 a");
  EXPECT_EQ(name("lib/modules/6.1/a.ko.gz"), "6.1 a");
  EXPECT_EQ(name("lib/modules/6.1/a.ko.bz2"), "none");
  EXPECT_EQ(name("lib/modules/6.1/modules.dep"), "none");
  EXPECT_EQ(name("lib/modules/a.ko"), "none");
  EXPECT_EQ(name("opt/lib/modules/6.1/a.ko"), "none");
}

}  // namespace
}  // namespace kip::image
