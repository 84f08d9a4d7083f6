// Rules that cannot mean what they say: a name that there is not, or another rule that says the opposite.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/lint_view.h"
#include "src/checks/near.h"

namespace kip::checks {
namespace {

using policy::ModuleRule;
using policy::Weight;

// Of what there is, a heavier rule or a later line that leaves it out takes the requirement back; those are said elsewhere.
void judge_requirement(LintView& view, const ModuleRule& rule) {
  const bool meant = std::any_of(view.modules.begin(), view.modules.end(), [&](const Judged& it) {
    return policy::names(rule.pattern, it.names);
  });
  if (meant || view.is_in_tree(rule.pattern)) return;
  if (!policy::decide(view.input.rules, {rule.pattern, {}}).required) return;
  const Severity severity = view.input.settings.modules.on_require.value == policy::OnRequire::kFail
                                ? Severity::kError
                                : Severity::kWarning;
  const std::string name = clean(rule.pattern), kernel = clean(view.facts.kernel);
  view.add(severity, kRuleRequired, to_text(rule.origin),
           fmt::format("Require={}: kernel {} has no such module", name, kernel),
           fmt::format("build it for this kernel, then {}; or take {} out of Require=",
                       depmod_command(view), name));
}

class UnknownNames {
 public:
  explicit UnknownNames(LintView& view) : view_(view) {}

  void look_at(const ModuleRule& rule) {
    if (rule.effect == policy::Effect::kRequire || is_known(rule.pattern)) return;
    if (first_ != nullptr && (first_->origin != rule.origin || first_->key != rule.key)) say();
    if (first_ == nullptr) first_ = &rule;
    if (std::find(names_.begin(), names_.end(), rule.pattern) == names_.end())
      names_.push_back(rule.pattern);
  }

  void say() {
    if (first_ == nullptr) return;
    // One rule is for many kernels: what one of them has not is left out of it all the same.
    const bool omits = !includes(*first_), package = is_of_package(first_->origin);
    std::string remedy = omits     ? "nothing, if another kernel has it; else correct the name"
                         : package ? "if they are wanted, build that package's modules for this "
                                     "kernel"
                                   : "correct the name, or take it out";
    if (const auto near = near_name()) remedy += fmt::format("; is {} meant?", clean(*near));
    view_.add(omits || package ? Severity::kNote : Severity::kWarning, kRuleUnknownName,
              to_text(first_->origin),
              fmt::format("{} names no module of kernel {}: {}", first_->key,
                          clean(view_.facts.kernel), listed(names_)),
              remedy);
    first_ = nullptr;
    names_.clear();
  }

 private:
  bool is_known(const std::string& pattern) const {
    return view_.is_in_tree(pattern) ||
           std::any_of(view_.modules.begin(), view_.modules.end(),
                       [&](const Judged& it) { return policy::names(pattern, it.names); });
  }

  // What the first name may have been meant for.
  std::optional<std::string> near_name() {
    if (is_glob(names_.front()) || searches_++ == kSearches) return std::nullopt;
    return nearest(modules::module_name(names_.front()), view_.facts.files);
  }

  static constexpr unsigned kSearches = 16;  // each goes through all modules

  LintView& view_;
  const ModuleRule* first_ = nullptr;
  std::vector<std::string> names_;
  unsigned searches_ = 0;
};

// "Omit=nvidia*" and, below it, "Include=nvidia_drm" work as they read.
bool refines(const ModuleRule& later, const ModuleRule& earlier) {
  if (!is_glob(earlier.pattern) || later.pattern == earlier.pattern) return false;
  return !is_glob(later.pattern) || policy::names(earlier.pattern, {later.pattern, {}});
}

bool is_contradiction(const ModuleRule& winner, const ModuleRule& beaten) {
  if (includes(winner) == includes(beaten)) return false;
  if (winner.weight == beaten.weight)
    return winner.weight >= Weight::kPackage && !refines(winner, beaten);
  // What the administrator tells dracut, a package's rule for kip beats: it looks as if it were the other way round.
  if (winner.weight == Weight::kPackage) return !is_of_package(beaten.origin);
  // What dracut includes it does not omit. To include what a package omits is what /etc is for.
  return winner.weight == Weight::kDracutInclude &&
         (is_of_package(winner.origin) || !is_of_package(beaten.origin));
}

void say_contradiction(LintView& view, const ModuleRule& winner, const ModuleRule& beaten,
                       const std::vector<std::string>& names) {
  const bool dracut = winner.weight == Weight::kDracutInclude;
  const bool packages = dracut && is_of_package(winner.origin) && is_of_package(beaten.origin);
  const char* why = ", being the later line";
  std::string remedy = "take one of the two lines out";
  if (winner.weight != beaten.weight) {
    why = dracut ? ", since what dracut includes it does not omit"
                 : " for more, as any rule of kip's does";
    remedy = fmt::format(
        "write {}={} below [Modules] in a file of /etc/kip/kip.conf.d if it is to "
        "be {}",
        includes(beaten) ? "Include" : "Omit", clean(names.front()),
        includes(beaten) ? "in" : "out");
  }
  view.add(packages ? Severity::kNote : Severity::kWarning, kRuleContradiction,
           to_text(beaten.origin),
           fmt::format("{}={} has no effect on {}: {} counts{}", beaten.key, clean(beaten.pattern),
                       listed(names), clean(winner), why),
           remedy);
}

void judge_contradictions(LintView& view) {
  std::map<std::pair<const ModuleRule*, const ModuleRule*>, std::vector<std::string>> pairs;
  for (const Judged& it : view.modules) {
    const ModuleRule* const winner = it.decision.winner;
    for (const ModuleRule* const beaten : it.decision.beaten) {
      if (!is_contradiction(*winner, *beaten)) continue;
      auto& names = pairs[{winner, beaten}];
      if (std::find(names.begin(), names.end(), it.names.name) == names.end())
        names.push_back(it.names.name);
    }
  }
  for (const auto& [pair, names] : pairs) say_contradiction(view, *pair.first, *pair.second, names);
}

// Left out by name, and in all the same.
void judge_brought_along(LintView& view) {
  for (const modules::Needed& needed : view.facts.closure.modules) {
    if (needed.cause == modules::Cause::kPolicy) continue;
    const auto it = std::find_if(
        view.modules.begin(), view.modules.end(),
        [&](const Judged& judged) { return judged.module->file.path == needed.file.path; });
    if (it == view.modules.end() || it->decision.in || it->decision.winner == nullptr) continue;
    const ModuleRule& winner = *it->decision.winner;
    if (is_of_package(winner.origin)) continue;
    const std::string name = clean(needed.file.name), of = clean(needed.of);
    view.add(Severity::kWarning, kRuleContradiction, to_text(winner.origin),
             fmt::format("{}={} leaves {} out, and it is in all the same: {} needs it", winner.key,
                         clean(winner.pattern), name, of),
             fmt::format("leave {} out too, or take {} out of {}=", of, clean(winner.pattern),
                         winner.key));
  }
}

// A list that nobody reads, since its name is not dracut's.
void judge_variables(LintView& view) {
  const std::vector<modules::ModuleFile> lists = {
      {"add_drivers", ""}, {"force_drivers", ""}, {"omit_drivers", ""}, {"drivers", ""}};
  for (const policy::DracutFile& file : view.input.dracut.files) {
    for (const policy::DracutStatement& statement : file.statements) {
      const auto near = nearest(statement.name, lists);
      if (!near || *near == statement.name) continue;
      view.add(Severity::kNote, kRuleUnknownName, to_text(statement.origin),
               fmt::format("{} is no list of dracut's", clean(statement.name)),
               fmt::format("is {} meant?", *near));
    }
  }
}

}  // namespace

void check_rules(LintView& view) {
  UnknownNames unknown(view);
  for (const ModuleRule& rule : view.input.rules.rules) {
    if (rule.effect == policy::Effect::kRequire) judge_requirement(view, rule);
    unknown.look_at(rule);
  }
  unknown.say();
  judge_variables(view);
  judge_contradictions(view);
  judge_brought_along(view);
}

}  // namespace kip::checks
