// kmod-pack and files of those who mean it ill, or did not know what they wrote. Every verb reads them; none runs them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr const char* kSnippet = "usr/lib/dracut/dracut.conf.d/10-vpoll.conf";

struct Row {
  const char* name;
  std::string text;
  const char* place = "10-vpoll.conf:1";  // what a complaint has to name
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::vector<Row> rows() {
  return {
      {"Substitution", "add_drivers+=\" vpoll $(touch executed) \"\n"},
      {"BareSubstitution", "add_drivers=$(touch executed)\n"},
      {"Backquote", "add_drivers+=\" `touch executed` vpoll \"\n"},
      {"Command", "touch executed\nadd_drivers+=\" vpoll \"\n"},
      {"BehindASemicolon", "add_drivers+=\" vpoll \"; touch executed\n"},
      {"CommandWithAnAssignment", "add_drivers+=\" vpoll \" touch executed\n"},
      {"And", "true && touch executed\n"},
      {"Function", "add_drivers() { touch executed; }\n"},
      {"Process", "add_drivers+=<(touch executed)\n"},
      {"Array", "add_drivers+=( $(touch executed) )\n"},
      {"Index", "add_drivers[$(touch executed)]=vpoll\n"},
      {"Default", "add_drivers+=\"${x:=$(touch executed)}\"\n"},
      {"HereDocument", "cat <<END\n$(touch executed)\nEND\n"},
      {"Source", ". ./executed\n"},
      {"UnclosedQuote", "add_drivers+=\" vpoll\ntouch executed\n"},
      {"UnclosedSubstitution", "add_drivers+=$(\ntouch executed\n"},
      {"CarriageReturn", "add_drivers+=\" vpoll \"\r\n"},
      {"ZeroByte", std::string("add_drivers+=\" vpoll \0 \"\n", 25)},
      {"LongLine", "add_drivers+=\" " + std::string(1 << 20, 'a') + " $(touch executed) \"\n",
       "10-vpoll.conf"},
      {"ManyLines",
       [] {
         std::string text;
         for (int i = 0; i < 5000; ++i) text += "touch executed\n";
         return text;
       }()},
  };
}

class KmodPackDoesNotRun : public testing::TestWithParam<Row> {};

INSTANTIATE_TEST_SUITE_P(Rows, KmodPackDoesNotRun, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

TEST_P(KmodPackDoesNotRun, WhatASnippetSays) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko").file(kSnippet, GetParam().text).index();
  desk.write("base", desk.base());
  const Lines before = desk.names();
  for (const Lines& words : {Lines{"list"}, Lines{"why", "vpoll"}, Lines{"emit", "dracut"},
                             Lines{"pack", "--base", "base", "-n"}}) {
    const Said said = desk.run(words);
    EXPECT_LE(said.code, 4) << words[0];
    EXPECT_THAT(said.complaints, Contains(HasSubstr(GetParam().place))) << words[0];
    EXPECT_LE(said.complaints.size(), 25u) << words[0];
  }
  const Said lint = desk.run({"lint", "--root-fs", "ext4"});
  EXPECT_EQ(lint.code, 1);
  EXPECT_THAT(lint.out, HasSubstr(GetParam().place));
  EXPECT_EQ(desk.names(), before);
  EXPECT_FALSE(support::exists(desk.root().path() + "/executed"));
}

TEST(KmodPackHostile, ShowsNamesOnOneLine) {
  Desk desk;
  desk.root().out_of_tree("extra/a\nb\x1b[31m.ko", {{"version", "1\n2"}}).index();
  const Said said = desk.run({"list"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out,
            "out       'a\\x0ab\\x1b[31m'  '1\\x0a2'  'extra/a\\x0ab\\x1b[31m.ko'  by default\n");
}

TEST(KmodPackHostile, ReportsAModuleThatIsNoneAndGoesOn) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko");
  desk.root().file("usr/lib/modules/6.12.0-example/extra/broken.ko",
                   "\x7f"
                   "ELF, and no more");
  const Said said = desk.run({"list"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out, HasSubstr("vpoll"));
  EXPECT_THAT(said.complaints, Contains(HasSubstr("extra/broken.ko'")));
}

TEST(KmodPackHostile, DoesNotWaitForAFifo) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko").index();
  desk.dir().fifo("root/usr/lib/dracut/dracut.conf.d/10-vpoll.conf");
  desk.dir().fifo("root/usr/lib/modules/6.12.0-example/extra/fifo.ko");
  EXPECT_THAT(desk.run({"list"}).complaints, Contains(HasSubstr("10-vpoll.conf")));
}

TEST(KmodPackHostile, EndsWithCyclesOfDependencies) {
  Desk desk;
  desk.root()
      .out_of_tree("extra/a.ko", {{"softdep", "pre: b"}})
      .out_of_tree("extra/b.ko", {{"softdep", "post: a"}})
      .index();
  const Said said = desk.policy("Include=a\n").run({"list"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(lines_of(said.out), testing::SizeIs(2));
}

TEST(KmodPackHostile, DoesNotGoOnWithSettingsThatDoNotParse) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko").index();
  desk.policy("Include=vpoll\nUnsigned=perhaps\n");
  for (const Lines& words : {Lines{"list"}, Lines{"why", "vpoll"}, Lines{"emit", "dracut"}}) {
    const Said said = desk.run(words);
    EXPECT_EQ(said.code, 4) << words[0];
    EXPECT_EQ(said.out, "") << words[0];
    EXPECT_THAT(said.complaints, Contains(HasSubstr("10.conf:3"))) << words[0];
  }
}

}  // namespace
}  // namespace kip::kmod_pack_test
