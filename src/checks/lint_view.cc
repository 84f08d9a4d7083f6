#include <algorithm>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

constexpr std::size_t kListed = 8;  // names that one message repeats

}  // namespace

bool is_glob(std::string_view pattern) {
  return pattern.find_first_of("*?[") != pattern.npos;
}

bool is_of_package(const policy::Origin& origin) {
  return origin.file.starts_with("/usr/lib/");
}

bool includes(const policy::ModuleRule& rule) {
  return rule.effect != policy::Effect::kOmit;
}

std::string clean(std::string_view text) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return printable && text.size() <= 200 ? std::string(text) : quote_start(text);
}

std::string clean(const policy::ModuleRule& rule) {
  return fmt::format("{}={} at {}", rule.key, clean(rule.pattern), clean(to_text(rule.origin)));
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kListed; ++i)
    text += (i == 0 ? "" : ", ") + clean(names[i]);
  if (names.size() > kListed) text += fmt::format(" and {} more", names.size() - kListed);
  return text;
}

std::string include_line(const std::string& name) {
  return fmt::format("write Include={} below [Modules] in a file of /etc/kip/kip.conf.d",
                     clean(name));
}

bool is_needed(const LintView& view, const Judged& it) {
  const auto& needs = view.input.root.modules;
  return it.decision.required ||
         std::any_of(needs.begin(), needs.end(), [&](const host::NeededBy& need) {
           return policy::names(need.name, it.names);
         });
}

std::string_view directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return path.substr(0, slash == path.npos ? 0 : slash);
}

std::string make_again(const LintView& view) {
  const std::string kernel = clean(view.facts.kernel);
  return fmt::format(
      "make the image again: kernel-install add with kip's plugin, or, with what kmod-pack emit "
      "prints, dracut --force --kver {}, update-initramfs -u -k {} or mkinitcpio -P",
      kernel, kernel);
}

std::string depmod_command(const LintView& view) {
  const std::string kernel = clean(view.facts.kernel), &root = view.input.root_path;
  if (root.empty()) return "depmod -a " + kernel;
  return fmt::format("depmod -b {} {}", shell_word(root), kernel);
}

bool wins(const modules::Module& module, const KnownName& name, const modules::OutOfTree& all) {
  if (name.kind == KnownName::Kind::kBuiltin) return false;
  if (name.kind == KnownName::Kind::kFile) return name.path == module.file.path;
  // Not in the index: the first of its name, until depmod says otherwise.
  const auto first = std::find_if(
      all.modules.begin(), all.modules.end(),
      [&](const modules::Module& other) { return other.file.name == module.file.name; });
  return first == all.modules.end() || first->file.path == module.file.path;
}

KnownName LintView::known(const std::string& name) const {
  const auto found = facts.names.find(name);
  return found == facts.names.end() ? KnownName() : found->second;
}

bool LintView::is_in_tree(std::string_view pattern) const {
  const KnownName it = known(std::string(pattern));
  if (it.kind == KnownName::Kind::kBuiltin) return true;
  if (it.kind == KnownName::Kind::kFile) return out_of_tree_at(it.path) == nullptr;
  if (!is_glob(pattern)) return in_tree.contains(modules::module_name(pattern));
  return std::any_of(in_tree.begin(), in_tree.end(), [&](const std::string& name) {
    return policy::names(pattern, {name, {}});
  });
}

std::string LintView::path_of(const modules::ModuleFile& file) const {
  return facts.directory + "/" + file.path;
}

const modules::Module* LintView::out_of_tree_at(std::string_view path) const {
  const auto& all = input.out_of_tree.modules;
  const auto found = std::lower_bound(all.begin(), all.end(), path,
                                      [](const modules::Module& module, std::string_view other) {
                                        return module.file.path < other;
                                      });
  return found != all.end() && found->file.path == path ? &*found : nullptr;
}

LintView lint_view(const LintFacts& facts, const LintInput& input) {
  LintView view{facts, input};
  if (facts.builtin) view.in_tree = *facts.builtin;
  for (const modules::ModuleFile& file : facts.files)
    if (view.out_of_tree_at(file.path) == nullptr) view.in_tree.insert(file.name);
  std::set<std::string> along;
  for (const modules::Needed& needed : facts.closure.modules) along.insert(needed.file.path);
  for (const modules::Module& module : input.out_of_tree.modules) {
    Judged judged;
    judged.module = &module;
    judged.names = {module.file.name, module.aliases};
    judged.decision = decide(input.rules, judged.names);
    judged.wins = wins(module, view.known(module.file.name), input.out_of_tree);
    judged.goes_in = (judged.decision.in && judged.wins) || along.contains(module.file.path);
    view.modules.push_back(std::move(judged));
  }
  return view;
}

}  // namespace kip::checks
