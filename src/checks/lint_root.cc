// The news item's first trap: what the root file system lies on is not in the initrd.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

using Kind = KnownName::Kind;

// A file system's module has its name, or says for an alias what it is.
KnownName known_need(const LintView& view, const std::string& name, bool file_system) {
  const KnownName it = view.known(name);
  return it.kind == Kind::kNothing && file_system ? view.known("fs-" + name) : it;
}

const Judged* judged_need(const LintView& view, const std::string& name, const KnownName& known) {
  const auto found = std::find_if(view.modules.begin(), view.modules.end(), [&](const Judged& it) {
    if (known.kind == Kind::kFile) return it.module->file.path == known.path;
    return it.wins && policy::names(name, it.names);  // where the index has nothing yet
  });
  return found == view.modules.end() ? nullptr : &*found;
}

// What to do about a module that is out: a line of ours beats everything but the administrator's own.
std::string way_in(const Judged& it) {
  const policy::ModuleRule* const winner = it.decision.winner;
  const std::string& name = it.names.name;
  if (winner == nullptr || winner->weight != policy::Weight::kAdministrator)
    return include_line(name);
  return fmt::format("take {} out of {}= at {}, or write Include={} below it",
                     clean(winner->pattern), winner->key, clean(to_text(winner->origin)),
                     clean(name));
}

void judge_out(LintView& view, const host::NeededBy& need, const Judged& it) {
  const policy::ModuleRule* const winner = it.decision.winner;
  const std::string& name = it.names.name;
  const bool ours = in_overlay(view.input, view.facts.kernel, name) != nullptr;
  const bool packed =
      ours || (view.input.base != nullptr && view.input.base->modules.contains(name));
  const std::string by = winner == nullptr ? "by default" : "by " + clean(*winner);
  const std::string what = ours ? "only what kip packed before lets the machine boot"
                           : packed
                               ? "only what the generator packed by itself lets the machine boot"
                               : "the machine would not boot";
  view.out_of_root.insert(name);
  view.add(
      packed ? Severity::kWarning : Severity::kError, kRuleRoot,
      winner == nullptr ? view.path_of(it.module->file) : to_text(winner->origin),
      fmt::format("{}, and policy leaves {} out {}: {}", clean(need.why), clean(name), by, what),
      way_in(it));
}

void judge(LintView& view, const host::NeededBy& need, bool file_system) {
  const KnownName known = known_need(view, need.name, file_system);
  if (known.kind == Kind::kBuiltin) return;
  const Judged* const it = judged_need(view, need.name, known);
  if (it != nullptr) {
    if (it->goes_in) return;
    judge_out(view, need, *it);
    view.root_is_out |= file_system;
    return;
  }
  // A driver that is not a module here may be built in, without being listed. A file system is always listed.
  const bool unknown = known.kind == Kind::kNothing && !view.is_in_tree(need.name);
  if (!file_system || !unknown || !view.facts.builtin) return;
  view.root_is_out = true;
  view.add(
      Severity::kError, kRuleRoot, view.input.root.origin,
      fmt::format("{}, and kernel {} has no module for it: the machine would not boot",
                  clean(need.why), clean(view.facts.kernel)),
      fmt::format("build {} for this kernel, then {}", clean(need.name), depmod_command(view)));
}

}  // namespace

void check_root(LintView& view) {
  const host::RootNeeds& root = view.input.root;
  if (root.file_system.empty()) {
    view.add(Severity::kNote, kRuleRoot, root.origin,
             "the type of the root file system is not known: whether its module is in was not "
             "judged",
             "name the type: --root-fs TYPE");
  }
  for (std::size_t i = 0; i < root.modules.size(); ++i)
    judge(view, root.modules[i], i == 0 && !root.file_system.empty());
}

}  // namespace kip::checks
