#include <algorithm>
#include <fmt/format.h>

#include "src/image/diff.h"
#include "src/image/early.h"

namespace kip::image {
namespace {

using Names = std::map<std::string, RootFs::Name, std::less<>>;

std::string mode_of(const Inode& inode) {
  return fmt::format("{:04o}", inode.mode & ~cpio::kModeTypeMask);
}

std::string owner_of(const Inode& inode) {
  return fmt::format("{}:{}", inode.uid, inode.gid);
}

std::string device_of(const Inode& inode) {
  return fmt::format("{}:{}", inode.special_major, inode.special_minor);
}

const char* type_of(const Inode& inode) {
  switch (inode.type()) {
    case cpio::kModeRegular:
      return "file";
    case cpio::kModeDirectory:
      return "directory";
    case cpio::kModeSymlink:
      return "symlink";
    case cpio::kModeCharacter:
      return "character device";
    case cpio::kModeBlock:
      return "block device";
    case cpio::kModeFifo:
      return "fifo";
    case cpio::kModeSocket:
      return "socket";
    default:
      return "unknown";
  }
}

class Aspects {
 public:
  void compare(const char* what, std::string a, std::string b) {
    if (a != b) all_.push_back({what, std::move(a), std::move(b)});
  }
  std::vector<Aspect> take() { return std::move(all_); }
  bool none() const { return all_.empty(); }

 private:
  std::vector<Aspect> all_;
};

void compare_rights(const Inode& a, const Inode& b, Aspects& aspects) {
  // Kernels make every link with all permissions.
  if (a.type() != cpio::kModeSymlink) aspects.compare("mode", mode_of(a), mode_of(b));
  aspects.compare("owner", owner_of(a), owner_of(b));
}

void compare_content(const Inode& a, const Inode& b, Aspects& aspects) {
  aspects.compare("size", std::to_string(a.size), std::to_string(b.size));
  if (a.digest != b.digest)
    aspects.compare("content", digest::to_hex(a.digest), digest::to_hex(b.digest));
}

std::vector<Aspect> compare_files(const Inode& a, const Inode& b) {
  Aspects aspects;
  aspects.compare("type", type_of(a), type_of(b));
  if (aspects.none()) {
    compare_rights(a, b, aspects);
    compare_content(a, b, aspects);
    aspects.compare("target", a.target, b.target);
    aspects.compare("device", device_of(a), device_of(b));
  }
  return aspects.take();
}

struct Module {
  std::string path;
  const Inode* inode = nullptr;
  const ModuleFacts* facts = nullptr;
};

using ModuleKey = std::pair<std::string, std::string>;  // release, name
using Modules = std::map<ModuleKey, std::vector<Module>>;

Modules modules_of(const Contents& contents) {
  Modules modules;
  for (const auto& [path, name] : contents.files.names()) {
    const auto facts = contents.modules.find(name.inode);
    const auto module = module_name(path);
    if (!module || facts == contents.modules.end()) continue;
    modules[{module->release, module->name}].push_back(
        {path, &contents.files.inode(name), &facts->second});
  }
  return modules;
}

class Comparison {
 public:
  Comparison(const Contents& a, const Contents& b) : a_(a), b_(b) {}

  Difference run() {
    result_.microcode = compare_microcode(a_.microcode, b_.microcode);
    compare_modules();
    compare_names();
    return std::move(result_);
  }

 private:
  void compare_modules() {
    auto in_a = modules_of(a_), in_b = modules_of(b_);
    for (const auto& [key, modules] : in_b) in_a[key];  // a key for each
    for (auto& [key, modules] : in_a) pair_up(key, std::move(modules), std::move(in_b[key]));
  }

  // Usually one and one. Of several, those with one path are the same; then the only ones left.
  void pair_up(const ModuleKey& key, std::vector<Module> a, std::vector<Module> b) {
    for (auto it = a.begin(); it != a.end();) {
      const auto other = std::find_if(
          b.begin(), b.end(), [&](const Module& module) { return module.path == it->path; });
      if (other == b.end()) {
        ++it;
        continue;
      }
      compare_module(key, *it, *other);
      b.erase(other);
      it = a.erase(it);
    }
    if (a.size() == 1 && b.size() == 1) return compare_module(key, a.front(), b.front());
    for (const Module& module : a)
      tell({{key.first, key.second}, Change::kRemoved, module.path, module.facts->version, "", {}});
    for (const Module& module : b)
      tell({{key.first, key.second}, Change::kAdded, module.path, "", module.facts->version, {}});
  }

  void compare_module(const ModuleKey& key, const Module& a, const Module& b) {
    Aspects aspects;
    aspects.compare("version", a.facts->version, b.facts->version);
    aspects.compare("srcversion", a.facts->srcversion, b.facts->srcversion);
    aspects.compare("vermagic", a.facts->vermagic, b.facts->vermagic);
    if (a.facts->digest != b.facts->digest)
      aspects.compare("content", digest::to_hex(a.facts->digest), digest::to_hex(b.facts->digest));
    aspects.compare("path", a.path, b.path);
    // With one path and the same module in it, the rest is the files' to tell.
    if (aspects.none()) return;
    compare_rights(*a.inode, *b.inode, aspects);
    told_.push_back(b.path);
    tell({{key.first, key.second},
          Change::kChanged,
          a.path,
          a.facts->version,
          b.facts->version,
          aspects.take()});
  }

  void tell(ModuleChange change) {
    told_.push_back(change.path);
    result_.modules.push_back(std::move(change));
  }

  // Files of microcode whose updates were compared.
  void tell_microcode() {
    for (const MicrocodeChange& change : result_.microcode)
      told_.push_back(member_path(change.vendor));
  }

  void compare_names() {
    tell_microcode();
    std::sort(told_.begin(), told_.end());
    const Names &in_a = a_.files.names(), &in_b = b_.files.names();
    auto a = in_a.begin();
    auto b = in_b.begin();
    while (a != in_a.end() || b != in_b.end()) {
      const int order = a == in_a.end() ? 1 : b == in_b.end() ? -1 : a->first.compare(b->first);
      if (order < 0) {
        file(a->first, Change::kRemoved, {});
      } else if (order > 0) {
        file(b->first, Change::kAdded, {});
      } else {
        both(a->first, a_.files.inode(a->second), b_.files.inode(b->second));
      }
      if (order <= 0) ++a;
      if (order >= 0) ++b;
    }
  }

  void both(const std::string& path, const Inode& a, const Inode& b) {
    auto aspects = compare_files(a, b);
    if (!aspects.empty())
      file(path, Change::kChanged, std::move(aspects));
    else if (a.mtime != b.mtime)
      ++result_.only_time;
  }

  void file(const std::string& path, Change change, std::vector<Aspect> aspects) {
    if (std::binary_search(told_.begin(), told_.end(), path)) return;
    result_.files.push_back({path.empty() ? "." : path, change, std::move(aspects)});
  }

  const Contents& a_;
  const Contents& b_;
  Difference result_;
  std::vector<std::string> told_;  // paths that the files need not tell of
};

}  // namespace

Difference compare(const Contents& a, const Contents& b) {
  return Comparison(a, b).run();
}

}  // namespace kip::image
