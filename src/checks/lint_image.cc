// What policy wants, against the image that is to boot: what it lacks, and what archives of kip's in it still have.
//
// A module is there in one of two ways: the generator packed it, or an archive of kip's behind the generator's part has it. Where
// both have it, kip's counts, since kernels unpack it last.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

using policy::ModuleRule;

// How many steps from a module that comes along to one that a rule selects: more are a loop.
constexpr int kStepsFollowed = 32;

std::string_view file_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool has_name(const LintView& view, const std::string& name) {
  return view.input.base->modules.contains(name) ||
         in_overlay(view.input, view.facts.kernel, name) != nullptr;
}

// A file of that name elsewhere is ours all the same (mkinitcpio has put all into one directory), unless the kernel's own twin
// lies there.
bool has_by_generator(const LintView& view, const Judged& it) {
  const auto packed = view.input.base->modules.find(it.names.name);
  if (packed == view.input.base->modules.end()) return false;
  const std::string_view place = directory_of(packed->second.path);
  if (place == directory_of(it.module->file.path)) return true;
  return std::none_of(view.facts.files.begin(), view.facts.files.end(), [&](const auto& file) {
    return file.name == it.names.name && directory_of(file.path) == place;
  });
}

// As pack would do it.
bool is_wanted(const LintView& view, const Judged& it) {
  return view.input.packable ? view.input.packable->contains(it.module->file.path) : it.goes_in;
}

// What an archive of kip's has of it. False: none has it.
bool judge_ours(LintView& view, const Judged& it) {
  const image::OverlayModule* const ours = in_overlay(view.input, view.facts.kernel, it.names.name);
  if (ours == nullptr) return false;
  const std::string name = clean(it.names.name);
  if (is_wanted(view, it) && view.facts.stale_in_overlay.contains(it.names.name)) {
    view.add(Severity::kWarning, kRuleStaleTwin, view.input.base_path,
             fmt::format("kip's archive in it has another build of {} than {}", name,
                         view.path_of(it.module->file)),
             make_again(view));
  }
  const bool same_place = directory_of(ours->path) == directory_of(it.module->file.path);
  if (!it.goes_in && same_place && !view.out_of_root.contains(it.names.name)) {
    const ModuleRule* const winner = it.decision.winner;
    view.add(Severity::kWarning, kRulePacked, view.input.base_path,
             fmt::format("kip's archive in it has {}, which policy leaves out {} by now", name,
                         winner == nullptr ? "by default" : "by " + clean(*winner)),
             make_again(view));
  }
  return true;
}

const Judged* judged_called(const LintView& view, const std::string& name) {
  const auto found = std::find_if(view.modules.begin(), view.modules.end(), [&](const Judged& it) {
    return it.names.name == name && it.wins;
  });
  return found == view.modules.end() ? nullptr : &*found;
}

const modules::Needed* needed(const LintView& view, const Judged& it) {
  const auto& all = view.facts.closure.modules;
  const auto found = std::find_if(all.begin(), all.end(), [&](const modules::Needed& other) {
    return other.file.path == it.module->file.path;
  });
  const bool along = found != all.end() && found->cause != modules::Cause::kPolicy;
  return along && !it.decision.in ? &*found : nullptr;
}

// A dependency weighs as much as what depends on it.
Severity weight_of(const LintView& view, const Judged& it) {
  const Judged* at = &it;
  for (int steps = 0; at != nullptr && steps < kStepsFollowed; ++steps) {
    if (is_needed(view, *at)) {
      const bool warns = at->decision.required &&
                         view.input.settings.modules.on_require.value == policy::OnRequire::kWarn;
      return warns ? Severity::kWarning : Severity::kError;
    }
    const modules::Needed* const along = needed(view, *at);
    at = along == nullptr ? nullptr : judged_called(view, along->of);
  }
  return Severity::kWarning;
}

void judge_lacking(LintView& view, const std::vector<const Judged*>& lacking) {
  const auto lacks = [&](const std::string& name) {
    return std::any_of(lacking.begin(), lacking.end(),
                       [&](const Judged* it) { return it->names.name == name; });
  };
  for (const Judged* const it : lacking) {
    const modules::Needed* const along = needed(view, *it);
    if (along != nullptr && lacks(along->of)) continue;  // it goes without saying
    const std::string why = along != nullptr ? clean(along->of) + " needs it"
                            : it->decision.winner != nullptr
                                ? clean(*it->decision.winner) + " wants it"
                                : "policy wants it";
    view.add(weight_of(view, *it), kRuleNotInImage, view.input.base_path,
             fmt::format("{} is not in it, neither by the generator nor by kip, and {}",
                         clean(it->names.name), why),
             make_again(view));
  }
}

// What is in a file system of its own cannot be seen.
void judge_sealed(LintView& view, const std::vector<const Judged*>& lacking) {
  if (lacking.empty()) return;
  std::vector<std::string> names;
  for (const Judged* const it : lacking) names.push_back(it->names.name);
  view.add(Severity::kNote, kRuleNotInImage, view.input.base_path,
           fmt::format("its files are in {}, which is not looked into: whether it has {} is not "
                       "known",
                       clean(view.input.base->sealed), listed(names)),
           "have the generator list them: lsinitrd");
}

bool has_called(const LintView& view, const std::string& pattern) {
  if (is_glob(pattern)) {
    const auto means = [&](const std::string& name) { return policy::names(pattern, {name, {}}); };
    const auto& packed = view.input.base->modules;
    return std::any_of(packed.begin(), packed.end(),
                       [&](const auto& it) { return means(it.first); }) ||
           std::any_of(view.in_tree.begin(), view.in_tree.end(), [&](const std::string& name) {
             return means(name) && in_overlay(view.input, view.facts.kernel, name) != nullptr;
           });
  }
  const KnownName known = view.known(pattern);
  if (known.kind == KnownName::Kind::kBuiltin) return true;
  if (has_name(view, modules::module_name(pattern))) return true;
  return known.kind == KnownName::Kind::kFile &&
         has_name(view, modules::module_name(file_of(known.path)));
}

// Require= of a module of the kernel's own: the generator has to have packed it, since kip does not.
void judge_required_of_the_kernel(LintView& view, const ModuleRule& rule) {
  const bool ours = std::any_of(view.modules.begin(), view.modules.end(), [&](const Judged& it) {
    return policy::names(rule.pattern, it.names);
  });
  if (ours || !view.is_in_tree(rule.pattern) || has_called(view, rule.pattern)) return;
  if (!policy::decide(view.input.rules, {modules::module_name(rule.pattern), {}}).required) return;
  const bool fails = view.input.settings.modules.on_require.value == policy::OnRequire::kFail;
  view.add(fails ? Severity::kError : Severity::kWarning, kRuleNotInImage, view.input.base_path,
           fmt::format("{} is not in it, and {} wants it", clean(rule.pattern), clean(rule)),
           "have the generator add it, being a module of the kernel's own, then make the image "
           "again");
}

void judge_kernel(LintView& view) {
  const std::vector<std::string> others = image::other_kernels(*view.input.base, view.facts.kernel);
  if (others.empty()) return;
  const std::string kernel = clean(view.facts.kernel);
  view.add(
      Severity::kWarning, kRuleOtherKernel, view.input.base_path,
      fmt::format("has modules of {}, none of {}", listed(others), kernel),
      fmt::format("name the image of {} with --base, or its own kernel with --kernel", kernel));
}

}  // namespace

const image::OverlayModule* in_overlay(const LintInput& input, const std::string& kernel,
                                       const std::string& name) {
  const image::OverlayModule* found = nullptr;
  if (input.base == nullptr) return found;
  for (const image::OwnOverlay& overlay : input.base->tail.overlays) {
    if (overlay.manifest.kernel != kernel) continue;
    for (const image::OverlayModule& module : overlay.manifest.modules) {
      if (module.name == name && !module.in_base) found = &module;
    }
  }
  return found;
}

void check_image(LintView& view) {
  if (view.input.base == nullptr) return;
  judge_kernel(view);
  std::vector<const Judged*> lacking;
  for (const Judged& it : view.modules) {
    if (!judge_ours(view, it) && is_wanted(view, it) && !has_by_generator(view, it))
      lacking.push_back(&it);
  }
  view.input.base->sealed.empty() ? judge_lacking(view, lacking) : judge_sealed(view, lacking);
  for (const ModuleRule& rule : view.input.rules.rules) {
    if (rule.effect == policy::Effect::kRequire) judge_required_of_the_kernel(view, rule);
  }
}

}  // namespace kip::checks
