// What of an image is cut out: each row is an image, piece by piece, and says which pieces stay.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <ostream>

#include "src/image/early.h"
#include "src/image/front.h"
#include "tests/base/must.h"
#include "tests/image/base_image.h"
#include "tests/support/temp_dir.h"

namespace kip::image {
namespace {

using support::Blob;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using support::noise;
using support::text;
using support::View;
using support::zeros;

struct Row {
  explicit Row(std::string its_name) : name(std::move(its_name)) {}

  Row& keep(View piece) {
    support::append(image, piece);
    support::append(kept, piece);
    return *this;
  }
  Row& cut(View piece) {
    support::append(image, piece);
    return *this;
  }
  Row& cut_own(View piece) {
    ++own;
    return cut(piece);
  }

  std::string name;
  Blob image, kept;
  std::size_t own = 0;  // early parts of ours
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Blob kIntel = noise(1024, 1), kAmd = noise(515, 2), kOther = noise(100, 3);
const std::string kBackup = std::string(kIntelPath) + ".bak";

// Archives that are there for the microcode go as a whole.
std::vector<Row> early_archives() {
  const Blob plain = NewcBlob().raw(directories()).file(kIntelPath, kIntel).bytes();
  const Blob with_empty_member = NewcBlob().raw(directories()).file(kIntelPath, {}).bytes();
  const Blob iucode_tool =
      NewcBlob()
          .raw(directories())
          .directory("kernel/x86/microcode/.enable.early.microcode", {.name_room = 60})
          .file(kIntelPath, kIntel)
          .bytes();
  const Blob twice = NewcBlob().file(kIntelPath, kIntel).file(kIntelPath, kIntel).bytes();
  return {
      Row("Dracut").cut(dracut_early(kIntel, kAmd)).keep(compressed_rest()),
      Row("OneVendor").cut(dracut_early({}, kAmd)).keep(compressed_rest()),
      Row("WithoutPadding").cut(plain).keep(compressed_rest()),
      Row("MuchPadding").cut(join({plain, zeros(8192)})).keep(compressed_rest()),
      Row("ZerosInFront").keep(zeros(64)).cut(plain).keep(compressed_rest()),
      Row("WithIucodeToolsDirectory").cut(iucode_tool).keep(compressed_rest()),
      Row("WithoutDirectories")
          .cut(join({member(kIntelPath, kIntel), trailer()}))
          .keep(compressed_rest()),
      Row("WithAMemberOfNoBytes").cut(with_empty_member).keep(compressed_rest()),
      Row("TheSameMemberTwice").cut(twice).keep(compressed_rest()),
      Row("StaleOneBehind")
          .cut(dracut_early(kIntel))
          .cut(dracut_early(noise(1024, 9)))
          .keep(compressed_rest()),
      Row("BetweenOthers")
          .keep(NewcBlob().file("first", kOther).pad_to(512).bytes())
          .cut(dracut_early(kIntel))
          .keep(NewcBlob().file("second", kOther).bytes()),
      Row("NothingBehind").cut(dracut_early(kIntel)),
  };
}

// Archives with something else in them lose the microcode's members alone.
std::vector<Row> mixed_archives() {
  const Blob acpi = join({directories(), NewcBlob()
                                             .directory("kernel/firmware")
                                             .directory("kernel/firmware/acpi")
                                             .file("kernel/firmware/acpi/dsdt.aml", kOther)
                                             .trailer(false)
                                             .bytes()});
  const Blob link = NewcBlob()
                        .raw(directories())
                        .link("usr", 77)
                        .link(kIntelPath, 77, kIntel)
                        .pad_to(512)
                        .bytes();
  return {
      Row("WithAcpiTables")
          .keep(acpi)
          .cut(member(kIntelPath, kIntel))
          .keep(trailer())
          .keep(compressed_rest()),
      Row("AcpiTablesBetweenTheVendors")
          .cut(member(kAmdPath, kAmd))
          .keep(acpi)
          .cut(member(kIntelPath, kIntel))
          .keep(join({trailer(), zeros(300)}))
          .keep(compressed_rest()),
      Row("UncompressedImage")
          .keep(member("init", kOther))
          .keep(directories())
          .cut(member(kIntelPath, kIntel))
          .keep(trailer()),
      Row("MarkerThatIsSomebodysFile")
          .keep(member("early_cpio", text("a file of that name\n")))
          .cut(member(kIntelPath, kIntel))
          .keep(trailer()),
      Row("PrefixInFront")
          .keep(join({directories(), member(kBackup, kOther)}))
          .cut(member(kIntelPath, kIntel))
          .keep(trailer()),
      Row("PrefixAlone").keep(join({directories(), member(kBackup, kOther), trailer()})),
      Row("HardLinked").keep(link).keep(compressed_rest()),
      Row("DirectoryOfThatName").keep(NewcBlob().directory(kIntelPath).bytes()),
      Row("SymbolicLinkOfThatName").keep(NewcBlob().symlink(kIntelPath, "x").bytes()),
      Row("NoMicrocode").keep(NewcBlob().file("init", kOther).pad_to(512).bytes()),
      Row("DirectoriesAlone").keep(join({directories(), trailer()})).keep(compressed_rest()),
  };
}

std::vector<Row> own_parts() {
  const Blob own = own_early(kIntel), next = own_early(noise(1024, 9));
  const Blob microcode = member(kIntelPath, kIntel);
  const Blob mark = NewcBlob()
                        .directory("kip")
                        .file("kip/early", text("kip early 1\n"))
                        .file("kip/notes", kOther)
                        .bytes();
  return {
      Row("Own").cut_own(own).keep(compressed_rest()),
      Row("OwnOfNoUpdates").cut_own(own_early({})).keep(compressed_rest()),
      Row("OwnBeforeZeros").cut_own(own).keep(zeros(512)).keep(compressed_rest()),
      Row("OwnBeforeAFewZeros").cut_own(own).keep(zeros(4)).keep(NewcBlob().bytes()),
      Row("OwnBeforeDracuts").cut_own(own).cut(dracut_early(kIntel)).keep(compressed_rest()),
      Row("OwnBehindDracuts").cut(dracut_early(kIntel)).cut_own(own).keep(compressed_rest()),
      Row("OwnTwice").cut_own(own).cut_own(next).keep(compressed_rest()),
      Row("OwnAlone").cut_own(own),
      Row("OwnOfAnotherVersion")
          .keep(directories())
          .cut(microcode)
          .keep(NewcBlob().directory("kip").file("kip/early", text("kip early 2\n")).bytes()),
      Row("OwnMarkAmongOthersFiles").keep(directories()).cut(microcode).keep(mark),
  };
}

std::vector<Row> broken_images() {
  const Blob microcode = NewcBlob().raw(directories()).file(kAmdPath, kAmd).trailer(false).bytes();
  const Blob early = dracut_early(kIntel);
  const Blob bad = NewcBlob().file("bad", {}, {.uid_text = "0000000x"}).bytes();
  return {
      Row("Empty"),
      Row("Compressed").keep(compressed_rest()),
      Row("Zeros").keep(zeros(4096)),
      Row("Junk").keep(noise(300, 4)),
      Row("Misaligned").keep(zeros(2)).keep(early),
      Row("MisalignedBehindAnother").cut(early).cut(zeros(2)).keep(early),
      Row("JunkBehind").cut(early).keep(noise(300, 4)),
      Row("HeaderBrokenBehind").cut(early).keep(bad),
      Row("HeaderBrokenInside").cut(microcode).keep(bad),
      Row("HeaderCut").cut(early).keep(View(early).first(60)),
      Row("DataCut").cut(View(microcode).first(microcode.size() - 100)),
      Row("PaddingOfTheDataCut").cut(View(microcode).first(microcode.size() - 1)),
      Row("TrailerMissing").cut(microcode),
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const auto& rows : {early_archives(), mixed_archives(), own_parts(), broken_images()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

class FrontOf : public testing::TestWithParam<Row> {
 protected:
  const Blob& image() const { return GetParam().image; }
  Front front() const {
    const std::string path = directory_.write("image", image());
    return must(read_front(must(Root().open(path, O_RDONLY)).get()));
  }
  Blob rest() const {
    Blob rest;
    for (const Range& range : kept(front().cuts, image().size()))
      support::append(rest, View(image()).subspan(range.begin, range.end - range.begin));
    return rest;
  }

  support::TempDir directory_;
};

INSTANTIATE_TEST_SUITE_P(Rows, FrontOf, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

TEST_P(FrontOf, LeavesTheRestByteForByte) {
  EXPECT_EQ(rest(), GetParam().kept);
}

TEST_P(FrontOf, HasCutsInOrder) {
  std::uint64_t end = 0;
  for (const Range& cut : front().cuts) {
    EXPECT_GE(cut.begin, end);
    EXPECT_GT(cut.end, cut.begin);
    end = cut.end;
  }
}

TEST_P(FrontOf, CountsPartsOfOurs) {
  EXPECT_EQ(front().own.size(), GetParam().own);
  EXPECT_EQ(front().own_ranges.size(), GetParam().own);
}

TEST_P(FrontOf, TakesWhatTheKernelsSearchTakes) {
  const Front front = this->front();
  for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    const auto& taken = front.taken[vendor == ucode::Vendor::kIntel ? 0 : 1];
    std::optional<support::Extent> place;
    if (taken) place = support::Extent{taken->data_offset, taken->size};
    EXPECT_EQ(place, support::find_early(image(), member_path(vendor)));
  }
}

// With a part of ours in front, the kernel's search ends there.
TEST_P(FrontOf, LeavesNoMicrocodeThatAnotherPartWouldHaveToHide) {
  const Blob ours = own_early(kIntel);
  const auto found = support::find_early(join({ours, rest()}), kIntelPath);
  ASSERT_TRUE(found);
  EXPECT_LT(found->offset, ours.size());
}

TEST_P(FrontOf, LeavesEveryOtherFileInTheKernelsRoot) {
  const Blob joined = join({own_early(kIntel), rest()});
  const auto before = support::unpack_verdict(image()), after = support::unpack_verdict(joined);
  for (const support::UnpackedFile& file : before.files) {
    if (file.name.starts_with("kernel/x86/microcode/") && !file.name.ends_with(".bak")) continue;
    const support::UnpackedFile* const same = after.find(file.name);
    ASSERT_NE(same, nullptr) << file.name;
    EXPECT_EQ(same->mode, file.mode) << file.name;
    if (file.name == kDracutMarker && file.data.size <= 2) continue;  // ours stands for it
    if (file.name == kManifestPath) continue;
    EXPECT_TRUE(std::ranges::equal(View(joined).subspan(same->data.offset, same->data.size),
                                   View(image()).subspan(file.data.offset, file.data.size)))
        << file.name;
  }
  EXPECT_EQ(before.error.empty() ? after.error : "", "");
  if (before.compressed_at) {
    ASSERT_TRUE(after.compressed_at);
    EXPECT_EQ(joined.size() - *after.compressed_at, image().size() - *before.compressed_at);
  }
}

// Alone, kernels read it; behind an archive the compressed data must begin at a multiple of 4.
TEST(Front, RefusesAnImageThatCannotStandBehindAnotherPart) {
  const Blob image = join({zeros(2), compressed_rest()});
  ASSERT_EQ(support::unpack_verdict(image).error, "");
  ASSERT_EQ(support::unpack_verdict(join({own_early(kIntel), image})).error, "broken padding");
  const support::TempDir directory;
  const std::string path = directory.write("image", image);
  EXPECT_EQ(code_of(read_front(must(Root().open(path, O_RDONLY)).get())), Errc::kUnsupported);
}

TEST(Front, SaysWhatTheImageHadBehindOurOwn) {
  const Blob own = own_early(kIntel), base = dracut_early(noise(512, 9), kAmd);
  const support::TempDir directory;
  const std::string path = directory.write("image", join({own, base}));
  const Front front = must(read_front(must(Root().open(path, O_RDONLY)).get()));
  EXPECT_EQ(front.taken[0]->data_offset, support::find_early(own, kIntelPath)->offset);
  EXPECT_EQ(front.base[0]->data_offset, own.size() + support::find_early(base, kIntelPath)->offset);
  EXPECT_EQ(front.base[1]->data_offset, front.taken[1]->data_offset);
}

}  // namespace
}  // namespace kip::image
