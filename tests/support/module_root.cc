#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/elf_module.h"
#include "tests/support/module_root.h"
#include "tests/support/run_program.h"

namespace kip::support {
namespace {

namespace fs = std::filesystem;

void save(const std::string& path, View bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::runtime_error(path + ": cannot write it");
}

}  // namespace

ModuleRoot::ModuleRoot(std::string directory, std::string kernel)
    : directory_(std::move(directory)), kernel_(std::move(kernel)) {
  fs::create_directories(directory_ + "/usr/lib/modules/" + kernel_);
  if (!fs::exists(directory_ + "/lib"))
    fs::create_directory_symlink("usr/lib", directory_ + "/lib");
  built_in("kernel/fs/ramfs/ramfs.ko");
}

std::string ModuleRoot::place(const std::string& path) const {
  return directory_ + "/usr/lib/modules/" + kernel_ + "/" + path;
}

// Each has one symbol, and needs that of what it depends on: by these depmod knows.
Blob ModuleRoot::module(const std::string& path, const Info& info) const {
  const auto symbol_of = [](std::string name) {
    name = name.substr(0, name.find(".ko"));
    std::replace(name.begin(), name.end(), '-', '_');
    return name + "_call";
  };
  ElfFields fields;
  fields.exports = {symbol_of(fs::path(path).filename())};
  for (const auto& [key, value] : info) {
    std::istringstream names(key == "depends" ? value : "");
    for (std::string name; std::getline(names, name, ',');) fields.needs.push_back(symbol_of(name));
  }
  Info whole = info;
  const bool has = std::any_of(info.begin(), info.end(),
                               [](const auto& field) { return field.first == "vermagic"; });
  if (!has) whole.emplace_back("vermagic", kernel_ + " SMP preempt mod_unload ");
  return elf_module(whole, fields);
}

ModuleRoot& ModuleRoot::in_tree(const std::string& path, const Info& info) {
  Info whole = info;
  whole.emplace_back("intree", "Y");
  save(place(path), module(path, whole));
  order_ += path + "\n";
  return file("usr/lib/modules/" + kernel_ + "/modules.order", order_);
}

ModuleRoot& ModuleRoot::out_of_tree(const std::string& path, const Info& info) {
  save(place(path), module(path, info));
  return *this;
}

ModuleRoot& ModuleRoot::built_in(const std::string& path) {
  builtin_ += path + "\n";
  return file("usr/lib/modules/" + kernel_ + "/modules.builtin", builtin_);
}

ModuleRoot& ModuleRoot::file(const std::string& path, const std::string& text) {
  return file(path, kip::support::text(text));
}

ModuleRoot& ModuleRoot::file(const std::string& path, View bytes) {
  save(directory_ + "/" + path, bytes);
  return *this;
}

ModuleRoot& ModuleRoot::index() {
  const std::string name = "usr/lib/modules/" + kernel_ + "/modules.";
  if (order_.empty()) file(name + "order", "");
  file(name + "builtin.modinfo", "");
  const std::string program = fs::exists("/sbin/depmod") ? "/sbin/depmod" : "depmod";
  must_run({program, "-b", directory_, kernel_});
  return *this;
}

}  // namespace kip::support
