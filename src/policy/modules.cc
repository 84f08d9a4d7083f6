#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <map>

#include "src/base/text.h"
#include "src/policy/module_words.h"
#include "src/policy/modules.h"

namespace kip::policy {
namespace {

/// Longest alias that counts as a glob, in bytes. The kernel's are some hundred; a module's file may claim any.
constexpr std::size_t kGlobLimit = 4096;

char normal(char c) {
  return c == '-' ? '_' : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char one, char other) { return normal(one) == normal(other); });
}

// '_' for '-', but within [ ], where it makes a range. As kmod does it.
std::string normal(std::string_view text) {
  std::string normalised(text);
  bool within = false;
  for (char& c : normalised) {
    if (!within) c = normal(c);
    within = c == '[' || (within && c != ']');
  }
  return normalised;
}

bool matches(std::string_view glob, std::string_view text) {
  return ::fnmatch(normal(glob).c_str(), normal(text).c_str(), 0) == 0;
}

Weight weight_of(const Origin& origin) {
  return origin.file.starts_with("/usr/") ? Weight::kPackage : Weight::kAdministrator;
}

constexpr const char* key_of(Effect effect) {
  switch (effect) {
    case Effect::kInclude:
      return "Include";
    case Effect::kRequire:
      return "Require";
    case Effect::kOmit:
      break;
  }
  return "Omit";
}

struct NamedList {
  const char* name;
  const DracutList& list;
  bool includes;
};

class Gather {
 public:
  explicit Gather(const DracutFiles& dracut) : lists_(lists_of(dracut.files)) {
    for (const DracutFile& file : dracut.files) {
      ranks_.emplace(file.path, ranks_.size());
      found_.findings.insert(found_.findings.end(), file.findings.begin(), file.findings.end());
    }
  }

  ModuleRules run(const Settings& settings) {
    const NamedList lists[] = {{"omit_drivers", lists_.omit_drivers, false},
                               {"add_drivers", lists_.add_drivers, true},
                               {"drivers", lists_.drivers, true},
                               {"force_drivers", lists_.force_drivers, true}};
    for (const NamedList& list : lists) take(list);
    say_what_is_unknown();
    // Rules of several lists, in the order in which dracut reads them.
    std::stable_sort(found_.rules.begin(), found_.rules.end(),
                     [&](const ModuleRule& a, const ModuleRule& b) { return place(a) < place(b); });
    for (const ModuleWord& word : settings.modules.words) {
      found_.rules.push_back(
          {word.effect, weight_of(word.origin), key_of(word.effect), word.pattern, word.origin});
    }
    std::stable_sort(found_.rules.begin(), found_.rules.end(),
                     [](const ModuleRule& a, const ModuleRule& b) { return a.weight < b.weight; });
    return std::move(found_);
  }

 private:
  std::pair<std::size_t, std::uint32_t> place(const ModuleRule& rule) const {
    const auto rank = ranks_.find(rule.origin.file);
    return {rank == ranks_.end() ? 0 : rank->second, rule.origin.line};
  }

  void take(const NamedList& list) {
    if (list.includes && !list.list.words_count) {
      unknown_[to_text(*list.list.unknown)].push_back(list.name);
      return;
    }
    for (const DracutWord& word : list.list.words) {
      const auto module = dracut_module(word.text);
      if (module) {
        found_.rules.push_back({list.includes ? Effect::kInclude : Effect::kOmit,
                                list.includes ? Weight::kDracutInclude : Weight::kDracutOmit,
                                list.name, *module, word.origin});
      } else if (list.includes) {
        add_finding(Severity::kNote, "dracut-word", to_text(word.origin),
                    fmt::format("{} in {} is no module's name, and dracut's business alone",
                                quote_start(word.text), list.name));
      }
    }
  }

  void say_what_is_unknown() {
    for (const auto& [place, names] : unknown_) {
      add_finding(Severity::kWarning, "dracut-list", place,
                  fmt::format("no module is included by {}, since what is set here cannot be read",
                              fmt::join(names, ", ")));
      found_.findings.back().remedy = "name modules with Include= in a file of /etc/kip/kip.conf.d";
    }
  }

  void add_finding(Severity severity, const char* rule, std::string place, std::string text) {
    Finding finding;
    finding.severity = severity;
    finding.rule = rule;
    finding.place = std::move(place);
    finding.text = std::move(text);
    found_.findings.push_back(std::move(finding));
  }

  DracutLists lists_;
  std::map<std::string, std::size_t> ranks_;  // of files, by path
  std::map<std::string, std::vector<const char*>>
      unknown_;  // include lists, by the place that lost them
  ModuleRules found_;
};

}  // namespace

std::string to_text(const ModuleRule& rule) {
  return fmt::format("{}={} at {}", rule.key, rule.pattern, to_text(rule.origin));
}

bool names(std::string_view pattern, const ModuleNames& module) {
  const bool glob = is_glob(pattern);
  if (same(pattern, module.name) || (glob && matches(pattern, module.name))) return true;
  return std::any_of(module.aliases.begin(), module.aliases.end(), [&](const std::string& alias) {
    return same(pattern, alias) ||
           (!glob && is_glob(alias) && alias.size() <= kGlobLimit && matches(alias, pattern));
  });
}

ModuleRules module_rules(const Settings& settings, const DracutFiles& dracut) {
  return Gather(dracut).run(settings);
}

Decision decide(const ModuleRules& rules, const ModuleNames& module) {
  Decision decision;
  bool omitted = false;
  for (auto rule = rules.rules.rbegin(); rule != rules.rules.rend(); ++rule) {
    if (!names(rule->pattern, module)) continue;
    if (decision.winner == nullptr) {
      decision.winner = &*rule;
      decision.in = rule->effect != Effect::kOmit;
    } else {
      decision.beaten.push_back(&*rule);
    }
    omitted = omitted || rule->effect == Effect::kOmit;
    decision.required = decision.required || (rule->effect == Effect::kRequire && !omitted);
  }
  return decision;
}

}  // namespace kip::policy
