#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sstream>

#include "tests/plugins/module_stage.h"
#include "tests/support/kernel_finder.h"

namespace kip::plugins_test {
namespace {

namespace fs = std::filesystem;

const std::string kModules = "usr/lib/modules/" + kKernel;

// Names of files on lines such as `insmod /x/y.ko`.
std::vector<std::string> last_parts(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!line.empty()) names.push_back(line.substr(line.rfind('/') + 1));
  }
  return names;
}

void add_file(support::NewcBlob& archive, const std::string& root, const std::string& path) {
  archive.file(path, support::read_file(root + "/" + path));
}

}  // namespace

ModuleStage::ModuleStage(const std::string& programs)
    : Stage(programs), root_(dir() / "root", kKernel) {
  set("KIP_CPU", std::nullopt);
  root_.in_tree("kernel/fs/disk.ko").in_tree("kernel/lib/helper.ko");
  root_.out_of_tree("updates/dkms/wanted.ko", {{"depends", "helper"}, {"alias", "kip-wanted"}});
  root_.out_of_tree("updates/other.ko").index();
}

std::string ModuleStage::pending() const {
  return dir() / ("root/var/lib/kip/pending/" + kKernel);
}

std::string ModuleStage::record() const {
  return support::exists(pending()) ? support::to_string(support::read_file(pending())) : "";
}

Told ModuleStage::run_as_86() {
  set_launcher({"bash", "-c", "exec -a 86-kip-image.install \"$0\" \"$@\""});
  Told told = run(kImage);
  set_launcher({});
  return told;
}

support::Blob ModuleStage::base() const {
  // The tree as its generator saw it, before there were other modules.
  const support::TempDir before;
  support::ModuleRoot tree(before.path(), kKernel);
  tree.in_tree("kernel/fs/disk.ko").index();
  support::NewcBlob archive;
  for (const char* const name : {"usr", "usr/lib", "usr/lib/modules"}) archive.directory(name);
  archive.symlink("lib", "usr/lib").directory(kModules);
  archive.directory(kModules + "/kernel").directory(kModules + "/kernel/fs");
  for (const char* const name :
       {"kernel/fs/disk.ko", "modules.alias", "modules.alias.bin", "modules.builtin",
        "modules.builtin.bin", "modules.dep", "modules.dep.bin", "modules.order", "modules.softdep",
        "modules.symbols", "modules.symbols.bin"})
    add_file(archive, before.path(), kModules + "/" + name);
  return archive.pad_to(512).bytes();
}

support::Blob overlay_in(support::View image, support::View base) {
  const auto found = std::search(image.begin(), image.end(), base.begin(), base.end());
  if (found == image.end()) {
    ADD_FAILURE() << "the base is not what it was";
    return {};
  }
  const auto front = static_cast<std::size_t>(found - image.begin());
  EXPECT_EQ(front % 512, 0U);
  EXPECT_EQ(support::unpack_verdict(image.first(front)).error, "");
  const support::View rest = image.subspan(front + base.size());
  return {rest.begin(), rest.end()};
}

Unpacked::Unpacked(std::initializer_list<support::View> archives) {
  for (const support::View archive : archives) {
    const auto begin =
        std::find_if(archive.begin(), archive.end(), [](std::uint8_t byte) { return byte != 0; });
    const std::string path =
        dir_.write("archive", archive.subspan(static_cast<std::size_t>(begin - archive.begin())));
    support::must_run({"sh", "-c",
                       "cd \"$0\" && case $(head -c 4 archive | od -An -tx1 | tr -d ' ') in "
                       "28b52ffd) zstd -dcq archive;; 1f8b*) gzip -dc archive;; "
                       "fd377a58) xz -dc archive;; *) cat archive;; esac | "
                       "(mkdir -p root && cd root && cpio -idu --quiet)",
                       dir_.path()});
  }
}

bool Unpacked::has(const std::string& path) const {
  return support::exists(dir_ / ("root/" + path));
}

std::vector<std::string> Unpacked::modules() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(dir_ / "root")) {
    if (entry.path().string().find(".ko") != std::string::npos)
      names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Unpacked::needs(const std::string& name_or_alias) const {
  const auto result = support::run_program({"/sbin/modprobe", "-d", dir_ / "root", "-S", kKernel,
                                            "-C", "/dev/null", "--show-depends", name_or_alias});
  return result.ok() ? last_parts(result.out) : std::vector<std::string>();
}

}  // namespace kip::plugins_test
