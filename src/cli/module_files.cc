#include <algorithm>
#include <fcntl.h>
#include <set>
#include <unistd.h>

#include "src/cli/module_files.h"
#include "src/policy/module_words.h"

namespace kip::cli {
namespace {

using image::OverlayFile;
using modules::Cause;
using modules::Needed;

constexpr const char* kCauses[] = {"policy", "depends", "softdep", "weakdep", "firmware"};

// Under the name that the module knows, with the suffix of its compression.
std::string firmware_path(const modules::NeededFirmware& firmware) {
  const std::size_t at = firmware.path.rfind(firmware.name);
  return at == firmware.path.npos ? firmware.name : firmware.path.substr(at);
}

std::string modprobe_text(const std::vector<std::string>& lines) {
  std::string text = "# Written by kip: what modprobe.d says about the modules that came along.\n";
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

// What is in the image that the base and the plan make.
class Present {
 public:
  Present(modules::Tree& tree, const image::BaseModules& base, const image::OverlayPlan* plan)
      : tree_(tree) {
    for (const auto& [name, module] : base.modules) names_.insert(name);
    if (plan == nullptr) return;
    for (const image::OverlayModule& module : plan->manifest.modules) names_.insert(module.name);
  }

  bool has(const std::string& name) const { return names_.contains(name); }

  // By a name, or by an alias of a module that is in the tree.
  bool has_called(const std::string& name_or_alias) const {
    if (has(modules::module_name(name_or_alias)) || tree_.is_builtin(name_or_alias)) return true;
    const auto file = tree_.find(name_or_alias);
    return file && has(file->name);
  }

  bool has_matching(const std::string& glob) const {
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return policy::names(glob, {name, {}});
    });
  }

 private:
  modules::Tree& tree_;
  std::set<std::string> names_;
};

}  // namespace

Result<std::string> path_on_host(const Root& root, const std::string& path) {
  if (root.is_host()) return path;
  const Fd file = TRY(root.open(path, O_PATH));
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  char target[4096];  // PATH_MAX
  const ssize_t length = ::readlink(link.c_str(), target, sizeof target);
  if (length < 0) return fail_errno("cannot be looked up in /proc");
  if (length == sizeof target) return fail(Errc::kLimit, "the path is too long");
  return std::string(target, static_cast<std::size_t>(length));
}

Result<std::vector<OverlayFile>> overlay_files(
    const Root& root, modules::Tree& tree, const Loadable& loadable, const image::BaseModules& base,
    const std::function<std::string(const modules::ModuleFile&)>& rule_of) {
  std::vector<OverlayFile> files;
  for (const Needed& it : loadable.closure.modules) {
    const bool in_tree = loadable.modules.at(it.file.path).in_tree;
    if (it.cause != Cause::kPolicy && in_tree && base.modules.contains(it.file.name)) continue;
    OverlayFile file;
    file.path = it.file.path;
    file.source = TRY(path_on_host(root, tree.directory() + "/" + it.file.path));
    file.reason = {kCauses[static_cast<int>(it.cause)],
                   it.cause == Cause::kPolicy ? rule_of(it.file) : it.of};
    files.push_back(std::move(file));
  }
  for (const modules::NeededFirmware& it : loadable.closure.firmware) {
    OverlayFile file;
    file.kind = OverlayFile::Kind::kFirmware;
    file.path = firmware_path(it);
    file.source = TRY(path_on_host(root, it.path));
    file.reason = {kCauses[static_cast<int>(Cause::kFirmware)], it.of};
    files.push_back(std::move(file));
  }
  if (const auto lines = tree.modprobe_lines(loadable.closure.modules); !lines.empty()) {
    OverlayFile file;
    file.kind = OverlayFile::Kind::kConfig;
    file.path = kModprobeFile;
    file.content = modprobe_text(lines);
    file.reason = {kCauses[static_cast<int>(Cause::kPolicy)],
                   "what modprobe.d says of these modules"};
    files.push_back(std::move(file));
  }
  return files;
}

std::optional<codec::Method> overlay_method(policy::Compression setting, const Root& root,
                                            const std::string& kernel,
                                            const image::BaseModules& base,
                                            const std::vector<OverlayFile>& files) {
  switch (setting) {
    case policy::Compression::kAuto:
      return image::choose_method(root, kernel, base, files);
    case policy::Compression::kNone:
      return std::nullopt;
    case policy::Compression::kZstd:
      return codec::Method::kZstd;
    case policy::Compression::kXz:
      return codec::Method::kXz;
    case policy::Compression::kGzip:
      return codec::Method::kGzip;
  }
  return std::nullopt;
}

Unmet unmet_requirements(modules::Tree& tree, const policy::ModuleRules& rules,
                         const std::vector<DecidedModule>& modules, const image::BaseModules& base,
                         const image::OverlayPlan* plan) {
  const Present present(tree, base, plan);
  Unmet unmet;
  std::set<std::string> said;
  const auto add = [&](const std::string& name, const policy::ModuleRule& rule) {
    if (said.insert(name).second) unmet.emplace_back(name, rule);
  };
  for (const policy::ModuleRule& rule : rules.rules) {
    if (rule.effect != policy::Effect::kRequire) continue;
    bool meant = false;
    for (const DecidedModule& it : modules) {
      if (!policy::names(rule.pattern, {it.module.file.name, it.module.aliases})) continue;
      meant = true;
      if (it.decision.required && !present.has(it.module.file.name))
        add(it.module.file.name, *it.decision.winner);
    }
    if (meant) continue;
    // No out-of-tree module: one that the generator packed, or one that is not there at all.
    const std::string name = modules::module_name(rule.pattern);
    const bool there = policy::is_glob(rule.pattern) ? present.has_matching(rule.pattern)
                                                     : present.has_called(rule.pattern);
    if (!there && policy::decide(rules, {name, {}}).required)
      add(policy::is_glob(rule.pattern) ? rule.pattern : name, rule);
  }
  return unmet;
}

}  // namespace kip::cli
