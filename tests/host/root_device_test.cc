// Stacks of block devices as /sys shows them, and the modules that each asks for.
#include <gtest/gtest.h>
#include <ostream>

#include "src/host/block_stack.h"
#include "src/host/root_device.h"
#include "tests/base/must.h"
#include "tests/host/fake_sys.h"

namespace kip::host {
namespace {

struct Row {
  const char* name;
  void (*build)(const FakeSys& sys);
  std::vector<std::string> needs;  // "module: what"; of the file system the module alone
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::string to_row(const NeededBy& need) {
  constexpr std::string_view kOn = "the root file system is on ";
  return need.why.starts_with(kOn) ? need.name + ": " + need.why.substr(kOn.size()) : need.name;
}

class RootDeviceTest : public testing::TestWithParam<Row> {};

TEST_P(RootDeviceTest, NeedsItsModules) {
  const support::TempDir directory;
  GetParam().build(FakeSys(directory));
  std::vector<std::string> needs;
  for (const NeededBy& need : read_root_needs(must(Root::at(directory.path()))).modules)
    needs.push_back(to_row(need));
  EXPECT_EQ(needs, GetParam().needs);
}

std::string name_of(const testing::TestParamInfo<Row>& row) {
  return row.param.name;
}

const std::vector<Row> kDisks = {
    {"NvmePartition",
     [](const FakeSys& sys) {
       sys.partition("259:2", sys.nvme("259:0"), "nvme0n1p2");
       sys.mount("ext4", "/dev/nvme0n1p2", "259:2");
     },
     {"ext4", "nvme: nvme0n1, driven by nvme"}},
    {"NvmeOfSeveralControllers",
     [](const FakeSys& sys) {
       const std::string subsystem = "virtual/nvme-subsystem/nvme-subsys0";
       sys.device("259:0", subsystem + "/nvme0n1");
       sys.nvme("259:7", "nvme0c0n1");
       sys.root().link("sys/devices/" + subsystem + "/nvme0",
                       "../../../pci0000:00/0000:00:0e.0/nvme/nvme0");
       sys.mount("ext4", "/dev/nvme0n1", "259:0");
     },
     {"ext4", "nvme: nvme0n1, driven by nvme"}},
    {"DiskBehindAnAdapter",
     [](const FakeSys& sys) {
       const std::string adapter = "pci0000:00/0000:00:1f.2",
                         unit = adapter + "/host0/target0:0:0/0:0:0:0";
       const std::string disk = sys.device("8:0", unit + "/block/sda");
       sys.driver(adapter, "megaraid_sas");
       sys.driver(unit, "sd_mod");
       sys.partition("8:2", disk, "sda2");
       sys.mount("ext4", "/dev/sda2", "8:2");
     },
     {"ext4", "sd_mod: sda, driven by sd_mod", "megaraid_sas: sda, driven by megaraid_sas"}},
    {"Virtio",
     [](const FakeSys& sys) {
       sys.driver("pci0000:00/0000:00:02.0/virtio1", "virtio_blk");
       sys.driver("pci0000:00/0000:00:02.0", "virtio_pci");
       sys.device("254:0", "pci0000:00/0000:00:02.0/virtio1/block/vda");
       sys.mount("xfs", "/dev/vda", "254:0");
     },
     {"xfs", "virtio_blk: vda, driven by virtio_blk", "virtio_pci: vda, driven by virtio_pci"}},
    {"DriverWithoutAModule",
     [](const FakeSys& sys) {
       sys.root().directory("sys/bus/any/drivers/x");
       sys.root().link("sys/devices/platform/x/driver", "/sys/bus/any/drivers/x");
       sys.device("8:0", "platform/x/block/sda");
       sys.mount("ext4", "/dev/sda", "8:0");
     },
     {"ext4"}},
    {"Zram",
     [](const FakeSys& sys) {
       sys.mount("ext4", "/dev/zram0", "253:0");
       sys.device("253:0", "virtual/block/zram0");
     },
     {"ext4", "zram: zram0, in memory"}},
    {"Loop",
     [](const FakeSys& sys) {
       sys.mount("ext4", "/dev/loop0", "7:0");
       sys.device("7:0", "virtual/block/loop0");
     },
     {"ext4", "loop: loop0, a loop device"}},
    {"VolumeOfAPool",
     [](const FakeSys& sys) {
       sys.partition("230:1", sys.device("230:0", "virtual/block/zd0"), "zd0p1");
       sys.mount("ext4", "/dev/zd0p1", "230:1");
     },
     {"ext4", "zfs: zd0, a volume of a zfs pool"}},
    {"Drbd",
     [](const FakeSys& sys) {
       sys.slave(sys.device("147:0", "virtual/block/drbd0"), sys.nvme("259:0"));
       sys.mount("ext4", "/dev/drbd0", "147:0");
     },
     {"ext4", "drbd: drbd0, replicated by drbd", "nvme: nvme0n1, driven by nvme"}},
};

INSTANTIATE_TEST_SUITE_P(Disks, RootDeviceTest, testing::ValuesIn(kDisks), name_of);

const std::vector<Row> kMapped = {
    {"CryptOnAPartition",
     [](const FakeSys& sys) {
       const std::string crypt = sys.mapped("254:0", "dm-0", "CRYPT-LUKS2-1234-root");
       sys.slave(crypt, sys.partition("259:2", sys.nvme("259:0"), "nvme0n1p2"));
       sys.mount("ext4", "/dev/mapper/root", "254:0");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "dm_crypt: dm-0, encrypted",
      "nvme: nvme0n1, driven by nvme"}},
    {"VolumeOnCryptOnRaid",
     [](const FakeSys& sys) {
       const std::string volume = sys.mapped("254:1", "dm-1", "LVM-abcdef"),
                         crypt = sys.mapped("254:0", "dm-0", "CRYPT-LUKS1-12-x"),
                         raid = sys.md("9:0", "md0", "raid1");
       sys.slave(volume, crypt);
       sys.slave(crypt, raid);
       sys.slave(raid, sys.partition("259:2", sys.nvme("259:0"), "nvme0n1p2"));
       sys.mount("xfs", "/dev/mapper/vg-root", "254:1");
     },
     {"xfs", "dm_mod: dm-1, a device of the device mapper", "dm_crypt: dm-0, encrypted",
      "md_mod: md0, a device of md", "raid1: md0, a raid1", "nvme: nvme0n1, driven by nvme"}},
    {"SeveralPaths",
     [](const FakeSys& sys) {
       const std::string paths = sys.mapped("254:0", "dm-0", "mpath-3600"),
                         part = sys.mapped("254:1", "dm-1", "part1-mpath-3600");
       sys.slave(part, paths);
       sys.mount("xfs", "/dev/mapper/mpatha1", "254:1");
     },
     {"xfs", "dm_mod: dm-1, a device of the device mapper",
      "dm_multipath: dm-0, of several paths"}},
    {"ThinVolume",
     [](const FakeSys& sys) {
       const std::string thin = sys.mapped("254:1", "dm-1", "LVM-abc"),
                         pool = sys.mapped("254:0", "dm-0", "LVM-def-tpool");
       sys.slave(thin, pool);
       sys.mount("ext4", "/dev/mapper/vg-thin", "254:1");
     },
     {"ext4", "dm_mod: dm-1, a device of the device mapper", "dm_thin_pool: dm-0, a thin pool"}},
    {"Verity",
     [](const FakeSys& sys) {
       sys.mapped("254:0", "dm-0", "CRYPT-VERITY-12-root");
       sys.mount("ext4", "/dev/mapper/root", "254:0");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "dm_verity: dm-0, checked by verity"}},
    {"Raid6",
     [](const FakeSys& sys) {
       sys.md("9:127", "md127", "raid6");
       sys.mount("ext4", "/dev/md127", "9:127");
     },
     {"ext4", "md_mod: md127, a device of md", "raid456: md127, a raid6"}},
    {"Raid10",
     [](const FakeSys& sys) {
       sys.md("9:127", "md_home", "raid10");
       sys.mount("ext4", "/dev/md_home", "9:127");
     },
     {"ext4", "md_mod: md_home, a device of md", "raid10: md_home, a raid10"}},
    {"LevelByItsAlias",
     [](const FakeSys& sys) {
       sys.md("9:0", "md0", "linear");
       sys.mount("ext4", "/dev/md0", "9:0");
     },
     {"ext4", "md_mod: md0, a device of md", "md-linear: md0, a linear"}},
    {"ContainerOfDisks",
     [](const FakeSys& sys) {
       sys.md("9:0", "md0", "container");
       sys.mount("ext4", "/dev/md0", "9:0");
     },
     {"ext4", "md_mod: md0, a device of md"}},
};

INSTANTIATE_TEST_SUITE_P(Mapped, RootDeviceTest, testing::ValuesIn(kMapped), name_of);

// File systems that have no device number, and devices by the names that fstab has.
const std::vector<Row> kByName = {
    {"Btrfs",
     [](const FakeSys& sys) {
       sys.nvme("259:0");
       sys.mount("btrfs", "/dev/nvme0n1");
     },
     {"btrfs", "nvme: nvme0n1, driven by nvme"}},
    {"BtrfsOnTwoDevices",
     [](const FakeSys& sys) {
       sys.mapped("254:0", "dm-0", "CRYPT-LUKS2-1-a");
       const std::string disk = sys.nvme("259:0");
       for (const std::string& path : {std::string("virtual/block/dm-0"), disk})
         sys.root().link("sys/fs/btrfs/1234/devices/" + path.substr(path.rfind('/') + 1),
                         "../../../../devices/" + path);
       sys.root().directory("sys/fs/btrfs/features");
       sys.mount("btrfs", "/dev/nvme0n1");
     },
     {"btrfs", "nvme: nvme0n1, driven by nvme", "dm_mod: dm-0, a device of the device mapper",
      "dm_crypt: dm-0, encrypted"}},
    {"OtherBtrfs",
     [](const FakeSys& sys) {
       sys.mapped("254:0", "dm-0", "CRYPT-LUKS2-1-a");
       sys.root().link("sys/fs/btrfs/1234/devices/dm-0", "../../../../devices/virtual/block/dm-0");
       sys.nvme("259:0");
       sys.mount("btrfs", "/dev/nvme0n1");
     },
     {"btrfs", "nvme: nvme0n1, driven by nvme"}},
    {"Bcachefs",
     [](const FakeSys& sys) {
       sys.nvme("259:0");
       sys.device("147:0", "virtual/block/drbd0");
       sys.mount("bcachefs", "/dev/nvme0n1:/dev/drbd0");
     },
     {"bcachefs", "nvme: nvme0n1, driven by nvme", "drbd: drbd0, replicated by drbd"}},
    {"ZfsPool", [](const FakeSys& sys) { sys.mount("zfs", "rpool/ROOT/debian"); }, {"zfs"}},
    {"Fuse", [](const FakeSys& sys) { sys.mount("fuse.zfs-fuse", "pool"); }, {"fuse"}},
    {"FstabByMapperName",
     [](const FakeSys& sys) {
       sys.mapped("254:0", "dm-0", "CRYPT-LUKS2-1-a", "root");
       sys.root().write("etc/fstab", "/dev/mapper/root / ext4\n");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "dm_crypt: dm-0, encrypted"}},
    {"FstabByVolume",
     [](const FakeSys& sys) {
       sys.mapped("254:0", "dm-0", "LVM-abc-tpool", "my--vg-root");
       sys.root().write("etc/fstab", "/dev/my-vg/root / ext4\n");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "dm_thin_pool: dm-0, a thin pool"}},
    {"FstabByUuid",
     [](const FakeSys& sys) {
       sys.nvme("259:0");
       sys.root().write("etc/fstab", "UUID=12 / bcachefs\n");
     },
     {"bcachefs"}},
    {"FstabOfNoType",
     [](const FakeSys& sys) {
       sys.nvme("259:0");
       sys.root().write("etc/fstab", "/dev/nvme0n1 / auto\n");
     },
     {"nvme: nvme0n1, driven by nvme"}},
    {"Nothing", [](const FakeSys&) {}, {}},
};

INSTANTIATE_TEST_SUITE_P(ByName, RootDeviceTest, testing::ValuesIn(kByName), name_of);

const std::vector<Row> kHostile = {
    {"SlavesInACircle",
     [](const FakeSys& sys) {
       const std::string one = sys.mapped("254:0", "dm-0", "CRYPT-LUKS2-1-a"),
                         other = sys.mapped("254:1", "dm-1", "mpath-1");
       sys.slave(one, other);
       sys.slave(other, one);
       sys.slave(other, other);
       sys.mount("ext4", "/dev/dm-0", "254:0");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "dm_crypt: dm-0, encrypted",
      "dm_multipath: dm-1, of several paths"}},
    {"LinksOutOfSys",
     [](const FakeSys& sys) {
       sys.root().write("etc/x/md/level", "raid1\n");
       sys.root().link("sys/dev/block/8:0", "../../../../../../etc/x");
       sys.root().link("sys/devices/virtual/block/dm-0/slaves/x", "/etc/x");
       sys.mount("ext4", "/dev/sda", "8:0");
     },
     {"ext4"}},
    {"LinksToNothingAndToThemselves",
     [](const FakeSys& sys) {
       const std::string device = sys.mapped("254:0", "dm-0", "CRYPT-LUKS2-1-a");
       sys.root().link("sys/devices/" + device + "/slaves/gone", "../../../gone");
       sys.root().link("sys/devices/" + device + "/slaves/self", "self");
       sys.root().write("sys/devices/" + device + "/slaves/file", "x");
       sys.root().link("sys/devices/" + device + "/driver", "driver");
       sys.mount("ext4", "/dev/dm-0", "254:0");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "dm_crypt: dm-0, encrypted"}},
    {"MoreThanAPage",
     [](const FakeSys& sys) {
       sys.mapped("254:0", "dm-0", "CRYPT-" + std::string(1 << 20, 'a'));
       sys.mount("ext4", "/dev/dm-0", "254:0");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper"}},
    {"NamesThatAreNone",
     [](const FakeSys& sys) {
       sys.driver("pci0000:00/0000:00:02.0", "a b\x1b[31m");
       sys.device("8:0", "pci0000:00/0000:00:02.0/block/s\nda");
       sys.md("9:0", "md\x1b[31m", "raid1");
       sys.slave("pci0000:00/0000:00:02.0/block/s\nda", "virtual/block/md\x1b[31m");
       sys.mount("ext4", "/dev/sda", "8:0");
     },
     {"ext4", "md_mod: a device, a device of md", "raid1: a device, a raid1"}},
    {"LevelThatIsNone",
     [](const FakeSys& sys) {
       sys.md("9:0", "md0", "raid1 ../../x");
       sys.mount("ext4", "/dev/md0", "9:0");
     },
     {"ext4", "md_mod: md0, a device of md"}},
    {"NoSuchDevice", [](const FakeSys& sys) { sys.mount("ext4", "/dev/sda", "8:0"); }, {"ext4"}},
    {"FifosAndDirectories",
     [](const FakeSys& sys) {
       const std::string device = sys.device("254:0", "virtual/block/dm-0");
       sys.root().fifo("sys/devices/" + device + "/dm/uuid");
       sys.root().directory("sys/devices/" + device + "/md/level");
       sys.mount("ext4", "/dev/dm-0", "254:0");
     },
     {"ext4", "dm_mod: dm-0, a device of the device mapper", "md_mod: dm-0, a device of md"}},
};

INSTANTIATE_TEST_SUITE_P(Hostile, RootDeviceTest, testing::ValuesIn(kHostile), name_of);

TEST(RootDevice, LooksAtSoManyDevicesAndNoMore) {
  const support::TempDir directory;
  const FakeSys sys(directory);
  std::string above;
  for (std::size_t i = 0; i <= kDevicesLimit; ++i) {
    const bool last = i == kDevicesLimit;
    const std::string number = std::to_string(i), name = "dm-" + number;
    const std::string device = sys.mapped("254:" + number, name, last ? "mpath-1" : "CRYPT-1");
    if (!above.empty()) sys.slave(above, device);
    above = device;
  }
  sys.mount("ext4", "/dev/dm-0", "254:0");
  const auto needs = read_root_needs(must(Root::at(directory.path()))).modules;
  ASSERT_EQ(needs.size(), 3u);
  EXPECT_EQ(needs.back().name, "dm_crypt");
}

TEST(RootDevice, SaysWhereItIsKnownFrom) {
  const support::TempDir directory;
  directory.write("etc/fstab", "# x\nrpool/ROOT / zfs\n");
  const RootNeeds needs = read_root_needs(must(Root::at(directory.path())));
  EXPECT_EQ(needs.file_system, "zfs");
  EXPECT_EQ(needs.source, "rpool/ROOT");
  EXPECT_EQ(needs.origin, "/etc/fstab:2");
  EXPECT_EQ(needs.modules.front().why, "the root file system is zfs");
}

TEST(RootDevice, TakesAFileSystemThatIsTold) {
  const RootNeeds needs = root_needs_of("fuseblk");
  EXPECT_EQ(needs.origin, "--root-fs");
  ASSERT_EQ(needs.modules.size(), 1u);
  EXPECT_EQ(needs.modules.front().name, "fuse");
  EXPECT_EQ(needs.modules.front().why, "the root file system is fuseblk");
}

TEST(RootDevice, KnowsTheToolsOfFileSystemsThatNeedThem) {
  EXPECT_EQ(tools_of("zfs"), std::vector<std::string>{"zpool"});
  EXPECT_FALSE(tools_of("bcachefs").empty());
  EXPECT_TRUE(tools_of("ext4").empty());
  EXPECT_TRUE(tools_of("").empty());
}

}  // namespace
}  // namespace kip::host
