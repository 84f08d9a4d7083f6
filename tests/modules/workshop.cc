#include <fmt/format.h>

#include "tests/modules/workshop.h"
#include "tests/support/run_program.h"

namespace kip::modules {
namespace {

const char* word_of(Cause cause) {
  constexpr const char* kWords[] = {"policy", "depends", "softdep", "weakdep", "firmware"};
  return kWords[static_cast<int>(cause)];
}

std::string with_cause(const std::string& what, Cause cause, const std::string& of) {
  return fmt::format("{}: {}{}{}", what, word_of(cause), of.empty() ? "" : " ", of);
}

}  // namespace

Workshop::Workshop() {
  directory.directory(modules_);
  root_ = Root::at(directory.path()).value();
}

void Workshop::write(const std::string& file, support::View bytes) const {
  directory.write(path(file), bytes);
}

void Workshop::add(const std::string& file, const support::ModuleInfo& info,
                   const support::ElfFields& fields) const {
  support::ModuleInfo all = {{"vermagic", std::string(kKernel) + " SMP preempt mod_unload"}};
  all.insert(all.end(), info.begin(), info.end());
  const std::string plain = file.substr(0, file.rfind(".ko") + 3);
  write(plain, support::elf_module(all, fields));
  const std::string whole = directory / path(plain);
  if (file.ends_with(".xz")) support::must_run({"xz", "--check=crc32", whole});
  if (file.ends_with(".zst")) support::must_run({"zstd", "-q", "--rm", whole});
  if (file.ends_with(".gz")) support::must_run({"gzip", "-n", whole});
}

void Workshop::add_in_tree(const std::string& file, support::ModuleInfo info,
                           const support::ElfFields& fields) {
  info.push_back({"intree", "Y"});
  add(file, info, fields);
  order_ += file.substr(0, file.rfind(".ko") + 3) + "\n";
  directory.write(path("modules.order"), order_);
}

void Workshop::depmod() const {
  support::must_run({"/sbin/depmod", "-b", directory.path(), kKernel});
}

Tree Workshop::open() const {
  return Tree::open(root_, kKernel).value();
}

ModuleFile Workshop::file(const std::string& path) const {
  const Tree tree = open();
  for (const ModuleFile& file : tree.files()) {
    if (file.path == path) return file;
  }
  throw std::runtime_error("no such module: " + path);
}

std::vector<std::string> paths_of(const std::vector<Module>& modules) {
  std::vector<std::string> paths;
  for (const Module& module : modules) paths.push_back(module.file.path);
  return paths;
}

std::vector<std::string> texts_of(const std::vector<Needed>& needed) {
  std::vector<std::string> texts;
  for (const Needed& one : needed) texts.push_back(with_cause(one.file.path, one.cause, one.of));
  return texts;
}

std::vector<std::string> texts_of(const std::vector<Missing>& missing) {
  std::vector<std::string> texts;
  for (const Missing& one : missing) texts.push_back(with_cause(one.name, one.cause, one.of));
  return texts;
}

}  // namespace kip::modules
