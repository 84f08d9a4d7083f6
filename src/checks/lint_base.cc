// The initrd that the generator made: what is in it against policy, what is old in it, which tool it lacks.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

constexpr const char* kPrograms[] = {"usr/bin/", "usr/sbin/", "bin/", "sbin/"};

void judge_packed(LintView& view, const Judged& it) {
  if (it.goes_in || view.out_of_root.contains(it.names.name)) return;
  const policy::ModuleRule* const winner = it.decision.winner;
  view.add(Severity::kWarning, kRulePacked, view.input.base_path,
           fmt::format("the generator packed {}, which policy leaves out {}",
                       clean(it.module->file.path),
                       winner == nullptr ? "by default" : "by " + clean(*winner)),
           fmt::format("have the generator told (kmod-pack emit dracut; it knows mkinitcpio and "
                       "initramfs-tools, too); or {}",
                       include_line(it.names.name)));
}

void judge_stale(LintView& view, const Judged& it) {
  // An archive of kip's stands behind the generator's, and replaces it.
  if (in_overlay(view.input, view.facts.kernel, it.names.name) != nullptr) return;
  if (!it.goes_in || !it.wins || !view.facts.stale.contains(it.names.name)) return;
  view.add(Severity::kWarning, kRuleStaleTwin, view.input.base_path,
           fmt::format("{} in it is another build than {}: it was made before the module was",
                       clean(it.names.name), view.path_of(it.module->file)),
           make_again(view));
}

void judge_tool(LintView& view) {
  const auto tools = host::tools_of(view.input.root.file_system);
  const std::set<std::string>& paths = view.input.base->paths;
  // What is in a file system of its own cannot be seen.
  if (tools.empty() || view.root_is_out || !view.input.base->sealed.empty()) return;
  for (const std::string& tool : tools)
    for (const char* const directory : kPrograms)
      if (paths.contains(directory + tool)) return;
  const std::string& type = view.input.root.file_system;
  view.add(Severity::kError, kRuleTool, view.input.base_path,
           fmt::format("the root file system is {}, and the initrd has no {}: nothing mounts it",
                       clean(type), tools.front()),
           fmt::format("have the generator add it (of dracut and mkinitcpio what is called {}, of "
                       "initramfs-tools the "
                       "package that brings it), then make the initrd again",
                       clean(type)));
}

}  // namespace

void check_base(LintView& view) {
  if (view.input.base == nullptr) return;
  for (const Judged& it : view.modules) {
    const auto packed = view.input.base->modules.find(it.names.name);
    // An in-tree twin lies elsewhere. A generator may have unpacked the module: its suffix does not count.
    const bool same_place = packed != view.input.base->modules.end() &&
                            directory_of(packed->second.path) == directory_of(it.module->file.path);
    if (!same_place) continue;
    judge_packed(view, it);
    judge_stale(view, it);
  }
  judge_tool(view);
}

}  // namespace kip::checks
