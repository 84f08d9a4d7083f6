// What is mounted on '/': the kernel's table and fstab as text, and which of the two counts.
#include <gtest/gtest.h>
#include <ostream>

#include "src/host/root_mount.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::host {
namespace {

struct TextRow {
  const char* name;
  std::string text;
  std::optional<RootMount> mount;
};

void PrintTo(const TextRow& row, std::ostream* out) {
  *out << row.name;
}

std::string name_of(const testing::TestParamInfo<TextRow>& row) {
  return row.param.name;
}

class MountinfoTest : public testing::TestWithParam<TextRow> {};

TEST_P(MountinfoTest, HasTheMountOnTheRoot) {
  EXPECT_EQ(root_in_mountinfo(GetParam().text), GetParam().mount);
}

std::optional<RootMount> mounted(const std::string& type, const std::string& source,
                                 const std::string& device = "", bool whole = true) {
  return RootMount{type, source, device, "/proc/self/mountinfo", whole};
}

constexpr char kProc[] = "22 27 0:21 / /proc rw,relatime - proc proc rw\n";
constexpr char kExt4[] = "27 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw\n";
const std::string kLongLine =
    "40 27 8:3 / /srv/" + std::string(1 << 20, 'a') + " rw - ext4 /dev/sda3 rw\n";

INSTANTIATE_TEST_SUITE_P(
    Tables, MountinfoTest,
    testing::Values(
        TextRow{"Ext4", std::string(kProc) + kExt4, mounted("ext4", "/dev/sda2", "8:2")},
        TextRow{"WithoutOptionalFields", "27 1 254:0 / / rw - xfs /dev/vda rw\n",
                mounted("xfs", "/dev/vda", "254:0")},
        TextRow{"SeveralOptionalFields",
                "27 1 254:0 / / rw shared:1 master:2 propagate_from:3 - xfs /dev/vda rw\n",
                mounted("xfs", "/dev/vda", "254:0")},
        TextRow{"BtrfsHasNoDeviceOfItsOwn",
                "27 1 0:25 /@ / rw shared:1 - btrfs /dev/nvme0n1p2 rw,subvol=/@\n",
                mounted("btrfs", "/dev/nvme0n1p2", "", /*whole=*/false)},
        TextRow{"Zfs", "27 1 0:26 / / rw shared:1 - zfs rpool/ROOT/debian rw,xattr\n",
                mounted("zfs", "rpool/ROOT/debian")},
        TextRow{"EscapedSource", "27 1 0:26 / / rw - zfs my\\040pool/a\\134b rw\n",
                mounted("zfs", "my pool/a\\b")},
        TextRow{"EscapeThatIsNone", "27 1 0:26 / / rw - zfs pool\\04 rw\n",
                mounted("zfs", "pool\\04")},
        TextRow{
            "OtherPlacesThatBeginAlike",
            "28 27 8:3 / /\\040x rw - ext4 /dev/sda3 rw\n29 27 8:4 / //x rw - ext4 /dev/sda4 rw\n",
            {}},
        TextRow{"TheLastHidesTheOthers", std::string("1 1 0:1 / / rw - rootfs rootfs rw\n") + kExt4,
                mounted("ext4", "/dev/sda2", "8:2")},
        TextRow{"OverlayOfAContainer",
                std::string("27 1 0:50 / / rw - overlay overlay rw,lowerdir=/a:/b\n") + kProc,
                {}},
        TextRow{"OverlayOverTheMachinesOwn",
                std::string(kExt4) + "50 27 0:50 / / rw - overlay overlay rw\n",
                {}},
        TextRow{"LiveMedium", "27 1 7:0 / / ro - squashfs /dev/loop0 ro\n", {}},
        TextRow{"InMemory", "27 1 0:2 / / rw - rootfs none rw\n", {}},
        TextRow{"ChrootIntoADirectory", kProc, {}}, TextRow{"Empty", "", {}},
        TextRow{"LastLineWithoutItsEnd", "27 1 8:2 / / rw - ext4 /dev/sda2 rw",
                mounted("ext4", "/dev/sda2", "8:2")},
        TextRow{"BehindALineOfAMegabyte", kLongLine + kExt4, mounted("ext4", "/dev/sda2", "8:2")},
        TextRow{
            "CutLines", "27\n27 1\n27 1 8:2\n27 1 8:2 /\n27 1 8:2 / /\n27 1 8:2 / / rw\n - \n", {}},
        TextRow{"NoNumbers", "27 1 8:x / / rw - ext4 /dev/sda2 rw\n", mounted("ext4", "/dev/sda2")},
        TextRow{"NumbersThatLeadElsewhere", "27 1 8:2/../../x / / rw - ext4 /dev/sda2 rw\n",
                mounted("ext4", "/dev/sda2")},
        TextRow{"TypeThatIsNoName", "27 1 8:2 / / rw - ex\\012t4 /dev/sda2 rw\n", {}}),
    name_of);

class FstabTest : public testing::TestWithParam<TextRow> {};

TEST_P(FstabTest, HasTheEntryOfTheRoot) {
  EXPECT_EQ(root_in_fstab(GetParam().text), GetParam().mount);
}

std::optional<RootMount> planned(const std::string& type, const std::string& source, int line = 1) {
  return RootMount{type, source, "", "/etc/fstab:" + std::to_string(line)};
}

INSTANTIATE_TEST_SUITE_P(
    Files, FstabTest,
    testing::Values(
        TextRow{"ByPath", "/dev/sda2 / ext4 defaults 0 1\n", planned("ext4", "/dev/sda2")},
        TextRow{"ByUuid", "UUID=1234 / xfs defaults 0 1\n", planned("xfs", "UUID=1234")},
        TextRow{"ByLabelWithABlank", "LABEL=my\\040root\t/\tbtrfs\tsubvol=@\n",
                planned("btrfs", "LABEL=my root")},
        TextRow{"BehindCommentsAndOthers",
                "# /dev/sda1 / ext4\n\n  # x\n/dev/sda1 /boot vfat\n  rpool/ROOT   /  zfs\n",
                planned("zfs", "rpool/ROOT", 5)},
        TextRow{"TheFirstOfTwo", "/dev/sda2 / ext4\n/dev/sda3 / xfs\n",
                planned("ext4", "/dev/sda2")},
        TextRow{"TypesToTry", "/dev/sda2 / ext4,ext3 defaults\n", planned("ext4", "/dev/sda2")},
        TextRow{"TypeLeftToMount", "/dev/sda2 / auto defaults\n", planned("", "/dev/sda2")},
        TextRow{"NoRoot", "/dev/sda2 /home ext4\n", {}}, TextRow{"NoType", "/dev/sda2 /\n", {}},
        TextRow{"Empty", "", {}},
        TextRow{"BehindALineOfAMegabyte", "#" + std::string(1 << 19, 'a') + "\n/dev/sda2 / ext4",
                planned("ext4", "/dev/sda2", 2)}),
    name_of);

struct CountsRow {
  const char* name;
  std::vector<std::pair<std::string, std::string>> files;
  std::string origin;  // "": not known
};

void PrintTo(const CountsRow& row, std::ostream* out) {
  *out << row.name;
}

class RootMountTest : public testing::TestWithParam<CountsRow> {};

TEST_P(RootMountTest, ComesFromWhatTellsOfThisMachine) {
  const support::TempDir directory;
  for (const auto& [path, content] : GetParam().files) {
    if (path.ends_with('/')) {
      directory.directory(path);
    } else {
      directory.write(path, content);
    }
  }
  const auto mount = find_root_mount(must(Root::at(directory.path())));
  EXPECT_EQ(mount ? mount->origin : "", GetParam().origin);
}

constexpr char kTable[] = "proc/self/mountinfo";
constexpr char kOverlay[] = "27 1 0:50 / / rw - overlay overlay rw\n";
constexpr char kPlan[] = "UUID=1234 / zfs defaults 0 1\n";

INSTANTIATE_TEST_SUITE_P(
    Roots, RootMountTest,
    testing::Values(
        CountsRow{
            "MountBeforeFstab", {{kTable, kExt4}, {"etc/fstab", kPlan}}, "/proc/self/mountinfo"},
        CountsRow{
            "FstabBehindAnOverlay", {{kTable, kOverlay}, {"etc/fstab", kPlan}}, "/etc/fstab:1"},
        CountsRow{"FstabOfAContainer",
                  {{".dockerenv", ""}, {kTable, kExt4}, {"etc/fstab", kPlan}},
                  "/etc/fstab:1"},
        CountsRow{"DeviceOfAContainerWithoutOne",
                  {{".dockerenv", ""}, {kTable, kExt4}, {"etc/fstab", "# none\n"}},
                  "/proc/self/mountinfo"},
        CountsRow{"DirectoryOfAContainer",
                  {{".dockerenv", ""}, {kTable, "27 1 8:2 /lxc/x / rw - ext4 /dev/sda2 rw\n"}},
                  ""},
        CountsRow{"DatasetOfAContainer",
                  {{".dockerenv", ""}, {kTable, "27 1 0:50 / / rw - zfs rpool/lxc/x rw\n"}},
                  ""},
        CountsRow{"FstabOfAChroot",
                  {{"proc/1/root/", ""}, {kTable, kExt4}, {"etc/fstab", kPlan}},
                  "/etc/fstab:1"},
        CountsRow{"MountOfAChrootWhereNothingIsPlanned",
                  {{"proc/1/root/", ""}, {kTable, kExt4}, {"etc/fstab", "# later\n"}},
                  "/proc/self/mountinfo"},
        CountsRow{"FstabWithoutProc", {{"etc/fstab", kPlan}}, "/etc/fstab:1"},
        CountsRow{"Nothing", {}, ""},
        CountsRow{"TablesThatCannotBeRead", {{"proc/self/mountinfo/", ""}, {"etc/fstab/", ""}}, ""},
        CountsRow{
            "FstabBeyondTheLimit", {{"etc/fstab", kPlan + std::string(kFstabLimit, '\n')}}, ""}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kip::host
