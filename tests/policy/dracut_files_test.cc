// Which of dracut's files count, in which order, and what their lists come to.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/policy/dracut.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DracutFilesTest : public testing::Test {
 protected:
  static constexpr const char* kVendor = "usr/lib/dracut/dracut.conf.d/";
  static constexpr const char* kAdmin = "etc/dracut.conf.d/";
  static constexpr std::string_view kText = "add_drivers+=\" a \"\n";

  void vendor(const std::string& name, std::string_view text = kText) const {
    place_.write(kVendor + name, text);
  }
  void admin(const std::string& name, std::string_view text = kText) const {
    place_.write(kAdmin + name, text);
  }
  DracutFiles all() const { return must(read_dracut_files(must(Root::at(place_.path())))); }
  std::vector<std::string> paths() const { return paths_of(all().files); }
  static std::vector<std::string> paths_of(const std::vector<DracutFile>& files) {
    std::vector<std::string> paths;
    for (const DracutFile& file : files) paths.push_back(file.path);
    return paths;
  }
  std::vector<std::string> findings() const {
    std::vector<std::string> findings;
    for (const DracutFile& file : all().files) {
      for (const Finding& finding : file.findings) findings.push_back(to_line(finding));
    }
    return findings;
  }

  support::TempDir place_;
};

TEST_F(DracutFilesTest, AreNoneWithoutDirectories) {
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(DracutFilesTest, BeginWithTheOneFile) {
  vendor("00-a.conf");
  place_.write("etc/dracut.conf", kText);
  EXPECT_THAT(paths(), ElementsAre("/etc/dracut.conf", "/usr/lib/dracut/dracut.conf.d/00-a.conf"));
}

TEST_F(DracutFilesTest, AreOneListInVersionOrder) {
  vendor("100-x.conf");
  admin("10-zfs.conf");
  vendor("9-foo.conf");
  vendor("10-zfs-kmod.conf");
  admin("15-x.conf");
  EXPECT_THAT(
      paths(),
      ElementsAre("/usr/lib/dracut/dracut.conf.d/9-foo.conf", "/etc/dracut.conf.d/10-zfs.conf",
                  "/usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf", "/etc/dracut.conf.d/15-x.conf",
                  "/usr/lib/dracut/dracut.conf.d/100-x.conf"));
}

TEST_F(DracutFilesTest, OfEtcReplaceThoseOfTheSameName) {
  vendor("a.conf", "omit_drivers+=\" a \"\n");
  admin("a.conf");
  const DracutFiles found = all();
  EXPECT_THAT(paths_of(found.files), ElementsAre("/etc/dracut.conf.d/a.conf"));
  EXPECT_THAT(paths_of(found.replaced), ElementsAre("/usr/lib/dracut/dracut.conf.d/a.conf"));
  ASSERT_EQ(found.replaced[0].statements.size(), 1u);
  EXPECT_EQ(found.replaced[0].statements[0].name, "omit_drivers");
}

TEST_F(DracutFilesTest, AreMaskedByALinkToNullOrAnEmptyFile) {
  vendor("a.conf");
  vendor("b.conf");
  place_.link(std::string(kAdmin) + "a.conf", "/dev/null");
  admin("b.conf", "");
  const DracutFiles found = all();
  EXPECT_THAT(found.files, IsEmpty());
  EXPECT_THAT(paths_of(found.replaced), ElementsAre("/usr/lib/dracut/dracut.conf.d/a.conf",
                                                    "/usr/lib/dracut/dracut.conf.d/b.conf"));
}

// dracut asks whether a file exists, and a link to nothing does not.
TEST_F(DracutFilesTest, AreNotReplacedByALinkToNothing) {
  vendor("a.conf");
  place_.link(std::string(kAdmin) + "a.conf", "nowhere");
  place_.link("etc/dracut.conf", "nowhere");
  EXPECT_THAT(paths(), ElementsAre("/usr/lib/dracut/dracut.conf.d/a.conf"));
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(DracutFilesTest, EndInConfAndAreNotHidden) {
  for (const char* const name : {"a", "a.conf~", "a.conf.rpmsave", ".a.conf", ".conf"}) admin(name);
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(DracutFilesTest, OneOfTwoThatSortTheSameIsDropped) {
  vendor("10-a.conf", "add_drivers+=\" vendor \"\n");
  admin("010-a.conf", "add_drivers+=\" admin \"\n");
  EXPECT_THAT(paths(), ElementsAre("/etc/dracut.conf.d/010-a.conf",
                                   "/usr/lib/dracut/dracut.conf.d/10-a.conf"));
  EXPECT_THAT(
      findings(),
      ElementsAre("'/usr/lib/dracut/dracut.conf.d/10-a.conf': dracut does not read it, since "
                  "'/etc/dracut.conf.d/010-a.conf' sorts the same"));
  const DracutLists lists = lists_of(all().files);
  ASSERT_EQ(lists.add_drivers.words.size(), 1u);
  EXPECT_EQ(lists.add_drivers.words[0].text, "admin");
}

TEST_F(DracutFilesTest, WithABlankInTheNameAreNotRead) {
  admin("my file.conf");
  EXPECT_THAT(
      findings(),
      ElementsAre("'/etc/dracut.conf.d/my file.conf': dracut does not read a file with a blank in "
                  "its name"));
  EXPECT_THAT(lists_of(all().files).add_drivers.words, IsEmpty());
}

TEST_F(DracutFilesTest, ThatCannotBeReadMakeEveryListUnknown) {
  vendor("10-a.conf");
  place_.directory(std::string(kAdmin) + "20-b.conf");
  EXPECT_THAT(
      findings(),
      ElementsAre("'/etc/dracut.conf.d/20-b.conf': is not a regular file; no list of drivers is "
                  "known from here on"));
  const DracutLists lists = lists_of(all().files);
  for (const DracutList* const list :
       {&lists.add_drivers, &lists.drivers, &lists.force_drivers, &lists.omit_drivers}) {
    EXPECT_FALSE(list->words_count);
    EXPECT_EQ(list->unknown, (Origin{"/etc/dracut.conf.d/20-b.conf", 0}));
  }
}

TEST_F(DracutFilesTest, DoNotWaitForAFifo) {
  place_.fifo("etc/dracut.conf");
  place_.fifo(std::string(kAdmin) + "a.conf");
  EXPECT_EQ(findings().size(), 2u);
}

TEST_F(DracutFilesTest, ThatAreTooLargeAreReported) {
  place_.sparse(std::string(kAdmin) + "a.conf", kConfLimit + 1);
  EXPECT_THAT(
      findings(),
      ElementsAre("'/etc/dracut.conf.d/a.conf': more than 1048576 bytes; no list of drivers is "
                  "known from here on"));
}

TEST_F(DracutFilesTest, FailWhereADirectoryIsNone) {
  place_.write("etc/dracut.conf.d", "text");
  EXPECT_EQ(error_of(read_dracut_files(must(Root::at(place_.path())))),
            "'/etc/dracut.conf.d': Not a directory");
}

// "word file:line", for each of a list
std::vector<std::string> words_of(const DracutList& list) {
  std::vector<std::string> words;
  for (const DracutWord& word : list.words)
    words.push_back(fmt::format("{} {}", word.text, to_text(word.origin)));
  return words;
}

DracutLists lists(const std::string& text) {
  return lists_of({parse_dracut(text, "f")});
}

TEST(DracutLists, NameTheLineOfEachWord) {
  const DracutLists all =
      lists("add_drivers=\" a\n b \"\nomit_drivers+=\" c \"\nadd_drivers+=\" d \"\n");
  EXPECT_THAT(words_of(all.add_drivers), ElementsAre("a f:1", "b f:1", "d f:4"));
  EXPECT_THAT(words_of(all.omit_drivers), ElementsAre("c f:3"));
  EXPECT_FALSE(all.add_drivers.unknown);
  EXPECT_TRUE(all.add_drivers.words_count);
}

TEST(DracutLists, GoOnOverFiles) {
  const DracutLists all =
      lists_of({parse_dracut("add_drivers=a\n", "f"), parse_dracut("add_drivers+=\" b\"\n", "g")});
  EXPECT_THAT(words_of(all.add_drivers), ElementsAre("a f:1", "b g:1"));
}

TEST(DracutLists, JoinWordsWithoutABlankBetween) {
  EXPECT_THAT(words_of(lists("add_drivers+=\" x\"\nadd_drivers+=\"y z\"\n").add_drivers),
              ElementsAre("xy f:1", "z f:2"));
}

TEST(DracutLists, AreReplacedByAnEqualsSign) {
  EXPECT_THAT(words_of(lists("add_drivers+=\" a \"\nadd_drivers=\" b \"\n").add_drivers),
              ElementsAre("b f:2"));
  EXPECT_THAT(words_of(lists("add_drivers+=\" a \"\nadd_drivers=\n").add_drivers), IsEmpty());
}

TEST(DracutLists, KeepTheirWordsBehindAnUnreadableAppend) {
  const DracutLists all = lists("add_drivers+=a\nadd_drivers+=$x\nadd_drivers+=b\n");
  EXPECT_THAT(words_of(all.add_drivers), ElementsAre("a f:1", "b f:3"))
      << "what is between them is not known";
  EXPECT_EQ(all.add_drivers.unknown, (Origin{"f", 2}));
  EXPECT_TRUE(all.add_drivers.words_count);
}

TEST(DracutLists, DoNotCountBehindAnUnreadableSet) {
  const DracutLists all = lists("add_drivers+=\" a \"\nadd_drivers=$x\nadd_drivers+=\" b \"\n");
  EXPECT_FALSE(all.add_drivers.words_count);
  EXPECT_EQ(all.add_drivers.unknown, (Origin{"f", 2}));
}

TEST(DracutLists, AreKnownAgainBehindAReadableSet) {
  const DracutLists all = lists("add_drivers=$x\nadd_drivers=\" b \"\n");
  EXPECT_TRUE(all.add_drivers.words_count);
  EXPECT_FALSE(all.add_drivers.unknown);
  EXPECT_THAT(words_of(all.add_drivers), ElementsAre("b f:2"));
}

}  // namespace
}  // namespace kip::policy
