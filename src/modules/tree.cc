#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>

#include "src/modules/files.h"
#include "src/modules/read.h"
#include "src/modules/state.h"
#include "src/modules/tree.h"

namespace kip::modules {
namespace {

// Of a file below the modules directory; nullopt if there is none.
std::optional<timespec> changed(const Root& root, const std::string& path) {
  const auto file = root.open(path, O_PATH);
  struct stat status;
  if (!file || ::fstat(file->get(), &status) != 0) return std::nullopt;
  return status.st_mtim;
}

bool is_older(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

}  // namespace

const ModuleFile* Tree::State::file_at(const std::string& path) const {
  const auto found = std::lower_bound(
      files.begin(), files.end(), path,
      [](const ModuleFile& file, const std::string& wanted) { return file.path < wanted; });
  return found != files.end() && found->path == path ? &*found : nullptr;
}

const ModuleFile* Tree::State::file_of(const std::string& name) {
  if (const auto line = lookup.line(name)) return file_at(line->path);
  if (by_name_.empty()) {
    for (const ModuleFile& file : files) {
      const ModuleFile*& best = by_name_[file.name];
      // Of twins, the one that was added: that is why they add it.
      if (best == nullptr || (best->in_order && !file.in_order)) best = &file;
    }
  }
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

const Config& Tree::State::modprobe_config() {
  if (!modprobe_d) modprobe_d = read_config(root, kModprobeDirectories);
  return *modprobe_d;
}

Tree::Tree(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tree::Tree(Tree&&) noexcept = default;
Tree::~Tree() = default;

Result<Tree> Tree::open(const Root& root, const std::string& kernel) {
  if (kernel.empty() || kernel.find('/') != kernel.npos || kernel == "." || kernel == "..")
    return fail(Errc::kInvalid, "is no kernel's release");
  std::string directory = "/lib/modules/" + kernel;
  auto opened = root.open(directory, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error().system_errno == ENOENT) {
    opened = root.open("/usr" + directory, O_RDONLY | O_DIRECTORY);
    if (opened) directory = "/usr" + directory;
  }
  if (!opened) return tl::unexpected<Error>(opened.error());
  auto state = std::make_unique<State>(root, kernel, directory);
  state->files = TRY(list_modules(root, directory, opened->get()));
  return Tree(std::move(state));
}

const std::string& Tree::kernel() const {
  return state_->kernel;
}

const std::string& Tree::directory() const {
  return state_->directory;
}

const std::vector<ModuleFile>& Tree::files() const {
  return state_->files;
}

Result<Module> Tree::read(const ModuleFile& file) {
  std::optional<Kmod>& kmod = state_->kmod;
  if (!kmod) kmod.emplace(TRY(Kmod::open()));
  return read_module(state_->root, state_->directory, file, state_->decoders, *kmod);
}

Result<OutOfTree> Tree::out_of_tree() {
  OutOfTree found;
  for (const ModuleFile& file : state_->files) {
    if (file.in_order) continue;
    auto module = read(file);
    if (!module && !state_->kmod) return tl::unexpected<Error>(module.error());  // no libkmod
    if (!module) {
      found.findings.push_back(unread(state_->directory, file, module.error()));
    } else if (!module->in_tree) {
      found.modules.push_back(*std::move(module));
    }
  }
  return found;
}

std::optional<ModuleFile> Tree::find(const std::string& name_or_alias) {
  const Meant meant = state_->lookup.meant(name_or_alias);
  if (meant.builtin) return std::nullopt;
  for (const std::string& name : meant.names) {
    const auto line = state_->lookup.line(name);
    const ModuleFile* const file = line ? state_->file_at(line->path) : nullptr;
    if (file != nullptr) return *file;
  }
  return std::nullopt;
}

bool Tree::is_builtin(const std::string& name_or_alias) {
  return state_->lookup.meant(name_or_alias).builtin;
}

bool Tree::index_is_fresh(const std::vector<ModuleFile>& files) const {
  const auto index = changed(state_->root, state_->directory + "/modules.dep.bin");
  if (!index) return false;
  return std::all_of(files.begin(), files.end(), [&](const ModuleFile& file) {
    const auto its_own = changed(state_->root, state_->directory + "/" + file.path);
    const auto line = state_->lookup.line(file.name);
    return its_own && !is_older(*index, *its_own) && line && state_->file_at(line->path) != nullptr;
  });
}

}  // namespace kip::modules
