// make-example-modules: writes a small system with out-of-tree modules, for documents, demonstrations and trials.
//
//   make-example-modules DIR     DIR/usr/lib/modules, DIR/usr/lib/dracut, DIR/etc; always the same
//
// The modules say of themselves what real ones say, and have nothing to run.
#include <cstdio>
#include <exception>

#include "tests/support/module_root.h"

namespace kip::support {
namespace {

// As packages install them: a file system with a library of its own, a DKMS module that replaces one of the kernel's and
// needs another out-of-tree one, a graphics driver, and one that nobody rebuilt.
void make_modules(ModuleRoot& root) {
  root.in_tree("kernel/fs/ext4/ext4.ko", {{"alias", "fs-ext4"}, {"depends", "jbd2"}})
      .in_tree("kernel/fs/jbd2/jbd2.ko")
      .in_tree("kernel/drivers/platform/x86/hdaps.ko")
      .out_of_tree("extra/spl.ko", {{"version", "2.2.6"}})
      .out_of_tree("extra/zfs.ko", {{"version", "2.2.6"}, {"depends", "spl"}, {"alias", "fs-zfs"}})
      .out_of_tree("updates/dkms/hdaps.ko", {{"version", "0.43"}, {"depends", "thinkpad_ec"}})
      .out_of_tree("updates/dkms/thinkpad-ec.ko", {{"version", "0.43"}})
      .out_of_tree("updates/dkms/vpoll.ko",
                   {{"version", "1.0.4"}, {"vermagic", "6.11.0-example SMP preempt mod_unload "}})
      .out_of_tree("video/nvidia.ko",
                   {{"version", "550.127"}, {"firmware", "nvidia/gsp_example.bin"}});
}

void make_files(ModuleRoot& root) {
  const std::string packages = "usr/lib/dracut/dracut.conf.d/";
  root.file(packages + "10-zfs-kmod.conf", "add_drivers+=\" zfs spl \"\n")
      .file(packages + "10-nvidia-drivers.conf", "omit_drivers+=\" nvidia \"\n")
      .file(packages + "10-tp_smapi.conf", "omit_drivers+=\" hdaps thinkpad-ec \"\n")
      .file("usr/lib/firmware/nvidia/gsp_example.bin", "made-up firmware\n")
      .file("etc/kip/kip.conf.d/50-laptop.conf", "[Modules]\nInclude=hdaps\n");
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 1 || arguments[0].empty() || arguments[0].front() == '-') {
    std::fprintf(stderr, "usage: make-example-modules DIR\n");
    return 2;
  }
  ModuleRoot root(arguments[0]);
  make_modules(root);
  make_files(root);
  root.index();
  std::printf("%s\n", root.path().c_str());
  return 0;
}

}  // namespace
}  // namespace kip::support

int main(int argc, char** argv) {
  try {
    return kip::support::run({argv + 1, argv + argc});
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "make-example-modules: error: %s\n", fault.what());
    return 4;
  }
}
