#include <filesystem>
#include <gmock/gmock.h>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

#include "src/state/pending.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::state {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kKernel = "6.12.0-amd64";
const std::string kFirst = "kip pending 1\n";
const std::string kPlace = "var/lib/kip/pending";

Pending example(const std::string& kernel = kKernel) {
  return {kernel,
          {{"zfs", "Require=zfs at /etc/kip/kip.conf.d/10.conf:3"}},
          {"add", kernel, "/boot/vmlinuz-" + kernel}};
}

std::string text_of(const std::string& path) {
  return support::to_string(support::read_file(path));
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

TEST(Record, HasOneLineForEachModuleRuleAndArgument) {
  EXPECT_EQ(to_text(example()),
            "kip pending 1\n"
            "module zfs\n"
            "rule Require=zfs at /etc/kip/kip.conf.d/10.conf:3\n"
            "argument add\n"
            "argument 6.12.0-amd64\n"
            "argument /boot/vmlinuz-6.12.0-amd64\n");
}

TEST(Record, IsOfOneLineAField) {
  const Pending pending{kKernel, {{"a\nargument rm", "100%"}}, {"\xc3\xa9 \x01", ""}};
  EXPECT_EQ(to_text(pending),
            "kip pending 1\n"
            "module a%0Aargument rm\n"
            "rule 100%25\n"
            "argument %C3%A9 %01\n"
            "argument \n");
}

struct Good {
  const char* name;
  Pending pending;
};

void PrintTo(const Good& row, std::ostream* out) {
  *out << row.name;
}

class Record : public testing::TestWithParam<Good> {};

TEST_P(Record, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_pending(to_text(GetParam().pending), kKernel), GetParam().pending);
}

std::string every_byte() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    All, Record,
    testing::Values(Good{"TheExample", example()}, Good{"Nothing", {kKernel, {}, {}}},
                    Good{"SeveralModules",
                         {kKernel, {{"a", "x"}, {"b", "y"}, {"a", "x"}}, {"add"}}},
                    Good{"EmptyFields", {kKernel, {{"", ""}}, {"", ""}}},
                    Good{"EveryByte", {kKernel, {{every_byte(), every_byte()}}, {every_byte()}}},
                    Good{"WhatLooksLikeACode", {kKernel, {{"%41", "%%"}}, {"%0A"}}}),
    [](const auto& row) { return row.param.name; });

struct Bad {
  const char* name;
  std::string text;
};

void PrintTo(const Bad& row, std::ostream* out) {
  *out << row.name;
}

class NoRecord : public testing::TestWithParam<Bad> {};

TEST_P(NoRecord, IsRefused) {
  EXPECT_EQ(parse_pending(GetParam().text, kKernel), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    All, NoRecord,
    testing::Values(Bad{"Empty", ""}, Bad{"AnotherVersion", "kip pending 2\nmodule zfs\nrule x\n"},
                    Bad{"LongerVersion", "kip pending 10\n"},
                    Bad{"FirstLineTwice", kFirst + kFirst},
                    Bad{"WithoutItsFirstLine", "module zfs\nrule x\n"},
                    Bad{"CutOff", kFirst + "module zfs\nrule x"},
                    Bad{"ModuleWithoutARule", kFirst + "module zfs\n"},
                    Bad{"RuleWithoutAModule", kFirst + "rule x\n"},
                    Bad{"TwoRules", kFirst + "module zfs\nrule x\nrule y\n"},
                    Bad{"ModuleBehindAnArgument", kFirst + "argument add\nmodule zfs\nrule x\n"},
                    Bad{"KeyThatIsNone", kFirst + "colour blue\n"},
                    Bad{"KeyAlone", kFirst + "argument\n"}, Bad{"EmptyLine", kFirst + "\n"},
                    Bad{"CodeOfOneDigit", kFirst + "argument %4\n"},
                    Bad{"CodeOfNoDigits", kFirst + "argument %zz\n"},
                    Bad{"CodeInLowerCase", kFirst + "argument %0a\n"},
                    Bad{"CodeForALetter", kFirst + "argument %41\n"},
                    Bad{"ByteThatIsNotCoded", kFirst + "argument \xc3\xa9\n"},
                    Bad{"CarriageReturn", "kip pending 1\r\nargument add\r\n"}),
    [](const auto& row) { return row.param.name; });

// -- The file.

TEST(PendingFile, IsOneAKernelAndReplacesTheOneBefore) {
  const support::TempDir root;
  must(write_pending(root.path(), example()));
  must(write_pending(root.path(), example("6.1.0-9")));
  Pending other = example();
  other.modules.front().name = "nvidia";
  must(write_pending(root.path(), other));
  EXPECT_THAT(support::names_in(root / kPlace), ElementsAre("6.1.0-9", kKernel));
  const PendingRecords found = must(read_pending(must(Root::at(root.path()))));
  EXPECT_THAT(found.records, ElementsAre(example("6.1.0-9"), other));
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST(PendingFile, IsForAllToSeeWhateverTheUmask) {
  const support::TempDir root;
  const Umask umask(0077);
  must(write_pending(root.path(), example()));
  EXPECT_EQ(mode_of(root / (kPlace + "/" + kKernel)), 0644U);
  for (const char* const name : {"var", "var/lib", "var/lib/kip", "var/lib/kip/pending"})
    EXPECT_EQ(mode_of(root / name), 0755U) << name;
}

TEST(PendingFile, LeavesDirectoriesThatAreThereAsTheyAre) {
  const support::TempDir root;
  std::filesystem::permissions(root.directory("var/lib"), std::filesystem::perms::owner_all);
  must(write_pending(root.path(), example()));
  EXPECT_EQ(mode_of(root / "var/lib"), 0700U);
}

TEST(PendingFile, TakesThePlaceOfALinkAndLeavesItsTarget) {
  const support::TempDir root;
  const std::string target = root.write("target", std::string_view("mine"));
  root.link(kPlace + "/" + kKernel, target);
  must(write_pending(root.path(), example()));
  EXPECT_EQ(text_of(target), "mine");
  EXPECT_EQ(text_of(root / (kPlace + "/" + kKernel)), to_text(example()));
  EXPECT_FALSE(std::filesystem::is_symlink(root / (kPlace + "/" + kKernel)));
}

TEST(PendingFile, IsAsBeforeWhereTheNewOneCannotBeWritten) {
  const support::TempDir root;
  root.directory(kPlace + "/" + kKernel);  // a directory takes its name
  EXPECT_NE(error_of(write_pending(root.path(), example())), "");
  EXPECT_THAT(support::names_in(root / kPlace), ElementsAre(kKernel));
  EXPECT_NE(error_of(write_pending(root / "missing", example())), "");
  EXPECT_NE(error_of(write_pending(root.write("file", std::string_view()), example())), "");
}

// A builder's root: what its links mean by '/' is not this machine's.
TEST(PendingFile, StaysWithinItsRoot) {
  const support::TempDir outside;
  for (const char* const link : {"var", "var/lib", "var/lib/kip", "var/lib/kip/pending"}) {
    const support::TempDir root;
    root.link(link, outside.path());
    EXPECT_NE(error_of(write_pending(root.path(), example())), "") << link;
    EXPECT_THAT(support::names_in(outside.path()), IsEmpty()) << link;
    EXPECT_EQ(error_of(remove_pending(root.path(), kKernel)), "") << link;
  }
  const support::TempDir root;
  root.directory("elsewhere/kip");
  root.link("var/lib", "../elsewhere");
  must(write_pending(root.path(), example()));
  EXPECT_TRUE(support::exists(root / ("elsewhere/kip/pending/" + kKernel)));
}

TEST(PendingRemoved, IsGoneAndTheOthersStay) {
  const support::TempDir root;
  must(write_pending(root.path(), example()));
  must(write_pending(root.path(), example("6.1.0-9")));
  must(remove_pending(root.path(), kKernel));
  EXPECT_THAT(support::names_in(root / kPlace), ElementsAre("6.1.0-9"));
  must(remove_pending(root.path(), kKernel));
}

TEST(PendingRemoved, IsNoErrorWhereThereNeverWasAny) {
  const support::TempDir root;
  must(remove_pending(root.path(), kKernel));
  EXPECT_THAT(support::names_in(root.path()), IsEmpty());
}

struct NameRow {
  const char* name;
  std::string kernel;
};

void PrintTo(const NameRow& row, std::ostream* out) {
  *out << row.name;
}

class KernelName : public testing::TestWithParam<NameRow> {};

TEST_P(KernelName, LeadsNowhereElse) {
  const support::TempDir directory;
  const std::string root = directory.directory("root");
  const std::string decoy = directory.write("root/var/lib/kip/decoy", std::string_view("decoy"));
  directory.directory("root/" + kPlace);
  const std::string& kernel = GetParam().kernel;
  EXPECT_EQ(code_of(write_pending(root, example(kernel))), Errc::kInvalid);
  EXPECT_EQ(code_of(remove_pending(root, kernel)), Errc::kInvalid);
  EXPECT_EQ(text_of(decoy), "decoy");
  EXPECT_THAT(support::names_in(directory / ("root/" + kPlace)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Refused, KernelName,
                         testing::Values(NameRow{"Empty", ""}, NameRow{"Dot", "."},
                                         NameRow{"DotDot", ".."}, NameRow{"Above", "../decoy"},
                                         NameRow{"Absolute", "/etc/passwd"},
                                         NameRow{"Below", "a/b"}, NameRow{"SlashAtItsEnd", "a/"},
                                         NameRow{"Hidden", ".kip-1"},
                                         NameRow{"WithANul", std::string("a\0b", 3)},
                                         NameRow{"TooLong", std::string(256, 'k')}),
                         [](const auto& row) { return row.param.name; });

TEST(KernelNames, ThatOnlyLookOddAreNames) {
  const support::TempDir root;
  for (const std::string& kernel : {std::string("6.12 with blanks"), std::string("-rf"),
                                    std::string("a\nb"), std::string(255, 'k')}) {
    must(write_pending(root.path(), example(kernel)));
    EXPECT_EQ(must(read_pending(must(Root::at(root.path())))).records.size(), 1U);
    must(remove_pending(root.path(), kernel));
  }
}

TEST(PendingRead, IsEmptyWhereNothingIs) {
  const support::TempDir root;
  EXPECT_THAT(must(read_pending(must(Root::at(root.path())))).records, IsEmpty());
}

TEST(PendingRead, NamesWhatIsNoneOfOursAndGoesOn) {
  const support::TempDir root;
  must(write_pending(root.path(), example()));
  root.write(kPlace + "/6.99-newer", std::string_view("kip pending 2\nwhatever\n"));
  root.write(kPlace + "/.kip-123", std::string_view("half"));
  root.fifo(kPlace + "/fifo");
  root.link(kPlace + "/link", root / (kPlace + "/" + kKernel));
  root.directory(kPlace + "/directory");
  root.sparse(kPlace + "/huge", kPendingLimit + 1);
  const PendingRecords found = must(read_pending(must(Root::at(root.path()))));
  EXPECT_THAT(found.records, ElementsAre(example()));
  std::vector<std::string> places;
  for (const Finding& finding : found.findings) {
    EXPECT_EQ(finding.rule, "pending-unread");
    places.push_back(finding.place.substr(finding.place.rfind('/') + 1));
  }
  EXPECT_THAT(places, ElementsAre("6.99-newer", "directory", "fifo", "huge", "link"));
}

}  // namespace
}  // namespace kip::state
