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
std::map<std::pair<std::string, std::uint32_t>, std::vector<std::string>> lost_words(
    const LintView& view, const policy::DracutList& list) {
  std::map<std::pair<std::string, std::uint32_t>, std::vector<std::string>> lost;
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
std::string way_back(const std::vector<std::string>& lost, std::string_view variable,
                     const std::string& where) {
  return fmt::format(
      "write {}+=\" {}\" {}; or, if they are to be out, Omit={} below [Modules] in a file of "
      "/etc/kip/kip.conf.d",
      variable, joined(lost), where, lost.size() == 1 ? clean(lost.front()) : "NAME");
}

void judge_replaced(LintView& view, const DracutFile& file) {
  const std::string by = "/etc/dracut.conf.d/" + std::string(name_of(file.path));
  const policy::DracutLists lists = policy::lists_of({file});
  for (const char* const variable : kIncluding) {
    for (const auto& [origin, lost] : lost_words(view, list_of(lists, variable))) {
      view.add(Severity::kWarning, kRuleDefeated, by,
               fmt::format("stands for the package's file of the same name, so {} at {}:{} no "
                           "longer counts, and {} {} out",
                           variable, clean(origin.first), origin.second, listed(lost),
                           lost.size() == 1 ? "is" : "are"),
               way_back(lost, variable, "there"));
    }
  }
}

// One variable through all files: what a `=` throws away.
void judge_assignments(LintView& view, std::string_view variable) {
  DracutFile before;  // what counts up to here
  for (const DracutFile& file : view.input.dracut.files) {
    for (const DracutStatement& statement : file.statements) {
      if (statement.name != variable) continue;
      using Kind = DracutStatement::Kind;
      if (statement.kind == Kind::kSet || statement.kind == Kind::kUnknown) {
        const policy::DracutLists lists = policy::lists_of({before});
        before.statements.clear();
        for (const auto& [origin, lost] : lost_words(view, list_of(lists, variable))) {
          if (origin.first == statement.origin.file) continue;
          view.add(
              Severity::kWarning, kRuleDefeated, to_text(statement.origin),
              fmt::format("{}= throws away what {}:{} has added, and {} {} out: += was meant",
                          variable, clean(origin.first), origin.second, listed(lost),
                          lost.size() == 1 ? "is" : "are"),
              way_back(lost, variable,
                       is_of_package(statement.origin) ? "in a later file of /etc/dracut.conf.d"
                                                       : "below it"));
        }
      }
      before.statements.push_back(statement);
    }
  }
}

void judge_replaced(LintView& view, const policy::ConfFile& file) {
  const std::string by = "/etc/kip/kip.conf.d/" + std::string(name_of(file.path));
  std::set<std::string> said;
  for (const policy::ModuleWord& word : policy::settings_from({file}).modules.words) {
    if (word.effect == policy::Effect::kOmit) continue;
    for (const Judged& it : view.modules) {
      const ModuleRule* const winner = it.decision.winner;
      const bool meant = winner != nullptr && winner->origin.file == by;
      const bool free = winner == nullptr || winner->weight < Weight::kPackage;
      if (it.decision.in || (!meant && !free) || !policy::names(word.pattern, it.names)) continue;
      if (!said.insert(it.names.name).second) continue;
      view.add(
          meant ? Severity::kNote : Severity::kWarning, kRuleDefeated, by,
          fmt::format("stands for the package's file of the same name, so {}={} at {} no longer "
                      "counts, and {} is out",
                      word.effect == policy::Effect::kRequire ? "Require" : "Include",
                      clean(word.pattern), clean(to_text(word.origin)), clean(it.names.name)),
          fmt::format("write Include={} below [Modules] there; or, if it is to be out, Omit={}",
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
      if (!includes(*beaten) || beaten->effect == policy::Effect::kRequire ||
          !is_of_package(beaten->origin))
        continue;
      auto& names = pairs[{winner, beaten}];
      if (std::find(names.begin(), names.end(), it.names.name) == names.end())
        names.push_back(it.names.name);
    }
  }
  for (const auto& [pair, names] : pairs) {
    const auto& [winner, beaten] = pair;
    view.add(Severity::kNote, kRuleDefeated, to_text(winner->origin),
             fmt::format("{}={} leaves {} out, which the package includes by {}", winner->key,
                         clean(winner->pattern), listed(names), clean(*beaten)),
             fmt::format("nothing, if that is meant; else take {} out of {}=",
                         clean(winner->pattern), winner->key));
  }
}

}  // namespace

void check_defeated(LintView& view) {
  for (const DracutFile& file : view.input.dracut.replaced) judge_replaced(view, file);
  for (const char* const variable : kIncluding) judge_assignments(view, variable);
  for (const policy::ConfFile& file : view.facts.replaced) judge_replaced(view, file);
  judge_omissions(view);
}

}  // namespace kip::checks
