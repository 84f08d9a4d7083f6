#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/kip/doctor_machine.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/pe_blob.h"

namespace kip::kip_test {
namespace {

namespace fs = std::filesystem;
using plugins_test::kImage;
using plugins_test::kMicrocode;
using support::Blob;

const std::string kKernelFile = "/boot/" + kToken + "/" + kKernel + "/linux";
const std::string kInitrdLine = "initrd " + kEntryInitrd + "\n";

// Where the scratch directory is below the root, seen from the directory with `entry` in it.
std::string up_from(const std::string& directory) {
  std::string up;
  for (const char c : directory) up += c == '/' ? "../" : "";
  return up;
}

std::string entry_text(const std::string& lines) {
  return "title Linux\nversion " + kKernel + "\nlinux /" + kToken + "/" + kKernel +
         "/linux\noptions root=/dev/sda1 quiet\n" + lines;
}

}  // namespace

Machine::Machine(unsigned systemd) : Life() {
  set("KERNEL_INSTALL_BOOT_ROOT", dir() / "root/boot");
  fs::remove_all(below_root(dir() / "entry"));
  fs::create_directories(dir() / ("root/boot/" + kToken + "/" + kKernel));
  fs::create_symlink(up_from(dir().path()) + "boot/" + kToken + "/" + kKernel,
                     below_root(dir() / "entry"));
  for (const char* const name :
       {"45-kip-microcode", "58-kip-image", "86-kip-image", "95-kip-record"})
    plugins({std::string(name) + ".install"});
  file("/usr/lib/systemd/libsystemd-shared-" + std::to_string(systemd) + ".so");
  file("/usr/lib/firmware/intel-ucode/06-bf-02");
  file("/usr/lib/modules/" + kKernel + "/vmlinuz");
}

Machine& Machine::plugins(const std::vector<std::string>& names) {
  for (const std::string& name : names) program(kPlugins + name);
  return *this;
}

Machine& Machine::file(const std::string& path, const std::string& text) {
  dir().write("root" + path, text);
  return *this;
}

Machine& Machine::program(const std::string& path) {
  file(path, "#!/bin/sh\n");
  fs::permissions(below_root(path), fs::perms(0755));
  return *this;
}

Machine& Machine::link(const std::string& path, const std::string& target) {
  dir().link("root" + path, target);
  return *this;
}

Machine& Machine::remove_file(const std::string& path) {
  EXPECT_TRUE(fs::remove(below_root(path))) << path;
  return *this;
}

Machine& Machine::entry(const std::string& lines) {
  return file(kEntry, entry_text(lines));
}

Blob Machine::by_kip(const Blob& image) const {
  for (const std::string& name : names()) fs::remove_all(staged(name));
  write("initrd", image);
  add();
  return read();
}

Machine& Machine::put(const std::string& path, const Blob& bytes) {
  dir().write("root" + path, bytes);
  return *this;
}

Blob Machine::early(std::uint32_t revision) {
  return plugins_test::early_archive(support::kIntelPath,
                                     support::IntelBlob().revision(revision).bytes());
}

void Machine::unify(std::vector<std::pair<std::string, Blob>> sections) {
  become_unified();
  unified_ = true;
  sections_ = std::move(sections);
}

Blob Machine::generated() const {
  return generated_ ? *generated_ : base();
}

void Machine::publish() const {
  if (!unified_) {
    fs::copy_file(staged("initrd"), dir() / "entry/initrd", fs::copy_options::overwrite_existing);
    dir().write("root" + kKernelFile, "kernel");
    if (!support::exists(below_root(kEntry))) dir().write("root" + kEntry, entry_text(kInitrdLine));
    return;
  }
  support::PeBlob blob;
  blob.section(".linux", support::noise(600, 1)).section(".uname", support::text(kKernel));
  blob.section(".cmdline", support::text("quiet"));
  for (const auto& [name, bytes] : sections_) blob.section(name, bytes);
  dir().write("root" + kUnified, blob.section(".initrd", read()).bytes());
}

std::vector<Diagnosis> Machine::diagnoses() const {
  const auto json = nlohmann::json::parse(kip("doctor", {"--json"}).out);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["report"], "doctor");
  std::vector<Diagnosis> found;
  for (const auto& it : json["findings"]) {
    found.push_back({it["severity"], it["rule"], it["place"], it["text"], it.value("remedy", "")});
  }
  const std::string lines = doctor().out;
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), std::ssize(found)) << lines;
  for (const Diagnosis& it : found)
    EXPECT_NE(lines.find(it.severity + ": " + it.rule + ": '"), lines.npos) << lines;
  return found;
}

std::string Machine::expanded(std::string text) const {
  for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at))
    text.replace(at, 1, dir().path());
  return text;
}

std::unique_ptr<Machine> systemd_boot() {
  auto machine = std::make_unique<Machine>(257U);
  machine->plugins({"50-depmod.install", "50-dracut.install", "51-dracut-rescue.install",
                    "60-ukify.install", "90-loaderentry.install", "90-uki-copy.install"});
  machine->program("/usr/bin/dracut").file("/etc/kernel/install.conf", "layout=bls\n");
  machine->install();
  return machine;
}

std::unique_ptr<Machine> with_module() {
  auto machine = systemd_boot();
  machine->configure("[Modules]\nInclude=wanted\n");
  machine->install();
  return machine;
}

std::unique_ptr<Machine> running() {
  auto machine = systemd_boot();
  machine->file("/proc/cpuinfo",
                "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 191\n"
                "stepping\t: 2\nmicrocode\t: 0x3a\nflags\t\t: fpu\n\n");
  return machine;
}

std::unique_ptr<Machine> separate_microcode() {
  auto machine = systemd_boot();
  fs::remove(machine->dir() / "tree/intel");
  machine->remove_file("/usr/lib/firmware/intel-ucode/06-bf-02");
  machine->generate(plugins_test::generated());  // compressed: no search goes beyond it
  machine->install();
  machine->put("/boot/intel-ucode.img", Machine::early(0x3A));
  machine->entry("initrd /intel-ucode.img\n" + kInitrdLine);
  return machine;
}

std::unique_ptr<Machine> unified() {
  auto machine = std::make_unique<Machine>(257U);
  machine->plugins({"50-mkinitcpio.install", "60-ukify.install", "90-uki-copy.install"});
  machine->program("/usr/bin/mkinitcpio");
  machine->file("/etc/kernel/install.conf", "layout=uki\nuki_generator=ukify\n");
  machine->unify();
  machine->install();
  return machine;
}

std::unique_ptr<Machine> debian_12() {
  auto machine = std::make_unique<Machine>(252U);
  machine->plugins({"50-depmod.install", "85-initrd.install", "90-loaderentry.install"});
  machine->program("/usr/sbin/update-initramfs");
  machine->put("/boot/initrd.img-" + kKernel, plugins_test::generated());
  machine->file("/boot/vmlinuz-" + kKernel);
  machine->install();
  return machine;
}

std::unique_ptr<Machine> debian_grub() {
  auto machine = std::make_unique<Machine>(252U);
  machine->plugins({"50-depmod.install", "85-initrd.install", "90-loaderentry.install"});
  machine->program("/usr/sbin/update-initramfs");
  machine->program("/usr/lib/kip/hooks/initramfs-tools/kip-microcode");
  machine->link("/etc/initramfs/post-update.d/kip-microcode",
                "/usr/lib/kip/hooks/initramfs-tools/kip-microcode");
  machine->file("/boot/vmlinuz-" + kKernel);
  machine->put("/boot/initrd.img-" + kKernel, machine->by_kip(plugins_test::generated()));
  const std::string files =
      "\tlinux\t/boot/vmlinuz-" + kKernel +
      " root=UUID=1 ro quiet\n\techo 'Loading initial ramdisk ...'\n\tinitrd\t"
      "/boot/initrd.img-" +
      kKernel + "\n}\n";
  machine->file("/boot/grub/grub.cfg",
                "### BEGIN /etc/grub.d/10_linux ###\nmenuentry 'Debian' --class debian {\n"
                "\tif [ x$grub_platform = xxen ]; then insmod xzio; fi\n" +
                    files + "submenu 'Advanced' {\nmenuentry 'Debian, recovery' {\n" + files +
                    "}\n### END /etc/grub.d/10_linux ###\n"
                    "### BEGIN /etc/grub.d/30_os-prober ###\nmenuentry 'Other (on /dev/sdb1)' {\n"
                    "\tlinux /boot/vmlinuz-6.5 root=/dev/sdb1\n\tinitrd /boot/initrd.img-6.5\n}\n"
                    "### END /etc/grub.d/30_os-prober ###\n"
                    "menuentry 'Memory test' {\n\tlinux /boot/memtest86+x64.bin\n}\n");
  machine->file("/boot/memtest86+x64.bin");
  return machine;
}

std::unique_ptr<Machine> arch_presets() {
  auto machine = std::make_unique<Machine>(257U);
  machine->plugins({"50-depmod.install", "50-mkinitcpio.install", "60-ukify.install",
                    "90-loaderentry.install", "90-uki-copy.install"});
  machine->program("/usr/bin/mkinitcpio").file("/etc/mkinitcpio.d/linux.preset");
  machine->file("/etc/mkinitcpio.conf",
                "MODULES=()\n# HOOKS=(microcode)\nHOOKS=(base udev\n  block)\n");
  machine->program("/usr/lib/kip/hooks/mkinitcpio/kip-microcode");
  machine->link("/etc/initcpio/post/kip-microcode", "/usr/lib/kip/hooks/mkinitcpio/kip-microcode");
  machine->file("/usr/lib/modules/" + kKernel + "/pkgbase", "linux\n").file("/boot/vmlinuz-linux");
  machine->put("/boot/initramfs-linux.img", machine->by_kip(plugins_test::generated()));
  machine->put("/boot/initramfs-linux-fallback.img", plugins_test::generated());
  machine->file("/boot/loader/entries/arch.conf",
                "title Arch\nlinux /vmlinuz-linux\ninitrd /initramfs-linux.img\n");
  machine->file("/boot/loader/entries/arch-fallback.conf",
                "title Arch\nlinux /vmlinuz-linux\ninitrd /initramfs-linux-fallback.img\n");
  return machine;
}

std::unique_ptr<Machine> gentoo_grub() {
  auto machine = std::make_unique<Machine>(257U);
  machine->plugins({"10-copy-prebuilt.install", "52-dracut.install", "60-ukify.install",
                    "85-check-diskspace.install", "90-compat.install"});
  machine->program("/usr/bin/dracut").file("/usr/lib/kernel/install.conf", "layout=grub\n");
  machine->file("/usr/lib/dracut/dracut.conf.d/10-linux-firmware.conf", "early_microcode=no\n");
  machine->set("KERNEL_INSTALL_LAYOUT", "grub");
  const std::string image = "/boot/initramfs-" + kKernel + ".img";
  machine->put(image, machine->by_kip(machine->staged_by_generator()));
  machine->install();
  machine->file("/boot/vmlinuz-" + kKernel);
  machine->file("/boot/grub/grub.cfg", "menuentry 'Gentoo' {\n\tlinux /vmlinuz-" + kKernel +
                                           " root=/dev/sda1\n\tinitrd /initramfs-" + kKernel +
                                           ".img\n}\n");
  return machine;
}

std::unique_ptr<Machine> fedora_grub() {
  auto machine = std::make_unique<Machine>(255U);
  machine->plugins({"20-grub.install", "50-depmod.install", "50-dracut.install",
                    "51-dracut-rescue.install", "60-kdump.install", "90-loaderentry.install"});
  machine->program("/usr/bin/dracut");
  const Blob image = support::join({Machine::early(0x3A), plugins_test::generated()});
  machine->file("/boot/vmlinuz-" + kKernel).put("/boot/initramfs-" + kKernel + ".img", image);
  machine->file(kEntry, "title Fedora\nversion " + kKernel + "\nlinux /vmlinuz-" + kKernel +
                            "\ninitrd /initramfs-" + kKernel + ".img $tuned_initrd\n");
  machine->file("/boot/vmlinuz-0-rescue-1")
      .put("/boot/initramfs-0-rescue-1.img", plugins_test::generated());
  machine->file("/boot/loader/entries/1-0-rescue.conf",
                "title Fedora\nversion 0-rescue-1\nlinux /vmlinuz-0-rescue-1\ninitrd "
                "/initramfs-0-rescue-1.img\n");
  return machine;
}

std::unique_ptr<Machine> ostree() {
  auto machine = std::make_unique<Machine>(257U);
  machine->plugins(
      {"05-rpmostree.install", "50-depmod.install", "50-dracut.install", "90-loaderentry.install"});
  machine->remove_file("/usr/lib/modules/" + kKernel + "/vmlinuz");
  return machine;
}

}  // namespace kip::kip_test
