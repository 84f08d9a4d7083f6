#include <filesystem>
#include <gmock/gmock.h>

#include "src/boot/entries.h"
#include "tests/base/must.h"
#include "tests/support/pe_blob.h"
#include "tests/support/temp_dir.h"

namespace kip::boot {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

// -- Texts.

TEST(Type1Text, HasKernelAndInitrdsInOrder) {
  const EntryText entry = parse_type1(
      "# initrd /no\ntitle  Linux 6 \nversion\t6.12.0\nlinux /a/linux\r\ninitrd /one\n"
      "initrd /two   /three $tuned_initrd\nlinuxes /no\noptions initrd=/no\n");
  EXPECT_EQ(entry.title, "Linux 6");
  EXPECT_EQ(entry.version, "6.12.0");
  EXPECT_EQ(entry.kernel, "/a/linux");
  EXPECT_THAT(entry.initrds, ElementsAre("/one", "/two", "/three"));
  EXPECT_TRUE(entry.more);
}

TEST(Type1Text, OfAnotherProgramHasNoKernel) {
  EXPECT_EQ(parse_type1("title Shell\nefi /shell.efi\n").kernel, "");
  EXPECT_EQ(parse_type1("").kernel, "");
}

TEST(GrubText, HasTheCommandsOfEachMenuEntry) {
  const auto entries = parse_grub(
      "set default=0\nlinux /outside\nmenuentry 'One {x}' --class a {\n  linux /vmlinuz-1 ro \\\n"
      "\tinitrd16 /ucode.img /initrd-1\n}\nlinux /outside\nsubmenu 'More' {\n"
      "menuentry \"Two \\\"b\\\"\" {\n linuxefi ($root)/boot/vmlinuz-2\n initrdefi "
      "(hd0,gpt2)/initrd-2 ${x} /a$b --nounzip\n}\n}\n");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].line, 3U);
  EXPECT_EQ(entries[0].title, "One {x}");
  EXPECT_EQ(entries[0].kernel, "/vmlinuz-1");
  EXPECT_THAT(entries[0].initrds, ElementsAre("/ucode.img", "/initrd-1"));
  EXPECT_FALSE(entries[0].more);
  EXPECT_EQ(entries[1].title, "Two \"b\"");
  EXPECT_EQ(entries[1].kernel, "/boot/vmlinuz-2");
  EXPECT_THAT(entries[1].initrds, ElementsAre("/initrd-2"));
  EXPECT_TRUE(entries[1].more);
}

TEST(GrubText, KnowsWhoseEntriesAreOtherSystems) {
  const auto entries = parse_grub(
      "### BEGIN /etc/grub.d/10_linux ###\nmenuentry a {\nlinux /a\n}\n"
      "### END /etc/grub.d/10_linux ###\n### BEGIN /etc/grub.d/30_os-prober ###\nmenuentry b {\n"
      "linux /b\n}\n### END /etc/grub.d/30_os-prober ###\nmenuentry c {\nlinux /c\n}\n");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_FALSE(entries[0].foreign);
  EXPECT_TRUE(entries[1].foreign);
  EXPECT_FALSE(entries[2].foreign);
}

TEST(GrubText, HasAnEndHoweverLongItIs) {
  std::string text;
  for (std::size_t i = 0; i < kGrubEntryLimit + 100; ++i) text += "menuentry x {\n";
  EXPECT_EQ(parse_grub(text).size(), kGrubEntryLimit);
}

// No text is too crooked to be read to its end.
TEST(Texts, OfAnyBytesAreRead) {
  const std::string good =
      "menuentry 'a\\' {\nlinux \"/x\ninitrd /y '\\\n}\ntitle\nlinux /k\ninitrd $\\\n";
  for (std::size_t cut = 0; cut <= good.size(); ++cut) {
    (void)parse_grub(good.substr(0, cut));
    (void)parse_type1(good.substr(cut));
  }
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const std::string noise = support::to_string(support::noise(300, seed));
    (void)parse_grub("menuentry x {\ninitrd " + noise + "\nlinux " + noise);
    (void)parse_type1("initrd " + noise);
  }
}

TEST(Release, IsInTheNameOfTheKernelOrOfItsDirectory) {
  EXPECT_EQ(release_in("/boot/vmlinuz-6.12.0-amd64"), "6.12.0-amd64");
  EXPECT_EQ(release_in("/0123/6.12.0/linux"), "6.12.0");
  EXPECT_EQ(release_in("kernel-6.1"), "6.1");
  EXPECT_EQ(release_in("/boot/linux"), "");
  EXPECT_EQ(release_in("/boot/memtest86+x64.bin"), "");
  EXPECT_EQ(release_in(""), "");
}

TEST(SpareImage, IsOneByItsName) {
  EXPECT_TRUE(names_a_spare("initramfs-linux-fallback.img"));
  EXPECT_TRUE(names_a_spare("vmlinuz-0-rescue-1"));
  EXPECT_TRUE(names_a_spare("Debian (Rescue)"));
  EXPECT_FALSE(names_a_spare("initrd.img-6.1"));
}

// -- Machines.

struct Machine {
  support::TempDir dir;

  Entries read(const std::vector<std::string>& known = {}) const {
    const Root root = must(Root::at(dir.path()));
    return read_entries(root, boot_roots(root, known));
  }
  void write(const std::string& path, std::string_view text = "x") const { dir.write(path, text); }
};

TEST(Entries, OfAMachineWithoutAnyAreNone) {
  const Machine machine;
  EXPECT_THAT(machine.read().entries, IsEmpty());
  EXPECT_THAT(machine.read().findings, IsEmpty());
}

TEST(Entries, NameFilesBelowTheirOwnFileSystem) {
  const Machine machine;
  machine.write("efi/loader/entries/a.conf", "linux /t/6.1/linux\ninitrd /t/6.1/initrd\n");
  machine.write("efi/t/6.1/linux");
  const auto entries = machine.read().entries;
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].place(), "/efi/loader/entries/a.conf");
  EXPECT_EQ(entries[0].kernel, (BootFile{"/efi/t/6.1/linux", true}));
  EXPECT_THAT(entries[0].initrds, ElementsAre(BootFile{"/efi/t/6.1/initrd", false}));
  EXPECT_EQ(entries[0].release, "6.1");
}

TEST(Entries, NameFilesBelowTheRootOrItsSubvolume) {
  const Machine machine;
  machine.write("boot/vmlinuz-6.1");
  machine.write("boot/grub/grub.cfg",
                "menuentry a {\nlinux /boot/vmlinuz-6.1\ninitrd /boot/gone\n}\n"
                "menuentry b {\nlinux /@/boot/vmlinuz-6.1\n}\n"
                "menuentry c {\nlinux /vmlinuz-6.1\n}\n");
  const auto entries = machine.read().entries;
  ASSERT_EQ(entries.size(), 3U);
  for (const MenuEntry& it : entries) EXPECT_EQ(it.kernel, (BootFile{"/boot/vmlinuz-6.1", true}));
  EXPECT_THAT(entries[0].initrds, ElementsAre(BootFile{"/boot/gone", false}));
  EXPECT_EQ(entries[1].place(), "/boot/grub/grub.cfg:5");
}

TEST(Entries, OfAnotherSystemAreLeftOut) {
  const Machine machine;
  machine.write(
      "boot/grub/grub.cfg",
      "### BEGIN /etc/grub.d/30_os-prober ###\nmenuentry b {\nlinux /boot/vmlinuz-6.5\n}\n");
  EXPECT_THAT(machine.read().entries, IsEmpty());
}

TEST(Entries, AreReadOnceWhereverTheyAreSeen) {
  const Machine machine;
  machine.write("boot/loader/entries/a.conf", "linux /x\n");
  machine.dir.link("efi", "boot");
  EXPECT_EQ(machine.read({"/boot", "", "/nowhere"}).entries.size(), 1U);
}

TEST(Entries, OfUnifiedImagesHaveTheReleaseInThem) {
  const Machine machine;
  const auto image = support::PeBlob()
                         .section(".linux", support::noise(600, 1))
                         .section(".uname", support::text("6.12.0\n"))
                         .section(".initrd", support::noise(512, 2))
                         .bytes();
  machine.dir.write("boot/EFI/Linux/a+3.efi", image);
  machine.write("boot/EFI/Linux/other.efi", "MZ");
  machine.write("boot/EFI/Linux/readme.txt");
  const auto entries = machine.read().entries;
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].kind, EntryKind::kUnified);
  EXPECT_EQ(entries[0].file, "/boot/EFI/Linux/a+3.efi");
  EXPECT_EQ(entries[0].release, "6.12.0");
}

TEST(Entries, ThatCannotBeReadAreFindings) {
  const Machine machine;
  machine.write("boot/loader/entries/good.conf", "linux /x\n");
  machine.dir.sparse("boot/loader/entries/large.conf", (64 << 10) + 1);
  machine.dir.fifo("boot/loader/entries/pipe.conf");
  machine.dir.sparse("boot/grub/grub.cfg", kGrubLimit + 1);
  const Entries found = machine.read();
  EXPECT_EQ(found.entries.size(), 1U);
  ASSERT_EQ(found.findings.size(), 3U);
  EXPECT_EQ(found.findings[0].place, "/boot/loader/entries/large.conf");
  EXPECT_EQ(found.findings[1].place, "/boot/loader/entries/pipe.conf");
  EXPECT_EQ(found.findings[2].place, "/boot/grub/grub.cfg");
  for (const Finding& it : found.findings) EXPECT_EQ(it.rule, kRuleEntryUnread);
}

TEST(Entries, NeverLeadOutOfTheRoot) {
  const Machine machine;
  machine.write("boot/loader/entries/a.conf", "linux /../../../../etc/passwd\ninitrd /link\n");
  machine.dir.link("boot/link", "/etc/passwd");
  const auto entries = machine.read().entries;
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_FALSE(entries[0].kernel.there);
  EXPECT_FALSE(entries[0].initrds[0].there);
}

}  // namespace
}  // namespace kip::boot
