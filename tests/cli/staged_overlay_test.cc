// Where modules go in a staging area, against what they are built, and what a second run sees of the first.
#include <filesystem>
#include <gmock/gmock.h>
#include <ostream>
#include <unistd.h>

#include "src/cli/staging.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::cli {
namespace {

using support::TempDir;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = ImageChoice::Kind;
using Names = std::vector<std::string>;

const CallerRow& caller(bool lists_microcode) {
  for (const CallerRow& row : caller_table()) {
    if (row.lists_microcode == lists_microcode) return row;
  }
  throw std::logic_error("no such caller");
}

struct Row {
  const char* name;
  Names staged;
  Names arguments;
  const char* layout;
  bool lists_microcode;
  bool takes_overlay;
  Names bases;  // "staging/…" is below the scratch directory
  bool is_uki = false;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Names kTwo = {"initrd", "initrd-b"};
const Names kStagedTwo = {"staging/initrd", "staging/initrd-b"};
const Names kGiven = {"/boot/given.img"};

const std::vector<Row> kRows = {
    {"OneIsMerged", {"initrd"}, {}, "bls", true, false, {"staging/initrd"}},
    {"Several", kTwo, {}, "bls", true, true, kStagedTwo},
    {"SeveralFor251", kTwo, {}, "bls", false, true, kStagedTwo},
    {"SeveralForUkify", kTwo, {}, "uki", true, true, kStagedTwo},
    {"SeveralForNoUkify", kTwo, {}, "uki", false, false, kStagedTwo},
    {"SeveralForGrub", kTwo, {}, "grub", true, false, kStagedTwo},
    {"Given", {}, kGiven, "bls", true, true, kGiven},
    {"GivenAndStaged",
     {"initrd"},
     kGiven,
     "bls",
     true,
     true,
     {"/boot/given.img", "staging/initrd"}},
    {"OneThatWouldStandBehindIt",
     {"initrd", "initrd_z"},
     {},
     "bls",
     true,
     false,
     {"staging/initrd", "staging/initrd_z"}},
    {"SealedByTheGenerator", {"initrd", "uki.efi"}, {}, "uki", true, false, {}},
    {"SealedAlready", {"initrd"}, {}, "uki", true, false, {}, true},
    {"None", {}, {}, "bls", true, false, {}},
};

class OverlayPlace : public testing::TestWithParam<Row> {};

TEST_P(OverlayPlace, IsWhereItsBaseBoots) {
  const Row& row = GetParam();
  const TempDir dir;
  Invocation call;
  call.kernel = "0.0.0-kip-test";
  call.staging = dir.directory("staging");
  call.layout = row.layout;
  call.initrds = row.arguments;
  call.is_uki = row.is_uki;
  call.caller = &caller(row.lists_microcode);
  for (const std::string& name : row.staged) dir.write("staging/" + name, std::string_view("x"));
  const ImageChoice choice = choose_image(call, must(read_staging(call.staging)));
  EXPECT_EQ(choice.takes_overlay, row.takes_overlay);
  Names bases;
  for (const std::string& base : row.bases)
    bases.push_back(base.starts_with('/') ? base : dir / base);
  EXPECT_EQ(choice.bases, bases);
}

INSTANTIATE_TEST_SUITE_P(Every, OverlayPlace, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ReadStaging, DoesNotTakeOurFileOfModulesForAnInitrd) {
  const TempDir dir;
  dir.write(kOverlayFile, std::string_view("x"));
  dir.write("initrd.zz-kip-modules-of-another", std::string_view("x"));
  EXPECT_THAT(must(read_staging(dir.path())).initrds,
              ElementsAre("initrd.zz-kip-modules-of-another"));
}

// -- The note.

class Left : public testing::Test {
 protected:
  Left() {
    must(make_own_directory(dir_.path()));
    dir_.write("initrd", std::string_view("merged"));
  }

  [[nodiscard]] bool as_left() const {
    return is_as_left(dir_.path(), must(read_staging(dir_.path())));
  }

  TempDir dir_;
};

TEST_F(Left, IsKnownByItsNote) {
  EXPECT_FALSE(as_left());
  EXPECT_FALSE(has_note(dir_.path()));
  must(note_left(dir_.path()));
  EXPECT_TRUE(has_note(dir_.path()));
  EXPECT_TRUE(as_left());
}

TEST_F(Left, IsAnotherWithOneMoreInitrd) {
  must(note_left(dir_.path()));
  dir_.write("initrd-late", std::string_view("x"));
  EXPECT_FALSE(as_left());
}

TEST_F(Left, IsAnotherWithoutOne) {
  dir_.write("initrd-b", std::string_view("x"));
  must(note_left(dir_.path()));
  std::filesystem::remove(dir_ / "initrd-b");
  EXPECT_FALSE(as_left());
}

TEST_F(Left, IsAnotherOfAnotherSize) {
  must(note_left(dir_.path()));
  dir_.write("initrd", std::string_view("another"));
  EXPECT_FALSE(as_left());
}

TEST_F(Left, IsAnotherWithALinkInItsPlace) {
  const std::string outside = dir_.write("boot/outside", std::string_view("merged"));
  must(note_left(dir_.path()));
  std::filesystem::remove(dir_ / "initrd");
  dir_.link("initrd", outside);
  EXPECT_FALSE(as_left());
}

// 58 saw no initrd: whatever comes then is not its work.
TEST_F(Left, IsNothingWhereNothingWasStaged) {
  std::filesystem::remove(dir_ / "initrd");
  must(note_left(dir_.path()));
  EXPECT_FALSE(as_left());
}

TEST_F(Left, IsNotNotedWhereKipHasNoDirectory) {
  std::filesystem::remove_all(dir_ / "kip.d");
  must(note_left(dir_.path()));
  EXPECT_FALSE(as_left());
  EXPECT_THAT(support::names_in(dir_.path()), ElementsAre("initrd"));
}

TEST_F(Left, IsNotReadThroughALink) {
  must(note_left(dir_.path()));
  std::filesystem::rename(dir_ / "kip.d/left", dir_ / "elsewhere");
  dir_.link("kip.d/left", dir_ / "elsewhere");
  EXPECT_FALSE(as_left());
}

}  // namespace
}  // namespace kip::cli
