// What lint() asks of the files, gathered: the only part of it that opens any.
#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>

#include "src/checks/lint_view.h"
#include "src/digest/sha256.h"
#include "src/host/sysfs.h"
#include "src/policy/drop_ins.h"

namespace kip::checks {
namespace {

constexpr std::uint64_t kBuiltinLimit = 16 << 20;  // bytes of modules.builtin; Debian's has 20 kB
constexpr std::uint64_t kKernelConfigLimit = 4 << 20;

std::optional<std::set<std::string>> builtin_names(const Root& root, const std::string& directory) {
  const auto bytes = read_file(root, directory + "/modules.builtin", kBuiltinLimit);
  if (!bytes) return std::nullopt;
  std::set<std::string> names;
  for (std::string_view text = as_text(*bytes); !text.empty();) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end != 0) names.insert(modules::module_name(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

KnownName look_up(modules::Tree& tree, const std::string& name) {
  if (const auto file = tree.find(name)) return {KnownName::Kind::kFile, file->path};
  return {tree.is_builtin(name) ? KnownName::Kind::kBuiltin : KnownName::Kind::kNothing};
}

void look_up_names(modules::Tree& tree, const LintInput& input, LintFacts& facts) {
  const auto ask = [&](const std::string& name) {
    if (!facts.names.contains(name)) facts.names[name] = look_up(tree, name);
  };
  for (const policy::ModuleRule& rule : input.rules.rules)
    if (!is_glob(rule.pattern)) ask(rule.pattern);
  for (const host::NeededBy& need : input.root.modules) ask(need.name);
  if (!input.root.modules.empty()) ask("fs-" + input.root.modules.front().name);
  for (const modules::Module& module : input.out_of_tree.modules) ask(module.file.name);
}

std::vector<modules::ModuleFile> selected(const LintInput& input, const LintFacts& facts) {
  std::vector<modules::ModuleFile> files;
  for (const modules::Module& module : input.out_of_tree.modules) {
    const policy::ModuleNames names{module.file.name, module.aliases};
    if (decide(input.rules, names).in &&
        wins(module, facts.names.at(module.file.name), input.out_of_tree))
      files.push_back(module.file);
  }
  return files;
}

// A generator strips and unpacks modules: what they say of their source tells builds apart, where both say it.
bool is_other_build(const modules::Module& host, const modules::Module& base) {
  if (host.srcversion.empty() || base.srcversion.empty()) return true;
  return host.srcversion != base.srcversion || host.version != base.version ||
         host.vermagic != base.vermagic;
}

Result<std::set<std::string>> stale_modules(const Root& root, const LintInput& input,
                                            const LintFacts& facts) {
  std::set<std::string> stale;
  if (input.base == nullptr || input.base->modules.empty()) return stale;
  std::optional<Root> base_root;
  std::optional<modules::Tree> base_tree;
  if (auto opened = Root::at(input.base_directory); !input.base_directory.empty() && opened) {
    base_root.emplace(*std::move(opened));
    if (auto tree = modules::Tree::open(*base_root, facts.kernel))
      base_tree.emplace(*std::move(tree));
  }
  for (const modules::Module& module : input.out_of_tree.modules) {
    const auto twin = input.base->modules.find(module.file.name);
    if (twin == input.base->modules.end()) continue;
    const auto bytes =
        read_file(root, facts.directory + "/" + module.file.path, modules::kModuleLimit);
    if (!bytes || TRY(digest::sha256(*bytes)) == twin->second.digest) continue;
    const auto read = base_tree ? base_tree->read({twin->first, twin->second.path})
                                : Result<modules::Module>(fail(Errc::kInvalid, "not at hand"));
    if (!read || is_other_build(module, *read)) stale.insert(module.file.name);
  }
  return stale;
}

// kip packs a module as it is installed: other bytes are another build.
Result<std::set<std::string>> stale_in_overlay(const Root& root, const LintInput& input,
                                               const LintFacts& facts) {
  std::set<std::string> stale;
  for (const modules::Module& module : input.out_of_tree.modules) {
    const std::string& name = module.file.name;
    const image::OverlayModule* const ours = in_overlay(input, facts.kernel, name);
    if (ours == nullptr || !wins(module, facts.names.at(name), input.out_of_tree)) continue;
    const auto bytes =
        read_file(root, facts.directory + "/" + module.file.path, modules::kModuleLimit);
    if (bytes && TRY(digest::sha256(*bytes)) != ours->digest) stale.insert(name);
  }
  return stale;
}

// Of a kernel's configuration file: options that make it refuse a module without a signature.
bool forces_signatures(std::string_view text) {
  constexpr std::string_view kForcing[] = {"\nCONFIG_MODULE_SIG_FORCE=y\n",
                                           "\nCONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y\n",
                                           "\nCONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY=y\n"};
  const std::string lines = fmt::format("\n{}\n", text);
  return std::any_of(std::begin(kForcing), std::end(kForcing),
                     [&](std::string_view line) { return lines.find(line) != lines.npos; });
}

}  // namespace

std::vector<policy::ConfFile> replaced_conf(const Root& root) {
  std::vector<policy::ConfFile> files;
  const std::string directory = "/usr/lib/kip/kip.conf.d", other = "/etc/kip/kip.conf.d";
  for (const std::string& name : host::names_in(root, directory)) {
    if (!name.ends_with(".conf") || !root.open(other + "/" + name, O_PATH | O_NOFOLLOW)) continue;
    const std::string path = directory + "/" + name;
    if (const auto bytes = read_file(root, path, policy::kConfLimit))
      files.push_back(policy::parse_conf(as_text(*bytes), path));
  }
  return files;
}

std::set<std::string> masks_in_etc(const Root& root) {
  std::set<std::string> masks;
  for (const std::string directory : {"/etc/kip/kip.conf.d", "/etc/dracut.conf.d"}) {
    for (const std::string& name : host::names_in(root, directory)) {
      std::string path = directory + "/" + name;
      if (policy::links_to_null(root, path)) masks.insert(std::move(path));
    }
  }
  return masks;
}

Result<LintFacts> read_lint_facts(const Root& root, modules::Tree& tree, const LintInput& input) {
  LintFacts facts;
  facts.kernel = tree.kernel();
  facts.directory = tree.directory();
  facts.files = tree.files();
  facts.builtin = builtin_names(root, facts.directory);
  look_up_names(tree, input, facts);
  std::vector<modules::ModuleFile> files;
  for (const modules::Module& module : input.out_of_tree.modules) files.push_back(module.file);
  const bool indexed = bool(root.open(facts.directory + "/modules.dep.bin", O_PATH));
  if (!indexed) facts.index = Index::kMissing;
  if (indexed && !tree.index_is_fresh(files)) facts.index = Index::kOld;
  modules::Limits limits;
  limits.firmware = input.settings.modules.firmware_limit.value;
  facts.closure = TRY(tree.close(selected(input, facts), limits));
  facts.stale = TRY(stale_modules(root, input, facts));
  facts.stale_in_overlay = TRY(stale_in_overlay(root, input, facts));
  facts.replaced = replaced_conf(root);
  facts.masks = masks_in_etc(root);
  return facts;
}

Signatures read_signatures(const Root& root, const std::string& kernel) {
  if (kernel.empty() || kernel.find('/') != kernel.npos) return Signatures::kNotKnown;
  for (const std::string& path : {"/boot/config-" + kernel, "/lib/modules/" + kernel + "/config",
                                  "/usr/lib/modules/" + kernel + "/config"}) {
    const auto bytes = read_file(root, path, kKernelConfigLimit);
    if (bytes)
      return forces_signatures(as_text(*bytes)) ? Signatures::kForced : Signatures::kNotForced;
  }
  return Signatures::kNotKnown;
}

}  // namespace kip::checks
