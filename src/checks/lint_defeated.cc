// The news item's second trap: what a package's snippet includes is out because of a line, or a file, in /etc.
//
// Only what matters counts: the module is there for this kernel, it is out, and it would be in without that line. What somebody
// leaves out by Omit= in /etc/kip is meant, and a note.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

using policy::DracutFile;
using policy::DracutStatement;
using policy::DracutWord;
using policy::ModuleRule;
using policy::Origin;
using policy::Weight;

constexpr const char* kIncluding[] = {"add_drivers", "force_drivers", "drivers"};
constexpr const char* kOmitting = "omit_drivers";

// Modules, by the file and line of the statement that had them.
using LostWords = std::map<std::pair<std::string, std::uint32_t>, std::vector<std::string>>;

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// Modules that this word would have put in, were it counted among dracut's. What kip's own rules decide is no matter of dracut's
// files.
void add_lost(const LintView& view, std::string_view pattern, std::vector<std::string>& lost) {
  for (const Judged& it : view.modules) {
    const ModuleRule* const winner = it.decision.winner;
    const bool free = winner == nullptr || winner->weight < Weight::kPackage;
    if (it.decision.in || !free || !policy::names(pattern, it.names)) continue;
    if (std::find(lost.begin(), lost.end(), it.names.name) == lost.end())
      lost.push_back(it.names.name);
  }
}

// What the words of one list lose, by the statement that has them.
LostWords lost_words(const LintView& view, const policy::DracutList& list) {
  LostWords lost;
  for (const DracutWord& word : list.words) {
    std::vector<std::string> names;
    add_lost(view, word.text, names);
    auto& all = lost[{word.origin.file, word.origin.line}];
    for (std::string& name : names)
      if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(std::move(name));
  }
  std::erase_if(lost, [](const auto& entry) { return entry.second.empty(); });
  return lost;
}

const policy::DracutList& list_of(const policy::DracutLists& lists, std::string_view variable) {
  if (variable == "add_drivers") return lists.add_drivers;
  return variable == "drivers" ? lists.drivers : lists.force_drivers;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += clean(name) + " ";
  return text;
}

// The way back, and the way to say that it is meant.
std::string way_back(const std::vector<std::string>& lost, const std::string& back) {
  return fmt::format(
      "{}; or, if they are to be out, Omit={} below [Modules] in a file of /etc/kip/kip.conf.d",
      back, lost.size() == 1 ? clean(lost.front()) : "NAME");
}

std::string add_again(const std::vector<std::string>& lost, std::string_view variable,
                      const char* where) {
  return way_back(lost, fmt::format("write {}+=\" {}\" {}", variable, joined(lost), where));
}

// How a file in /etc stands for the package's of the same name.
const char* how_it_stands(bool mask) {
  return mask ? "is a link to /dev/null, and masks the package's file of the same name"
              : "stands for the package's file of the same name";
}

void judge_replaced(LintView& view, const DracutFile& file) {
  const std::string by = "/etc/dracut.conf.d/" + std::string(name_of(file.path));
  const bool mask = view.facts.masks.contains(by);
  const policy::DracutLists lists = policy::lists_of({file});
  for (const char* const variable : kIncluding) {
    for (const auto& [origin, lost] : lost_words(view, list_of(lists, variable))) {
      view.add(Severity::kWarning, kRuleDefeated, by,
               fmt::format("{}, so {} at {}:{} no longer counts, and {} {} out",
                           how_it_stands(mask), variable, clean(origin.first), origin.second,
                           listed(lost), lost.size() == 1 ? "is" : "are"),
               mask ? way_back(lost, "remove the link") : add_again(lost, variable, "there"));
    }
  }
}

// What a `=` throws away of what counted before it.
void judge_assignment(LintView& view, const DracutStatement& statement, const DracutFile& before) {
  const std::string& variable = statement.name;
  const bool package = is_of_package(statement.origin);
  bool said = false;
  const policy::DracutLists lists = policy::lists_of({before});
  const auto all = variable == kOmitting ? LostWords() : lost_words(view, list_of(lists, variable));
  for (const auto& [origin, lost] : all) {
    if (origin.first == statement.origin.file) continue;
    said = true;
    view.add(
        Severity::kWarning, kRuleDefeated, to_text(statement.origin),
        fmt::format("{}= throws away what {}:{} has added, and {} {} out: += was meant", variable,
                    clean(origin.first), origin.second, listed(lost),
                    lost.size() == 1 ? "is" : "are"),
        add_again(lost, variable, package ? "in a later file of /etc/dracut.conf.d" : "below it"));
  }
  // Which files stand before a package's, it cannot know.
  if (said || !package || statement.kind != DracutStatement::Kind::kSet) return;
  view.add(Severity::kWarning, kRuleDefeated, to_text(statement.origin),
           fmt::format("{}= in a package's file throws away whatever a file before it adds: += was "
                       "meant",
                       variable),
           fmt::format("have the package write {}+=", variable));
}

// One variable through all files.
void judge_assignments(LintView& view, std::string_view variable) {
  DracutFile before;  // what counts up to here
  for (const DracutFile& file : view.input.dracut.files) {
    for (const DracutStatement& statement : file.statements) {
      if (statement.name != variable) continue;
      using Kind = DracutStatement::Kind;
      if (statement.kind == Kind::kSet || statement.kind == Kind::kUnknown) {
        judge_assignment(view, statement, before);
        before.statements.clear();
      }
      before.statements.push_back(statement);
    }
  }
}

const char* key_of(policy::Effect effect) {
  if (effect == policy::Effect::kOmit) return "Omit";
  return effect == policy::Effect::kRequire ? "Require" : "Include";
}

std::string shown(const policy::ModuleWord& word) {
  return fmt::format("{}={} at {}", key_of(word.effect), clean(word.pattern),
                     clean(to_text(word.origin)));
}

// An empty value: modules that are now as they would not be with the package's word.
void judge_reset(LintView& view, const policy::ModuleReset& reset) {
  const bool omits = reset.effect == policy::Effect::kOmit;
  for (const policy::ModuleWord& word : reset.words) {
    if (!is_of_package(word.origin) || word.origin.file == reset.origin.file) continue;
    std::vector<std::string> changed;
    for (const Judged& it : view.modules) {
      const ModuleRule* const winner = it.decision.winner;
      const bool meant = winner != nullptr && winner->weight == Weight::kAdministrator;
      if (it.decision.in != omits || meant || !policy::names(word.pattern, it.names)) continue;
      if (std::find(changed.begin(), changed.end(), it.names.name) == changed.end())
        changed.push_back(it.names.name);
    }
    if (changed.empty()) continue;
    const std::string name = changed.size() == 1 ? clean(changed.front()) : "NAME";
    view.add(
        Severity::kWarning, kRuleDefeated, to_text(reset.origin),
        fmt::format("an empty {}= throws away {}, and {} {} {}", key_of(reset.effect), shown(word),
                    listed(changed), changed.size() == 1 ? "is" : "are", omits ? "in" : "out"),
        fmt::format("write {}={} below it, or take the line out; if that is meant, {}={}",
                    key_of(reset.effect), name, omits ? "Include" : "Omit", name));
  }
}

void judge_replaced(LintView& view, const policy::ConfFile& file) {
  const std::string by = "/etc/kip/kip.conf.d/" + std::string(name_of(file.path));
  const bool mask = view.facts.masks.contains(by);
  std::set<std::string> said;
  for (const policy::ModuleWord& word : policy::settings_from({file}).modules.words) {
    if (word.effect == policy::Effect::kOmit) continue;
    for (const Judged& it : view.modules) {
      const ModuleRule* const winner = it.decision.winner;
      const bool meant = winner != nullptr && winner->origin.file == by;
      const bool free = winner == nullptr || winner->weight < Weight::kPackage;
      if (it.decision.in || (!meant && !free) || !policy::names(word.pattern, it.names)) continue;
      if (!said.insert(it.names.name).second) continue;
      view.add(meant ? Severity::kNote : Severity::kWarning, kRuleDefeated, by,
               fmt::format("{}, so {} no longer counts, and {} is out", how_it_stands(mask),
                           shown(word), clean(it.names.name)),
               mask ? way_back({it.names.name}, "remove the link")
                    : fmt::format("write Include={} below [Modules] there; or, if it is to be out, "
                                  "Omit={}",
                                  clean(it.names.name), clean(it.names.name)));
    }
  }
}

void judge_omissions(LintView& view) {
  std::map<std::pair<const ModuleRule*, const ModuleRule*>, std::vector<std::string>> pairs;
  for (const Judged& it : view.modules) {
    const ModuleRule* const winner = it.decision.winner;
    if (winner == nullptr || it.decision.in || winner->weight != Weight::kAdministrator) continue;
    for (const ModuleRule* const beaten : it.decision.beaten) {
      if (!includes(*beaten) || !is_of_package(beaten->origin)) continue;
      auto& names = pairs[{winner, beaten}];
      if (std::find(names.begin(), names.end(), it.names.name) == names.end())
        names.push_back(it.names.name);
    }
  }
  for (const auto& [pair, names] : pairs) {
    const auto& [winner, beaten] = pair;
    view.add(Severity::kNote, kRuleDefeated, to_text(winner->origin),
             fmt::format("{}={} leaves {} out, which the package {} by {}", winner->key,
                         clean(winner->pattern), listed(names),
                         beaten->effect == policy::Effect::kRequire ? "requires" : "includes",
                         clean(*beaten)),
             fmt::format("nothing, if that is meant; else take {} out of {}=",
                         clean(winner->pattern), winner->key));
  }
}

}  // namespace

void check_defeated(LintView& view) {
  for (const DracutFile& file : view.input.dracut.replaced) judge_replaced(view, file);
  for (const char* const variable : kIncluding) judge_assignments(view, variable);
  judge_assignments(view, kOmitting);
  for (const policy::ModuleReset& reset : view.input.settings.modules.resets)
    judge_reset(view, reset);
  for (const policy::ConfFile& file : view.facts.replaced) judge_replaced(view, file);
  judge_omissions(view);
}

}  // namespace kip::checks
