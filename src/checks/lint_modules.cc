// The files themselves: whether what goes in will load, and which of two files of one name does.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

using Kind = KnownName::Kind;

std::string build_again(const LintView& view, const std::string& name) {
  return fmt::format(
      "build {} for this kernel: dkms autoinstall -k {}, or install its package again", name,
      clean(view.facts.kernel));
}

// With versions of symbols, modules of another release of the same ABI load: that is what weak-updates is for.
bool is_weak_update(const modules::Module& module) {
  return module.file.path.starts_with("weak-updates/") &&
         module.vermagic.find(" modversions") != std::string::npos;
}

void judge_release(LintView& view, const Judged& it) {
  const std::string& kernel = view.facts.kernel;
  const std::string release = it.module->release(), name = clean(it.names.name);
  if (release == kernel || is_weak_update(*it.module)) return;
  const std::string built = release.empty() ? "does not say for which kernel it was built"
                                            : "was built for kernel " + clean(release);
  view.add(Severity::kError, kRuleRelease, view.path_of(it.module->file),
           fmt::format("{} {}, and does not load into {}", name, built, clean(kernel)),
           build_again(view, name));
}

void judge_signature(LintView& view, const Judged& it) {
  using policy::Unsigned;
  const auto& setting = view.input.settings.modules.unsigned_modules;
  if (it.module->signature || view.input.signatures == Signatures::kNotForced) return;
  const std::string name = clean(it.names.name);
  const std::string remedy =
      fmt::format("sign it with a key that this kernel trusts, or write Omit={}", name);
  if (view.input.signatures == Signatures::kNotKnown) {
    // Who set nothing asked for nothing.
    if (setting.value != Unsigned::kWarn) {
      view.add(Severity::kNote, kRuleSignature, view.path_of(it.module->file),
               fmt::format("{} has no signature, and kernel {} has no configuration that says "
                           "whether it needs one",
                           name, clean(view.facts.kernel)),
               "install /boot/config-" + clean(view.facts.kernel));
    }
    return;
  }
  const char* what = "it goes in, and the kernel refuses it";
  Severity severity = Severity::kWarning;
  if (setting.value == Unsigned::kSkip) what = "it is left out (Unsigned=skip)";
  if (setting.value == Unsigned::kFail) what = "no image is installed (Unsigned=fail)";
  if (setting.value == Unsigned::kFail || is_needed(view, it)) severity = Severity::kError;
  view.add(
      severity, kRuleSignature, view.path_of(it.module->file),
      fmt::format("{} has no signature, and this kernel takes only signed modules: {}", name, what),
      remedy);
}

void judge_twins(LintView& view, const Judged& it) {
  const modules::ModuleFile& file = it.module->file;
  const std::string name = clean(file.name), depmod = depmod_command(view);
  const KnownName known = view.known(file.name);
  if (known.kind == Kind::kBuiltin) {
    if (it.decision.in) {
      view.add(Severity::kWarning, kRuleTwin, view.path_of(file),
               fmt::format("{} is built into the kernel, so this file is never loaded", name),
               fmt::format("remove it, or take {} out of the rule", name));
    }
    return;
  }
  for (const modules::ModuleFile& other : view.facts.files) {
    if (other.name != file.name || other.path == file.path) continue;
    const bool both_out = view.out_of_tree_at(other.path) != nullptr;
    if (both_out && other.path < file.path) continue;  // said from the other side
    const std::string other_path = clean(other.path);
    // An in-tree module that another stands for is what updates/ is for.
    Severity severity = Severity::kNote;
    if (both_out || (it.decision.in && !it.wins)) severity = Severity::kWarning;
    const bool other_wins = known.kind == Kind::kFile ? known.path == other.path : !it.wins;
    view.add(severity, kRuleTwin, view.path_of(file),
             other_wins ? fmt::format("of two files of module {}, modprobe loads the other: {}",
                                      name, other_path)
                        : fmt::format("of two files of module {}, modprobe loads this one, not {}",
                                      name, other_path),
             other_wins
                 ? fmt::format("remove the one that is not meant, or name its directory first on a "
                               "search line in "
                               "/etc/depmod.d; then {}",
                               depmod)
                 : fmt::format("nothing, if that is meant; else remove one and run {}", depmod));
  }
}

void judge_index(LintView& view) {
  const std::string remedy = depmod_command(view);
  if (view.facts.index == Index::kMissing) {
    view.add(Severity::kWarning, kRuleIndex, view.facts.directory,
             "modules.dep.bin is missing: modprobe finds no module, and dependencies are not known",
             remedy);
    return;
  }
  bool said = false;
  for (const Judged& it : view.modules) {
    if (view.known(it.names.name).kind != Kind::kNothing) continue;
    said = true;
    view.add(Severity::kWarning, kRuleIndex, view.path_of(it.module->file),
             fmt::format("modules.dep.bin does not list {}: modprobe does not find it",
                         clean(it.names.name)),
             remedy);
  }
  if (said || view.facts.index == Index::kFresh) return;
  view.add(Severity::kWarning, kRuleIndex, view.facts.directory,
           "modules.dep.bin is older than a module: what it says of that may be wrong", remedy);
}

// Kernels' own modules name firmware of every device that they ever knew.
bool is_out_of_tree(const LintView& view, const std::string& name) {
  return std::any_of(view.modules.begin(), view.modules.end(),
                     [&](const Judged& it) { return it.names.name == name; });
}

// Where the module that misses something lies; the bare name for one that is in-tree.
std::string place_of(const LintView& view, const std::string& name) {
  for (const modules::Needed& needed : view.facts.closure.modules)
    if (needed.file.name == name) return view.path_of(needed.file);
  for (const Judged& it : view.modules)
    if (it.names.name == name && it.wins) return view.path_of(it.module->file);
  return name;
}

void judge_missing(LintView& view) {
  using modules::Cause;
  for (const modules::Missing& it : view.facts.closure.missing) {
    const std::string name = clean(it.name), of = clean(it.of), place = place_of(view, it.of);
    if (it.cause == Cause::kDepends) {
      view.add(Severity::kError, kRuleMissing, place,
               fmt::format("{} depends on {}, which is not there: it cannot be loaded", of, name),
               fmt::format("build {} for this kernel, then {}", name, depmod_command(view)));
    } else if (it.cause == Cause::kFirmware && is_out_of_tree(view, it.of)) {
      view.add(Severity::kNote, kRuleMissing, place,
               fmt::format("{} names firmware that is not there: {}", of, name),
               "install it, if this machine's device asks for it");
    } else if (it.cause == Cause::kSoftdep) {
      view.add(Severity::kNote, kRuleMissing, place,
               fmt::format("{} works better with {}, which is not there", of, name),
               fmt::format("build {} for this kernel, if it is wanted", name));
    }
  }
}

}  // namespace

void check_modules(LintView& view) {
  for (const Judged& it : view.modules) {
    if (it.goes_in) judge_release(view, it);
    if (it.goes_in) judge_signature(view, it);
    judge_twins(view, it);
  }
  judge_index(view);
  judge_missing(view);
}

}  // namespace kip::checks
