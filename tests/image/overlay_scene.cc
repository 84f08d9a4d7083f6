#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "tests/base/must.h"
#include "tests/codec/compress.h"
#include "tests/image/overlay_scene.h"
#include "tests/support/newc_blob.h"

namespace kip::image {
namespace {

using codec::Method;
using support::Blob;
using support::elf_module;
using support::ElfFields;
using support::NewcBlob;
using support::text;

Blob built(const support::ModuleInfo& info, const std::vector<std::string>& exports = {},
           const std::vector<std::string>& needs = {}) {
  support::ModuleInfo all = {{"vermagic", std::string(kKernel) + " SMP"}};
  all.insert(all.end(), info.begin(), info.end());
  ElfFields fields;
  fields.exports = exports;
  fields.needs = needs;
  return elf_module(all, fields);
}

const std::string kModules = std::string("lib/modules/") + kKernel;

std::string text_of(const std::string& path) {
  return support::to_string(support::read_file(path));
}

}  // namespace

std::vector<std::optional<Method>> base_methods() {
  return {std::nullopt, Method::kGzip, Method::kBzip2,    Method::kLzma,
          Method::kXz,  Method::kZstd, Method::kLz4Legacy};
}

std::string name_of(std::optional<Method> method) {
  return method ? codec::name_of(*method) : "Raw";
}

std::string name_of(LibKind lib) {
  constexpr const char* kNames[] = {"Merged", "Split", "None"};
  return kNames[static_cast<int>(lib)];
}

Blob packed(std::optional<Method> method, support::View plain) {
  if (!method) return Blob(plain.begin(), plain.end());
  if (*method == Method::kXz) return codec::run_through({"xz", "-c", "--check=crc32"}, plain);
  return codec::compress(*method, plain);
}

OverlayScene::OverlayScene(const std::string& below) : directory_(below) {
  write_host(kDmMod, built({{"intree", "Y"}}, {"dm_register"}));
  write_host(kCfg, built({{"intree", "Y"}, {"alias", "net-pf-99"}}));
  write_host(kThinkpad, built({{"version", "1.0"}}, {"ec_read"}));
  write_host(kHdaps, built({{"depends", "thinkpad_ec"}}, {}, {"ec_read"}));
  write_host(kWriteboost,
             built({{"version", "2.2.17"}, {"depends", "dm-mod"}, {"alias", "boost-*"}}, {},
                   {"dm_register"}));
  write_host(kVpoll, built({{"softdep", "pre: cfg"}, {"alias", "char-major-10-200"}}));
  write_host("modules.order", text(std::string(kDmMod) + "\n" + kCfg + "\n"));
  write_host("modules.builtin", text("kernel/lib/zlib.ko\n"));
  write_host("modules.builtin.modinfo", text(std::string("zlib.license=GPL\0", 17)));
  directory_.write("host/lib/firmware/e2e/blob.bin", support::noise(3000, 3));
}

std::string OverlayScene::host_file(const std::string& path) const {
  return directory_ / ("host/" + kModules + (path.empty() ? "" : "/" + path));
}

void OverlayScene::write_host(const std::string& path, support::View bytes) const {
  directory_.write("host/" + kModules + "/" + path, bytes);
}

Blob OverlayScene::host_bytes(const std::string& path) const {
  return support::read_file(host_file(path));
}

OverlayFile OverlayScene::module(const std::string& path, const std::string& rule) const {
  return {OverlayFile::Kind::kModule, path, host_file(path), "", {"policy", rule}};
}

std::vector<OverlayFile> OverlayScene::files() const {
  std::vector<OverlayFile> files = {module(kHdaps),
                                    module(kWriteboost, "Include=dm-* in 10.conf:3"),
                                    module(kVpoll), module(kThinkpad), module(kDmMod)};
  files[3].reason = {"depends", "hdaps"};
  files[4].reason = {"depends", "dm_writeboost"};
  files.push_back({OverlayFile::Kind::kFirmware,
                   "e2e/blob.bin",
                   directory_ / "host/lib/firmware/e2e/blob.bin",
                   "",
                   {"firmware", "vpoll"}});
  files.push_back({OverlayFile::Kind::kConfig,
                   "etc/modprobe.d/kip.conf",
                   "",
                   "options vpoll n=1\n",
                   {"policy", "options vpoll"}});
  return files;
}

Blob OverlayScene::base(LibKind lib, bool linked) const {
  const support::TempDir made;
  for (const char* const path : {kDmMod, kCfg, "modules.order", "modules.builtin"})
    made.write(kModules + "/" + path, host_bytes(path));
  support::run_program({"depmod", "-b", made.path(), kKernel});
  const std::string top = lib == LibKind::kDirectory ? "lib" : "usr/lib";
  NewcBlob archive;
  archive.file("init", text("#!/bin/sh\n"), {.mode = 0100755})
      .directory("etc")
      .directory("usr")
      .directory("usr/lib");
  if (lib == LibKind::kLink) archive.symlink("lib", "usr/lib");
  if (lib == LibKind::kDirectory) archive.directory("lib");
  archive.file(top + "/libc.so.6", text("libc"));
  if (lib == LibKind::kNone) return archive.bytes();
  const std::string modules = top + "/modules/" + kKernel;
  for (const char* const path :
       {"", "/kernel", "/kernel/drivers", "/kernel/drivers/md", "/kernel/net"}) {
    if (*path == '\0') archive.directory(top + "/modules");
    archive.directory(modules + path);
  }
  for (const char* const path : {kDmMod, kCfg})
    archive.file(modules + "/" + path, host_bytes(path));
  for (const std::string& name : support::names_in(made / kModules)) {
    if (!name.starts_with("modules.")) continue;
    const std::string content = text_of(made / (kModules + "/" + name));
    if (linked && (name == "modules.dep" || name == "modules.softdep")) {
      archive.link(modules + "/" + name, 777, name == "modules.softdep" ? text("shared") : Blob());
    } else {
      archive.file(modules + "/" + name, text(content));
    }
  }
  return archive.bytes();
}

Result<BaseModules> OverlayScene::try_read(support::View image) const {
  const std::string path = directory_.write("read", image);
  const Fd file = TRY(Root().open(path, O_RDONLY));
  const std::string scratch = directory_.directory("scratch" + std::to_string(runs_++));
  return read_base_modules(file.get(), kKernel, scratch, host_modules());
}

BaseModules OverlayScene::read(support::View image) const {
  return must(try_read(image));
}

Made OverlayScene::add(support::View image, const std::vector<OverlayFile>& files,
                       const OverlayOptions& options, const std::string& early) const {
  Made made;
  const std::string path = directory_.write("image", image);
  const std::string scratch = directory_.directory("scratch" + std::to_string(runs_++));
  const Fd file = must(Root().open(path, O_RDONLY));
  made.base = must(read_base_modules(file.get(), kKernel, scratch, host_modules()));
  JoinOptions join_options;
  join_options.tail = &made.base.tail;
  join_options.drop_overlay = files.empty();
  if (!files.empty()) {
    made.plan = must(plan_overlay(made.base, files, kKernel, host_modules(), "", scratch));
    MemorySink sink;
    must(write_overlay(made.plan, options, sink));
    made.overlay = sink.bytes();
    join_options.overlay = directory_.write("overlay", made.overlay);
  }
  const Join join = must(plan_join(Root(), early, path, join_options));
  made.changed = join.needed();
  made.image = Blob(image.begin(), image.end());
  if (!made.changed) return made;
  AtomicFile out = must(AtomicFile::create(directory_ / "out", AtomicFile::Existing::kReplace));
  must(write_join(Root(), join, join_options, out));
  must(out.commit());
  made.image = support::read_file(directory_ / "out");
  return made;
}

void unpack_to(const support::KernelRoot& root, const support::TempDir& directory) {
  for (const auto& [path, node] : root.nodes()) {
    if (path.empty()) continue;
    switch (node->mode & 0170000) {
      case 0040000:
        directory.directory(path);
        break;
      case 0120000:
        directory.link(path, node->target);
        break;
      default:
        directory.write(path, node->data);
    }
  }
}

std::vector<std::string> shown_by_modprobe(const support::TempDir& root, const std::string& name) {
  const std::string said = support::must_run(
      {"modprobe", "-S", kKernel, "-d", root.path(), "-C", "/dev/null", "--show-depends", name});
  std::vector<std::string> paths;
  std::istringstream lines(said);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(kKernel);
    paths.push_back(at == std::string::npos ? line
                                            : line.substr(at + std::string(kKernel).size() + 1,
                                                          line.find_last_not_of(' ') - at -
                                                              std::string(kKernel).size()));
  }
  return paths;
}

}  // namespace kip::image
