// What is in the staging area, and which file is the initrd that boots: every situation that
// generators and callers leave us in.
#include <gmock/gmock.h>
#include <ostream>

#include "src/cli/staging.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::cli {
namespace {

using support::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = ImageChoice::Kind;

TEST(ReadStaging, TakesRegularFilesByTheirName) {
  const TempDir dir;
  for (const char* const name : {"initrd.img-6.12.1", "initrd", "initrd-rescue", "microcode-intel",
                                 "microcode", "Initrd", "my-initrd", "uki.efi.tmp", ".initrd"})
    dir.write(name, std::string_view("x"));
  const Staging staging = must(read_staging(dir.path()));
  EXPECT_THAT(staging.initrds, ElementsAre("initrd", "initrd-rescue", "initrd.img-6.12.1"));
  EXPECT_THAT(staging.microcode, ElementsAre("microcode", "microcode-intel"));
  EXPECT_FALSE(staging.uki);
  EXPECT_TRUE(staging.has(staging.initrds, "initrd-rescue"));
  EXPECT_FALSE(staging.has(staging.initrds, "microcode"));
}

TEST(ReadStaging, SeesAUki) {
  const TempDir dir;
  dir.write("uki.efi", std::string_view("x"));
  EXPECT_TRUE(must(read_staging(dir.path())).uki);
}

TEST(ReadStaging, TakesLinksToFiles) {
  const TempDir dir;
  dir.link("staging/initrd", dir.write("boot/initrd.img", std::string_view("x")));
  dir.link("staging/microcode-amd", "../boot/initrd.img");
  dir.link("staging/uki.efi", "initrd");
  const Staging staging = must(read_staging(dir / "staging"));
  EXPECT_THAT(staging.initrds, ElementsAre("initrd"));
  EXPECT_THAT(staging.microcode, ElementsAre("microcode-amd"));
  EXPECT_TRUE(staging.uki);
}

TEST(ReadStaging, LeavesOutWhatNoConsumerTakes) {
  const TempDir dir;
  dir.link("staging/initrd", dir / "nowhere");
  dir.link("staging/initrd-loop", "initrd-loop");
  dir.link("staging/initrd-there", dir.directory("elsewhere"));
  dir.directory("staging/initrd.d");
  dir.fifo("staging/initrd-fifo");
  dir.socket("staging/microcode-socket");
  dir.directory("staging/uki.efi");
  const Staging staging = must(read_staging(dir / "staging"));
  EXPECT_THAT(staging.initrds, IsEmpty());
  EXPECT_THAT(staging.microcode, IsEmpty());
  EXPECT_FALSE(staging.uki);
}

TEST(ReadStaging, OfNoDirectoryIsAnError) {
  const TempDir dir;
  EXPECT_THAT(error_of(read_staging(dir / "none")), HasSubstr("No such file"));
  EXPECT_THAT(error_of(read_staging(dir.write("file", std::string_view("x")))),
              HasSubstr("Not a directory"));
}

// -- The choice.

// By what they do with files named microcode*.
const CallerRow& caller(bool lists_microcode) {
  for (const CallerRow& row : caller_table()) {
    if (row.lists_microcode == lists_microcode) return row;
  }
  throw std::logic_error("no such caller");
}

constexpr bool kLists = true, kOld = false;

struct Situation {
  std::vector<std::string> staged = {};
  std::vector<std::string> arguments = {};  // INITRD
  std::string layout = "bls";
  bool in_entry = false;  // ENTRY-DIRECTORY/initrd
  bool lists_microcode = kLists;
};

struct ChoiceRow {
  const char* name;
  Situation situation;
  Kind kind;
  const char* source;  // below the scratch directory; empty: none
  const char* target;
  const char* why;  // a part of it
};

void PrintTo(const ChoiceRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<ChoiceRow> kChoices = {
    {"OneInitrd", {.staged = {"initrd"}}, Kind::kMerge, "staging/initrd", "staging/initrd", ""},
    {"OneInitrdFor251",
     {.staged = {"initrd"}, .lists_microcode = kOld},
     Kind::kMerge,
     "staging/initrd",
     "staging/initrd",
     ""},
    {"OneInitrdForUkify",
     {.staged = {"initrd"}, .layout = "uki"},
     Kind::kMerge,
     "staging/initrd",
     "staging/initrd",
     ""},
    {"OneInitrdForOthers",
     {.staged = {"initrd"}, .layout = "grub"},
     Kind::kMerge,
     "staging/initrd",
     "staging/initrd",
     ""},
    {"OneInitrdByAnotherNameKeepsIt",
     {.staged = {"initrd.img-6.12.1"}},
     Kind::kMerge,
     "staging/initrd.img-6.12.1",
     "staging/initrd.img-6.12.1",
     ""},
    {"BesideAMicrocodeFile",
     {.staged = {"initrd", "microcode-intel"}},
     Kind::kMerge,
     "staging/initrd",
     "staging/initrd",
     ""},
    {"StagedGoesBeforeTheEntrysOwn",
     {.staged = {"initrd"}, .in_entry = true},
     Kind::kMerge,
     "staging/initrd",
     "staging/initrd",
     ""},
    {"SeveralInitrds",
     {.staged = {"initrd", "initrd-modules"}},
     Kind::kSeparate,
     "",
     "",
     "several initrds are staged"},
    {"SeveralInitrdsFor251",
     {.staged = {"initrd", "initrd-modules"}, .lists_microcode = kOld},
     Kind::kLost,
     "",
     "",
     "puts no microcode in front of them"},
    {"InitrdsGiven",
     {.arguments = {"/boot/a.img"}},
     Kind::kSeparate,
     "",
     "",
     "initrds of the command line stay as they are"},
    {"InitrdsGivenForUkify",
     {.arguments = {"/boot/a.img"}, .layout = "uki"},
     Kind::kSeparate,
     "",
     "",
     "initrds of the command line stay as they are"},
    {"InitrdsGivenFor251",
     {.arguments = {"/boot/a.img"}, .lists_microcode = kOld},
     Kind::kLost,
     "",
     "",
     "puts no microcode in front of them"},
    {"InitrdsGivenAndOneStaged",
     {.staged = {"initrd"}, .arguments = {"/boot/a.img"}},
     Kind::kSeparate,
     "",
     "",
     "initrds of the command line stay as they are"},
    {"OnlyInTheEntry", {.in_entry = true}, Kind::kMerge, "entry/initrd", "staging/initrd", ""},
    {"OnlyInTheEntryFor251",
     {.in_entry = true, .lists_microcode = kOld},
     Kind::kMerge,
     "entry/initrd",
     "staging/initrd",
     ""},
    {"OnlyInTheEntryThatNobodyBoots",
     {.layout = "other", .in_entry = true},
     Kind::kNothing,
     "",
     "",
     "no initrd is staged"},
    {"OnlyInTheEntryForUkify",
     {.layout = "uki", .in_entry = true},
     Kind::kNothing,
     "",
     "",
     "no initrd is staged"},
    {"UkiOfTheGenerator",
     {.staged = {"uki.efi"}, .layout = "uki"},
     Kind::kLost,
     "",
     "",
     "with uki_generator=ukify kip takes part"},
    {"UkiOfTheGeneratorAndAnInitrd",
     {.staged = {"initrd", "uki.efi"}, .layout = "uki"},
     Kind::kLost,
     "",
     "",
     "its initrd is sealed in it"},
    {"NoInitrdAnywhere", {}, Kind::kNothing, "", "", "no initrd is staged"},
    {"OnlyAMicrocodeFile",
     {.staged = {"microcode-amd"}},
     Kind::kNothing,
     "",
     "",
     "no initrd is staged"},
};

class ChooseImage : public testing::TestWithParam<ChoiceRow> {};

TEST_P(ChooseImage, FindsTheOneThatBoots) {
  const auto& [name, situation, kind, source, target, why] = GetParam();
  const TempDir dir;
  Invocation call;
  call.kernel = "0.0.0-kip-test";  // of which there is nothing in /boot
  call.staging = dir.directory("staging");
  call.entry_directory = dir / "entry";  // not made before there is something in it
  call.layout = situation.layout;
  call.initrds = situation.arguments;
  call.caller = &caller(situation.lists_microcode);
  for (const std::string& staged : situation.staged)
    dir.write("staging/" + staged, std::string_view("x"));
  if (situation.in_entry) dir.write("entry/initrd", std::string_view("x"));
  const ImageChoice choice = choose_image(call, must(read_staging(call.staging)));
  EXPECT_EQ(choice.kind, kind);
  EXPECT_EQ(choice.source, *source == '\0' ? "" : dir / source);
  EXPECT_EQ(choice.target, *target == '\0' ? "" : dir / target);
  EXPECT_THAT(choice.why, HasSubstr(why));
}

INSTANTIATE_TEST_SUITE_P(Every, ChooseImage, testing::ValuesIn(kChoices),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ChooseImage, TakesALinkInTheEntryAndLeavesDirectoriesThere) {
  const TempDir dir;
  Invocation call;
  call.kernel = "0.0.0-kip-test";
  call.staging = dir.directory("staging");
  call.layout = "bls";
  call.caller = &caller(kLists);
  call.entry_directory = dir.directory("linked");
  dir.link("linked/initrd", dir.write("image", std::string_view("x")));
  EXPECT_EQ(choose_image(call, must(read_staging(call.staging))).source, dir / "linked/initrd");
  call.entry_directory = dir.directory("made");
  dir.directory("made/initrd");
  EXPECT_EQ(choose_image(call, must(read_staging(call.staging))).kind, Kind::kNothing);
}

TEST(ChooseImage, LooksForNoEntryWithoutADirectory) {
  const TempDir dir;
  Invocation call;  // Gentoo's: an entry of "" would be /initrd
  call.kernel = "0.0.0-kip-test";
  call.staging = dir.path();
  call.layout = "bls";
  call.caller = &caller(kOld);
  EXPECT_EQ(choose_image(call, must(read_staging(call.staging))).kind, Kind::kNothing);
}

}  // namespace
}  // namespace kip::cli
