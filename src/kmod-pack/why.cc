// why: what decides about one module, whichever it is.
#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <set>

#include "src/cli/json.h"
#include "src/kmod-pack/subject.h"

namespace kip::kmod_pack {
namespace {

using cli::ExitCode;
using modules::ModuleFile;

constexpr std::size_t kNearLimit = 5;  // names that are offered instead of one that is not there

// Levenshtein's: letters to be changed, added, removed.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t change = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({change, corner + 1, row[j] + 1});
    }
  }
  return row.back();
}

// The nearest first.
std::vector<std::string> near(const std::vector<ModuleFile>& files, const std::string& name) {
  std::set<std::pair<std::size_t, std::string>> ranked;
  for (const ModuleFile& file : files) {
    const std::size_t steps = distance(name, file.name);
    if (steps <= std::max<std::size_t>(1, name.size() / 3))
      ranked.emplace(steps, file.name);
    else if (name.size() > 2 && file.name.find(name) != file.name.npos)
      ranked.emplace(name.size(), file.name);
  }
  std::vector<std::string> names;
  for (const auto& [steps, found] : ranked) {
    if (names.size() < kNearLimit) names.push_back(found);
  }
  return names;
}

// Below the directory of modules, in whichever way it was written.
std::string relative(const std::string& asked, const cli::ModuleChoice& choice,
                     const std::string& directory, const std::string& kernel) {
  for (const std::string& start :
       {directory, choice.host_modules(), "/lib/modules/" + kernel, "/usr/lib/modules/" + kernel}) {
    if (asked.starts_with(start + "/")) return asked.substr(start.size() + 1);
  }
  return asked;
}

class Why {
 public:
  Why(const Settings& settings, const cli::Messages& messages)
      : settings_(settings),
        messages_(messages),
        subject_(settings, messages, cli::ModuleChoice::Say::kNothing) {}

  ExitCode run() {
    if (const ExitCode code = subject_.open_closed(); code != ExitCode::kDone) return code;
    subject_.say_findings();
    report_.kernel = subject_.kernel();
    report_.asked = settings_.module;
    for (const ModuleFile& file : files()) {
      if (!add(file)) return ExitCode::kFailed;
    }
    if (report_.modules.empty() && !add_builtin()) return unknown();
    const auto text = settings_.report.json ? to_json(report_) : to_text(report_);
    return messages_.print(text) ? ExitCode::kDone : ExitCode::kFailed;
  }

 private:
  modules::Tree& tree() { return subject_.choice().tree(); }

  // By path, by name, by alias; twins are all there.
  std::vector<ModuleFile> files() {
    const std::string& asked = settings_.module;
    const std::string path =
        relative(asked, subject_.choice(), tree().directory(), subject_.kernel());
    const std::string name = modules::module_name(asked);
    std::vector<ModuleFile> found;
    for (const ModuleFile& file : tree().files()) {
      if (asked.find('/') == asked.npos ? file.name == name : file.path == path)
        found.push_back(file);
    }
    if (const auto file = found.empty() ? tree().find(asked) : std::nullopt) found.push_back(*file);
    return found;
  }

  bool add(const ModuleFile& file) {
    auto row = subject_.row(file);
    if (!row) {
      messages_.error_at(tree().directory() + "/" + file.path, row.error());
      return false;
    }
    cli::WhyRow why{std::move(*row), {}};
    std::string of = why.module.of;
    const auto& needed = subject_.closure().modules;
    while (!of.empty() && why.chain.size() < needed.size()) {
      const auto link = std::find_if(needed.begin(), needed.end(),
                                     [&](const auto& it) { return it.file.name == of; });
      if (link == needed.end()) break;
      auto next = subject_.row(link->file);
      if (!next) break;
      of = next->of;
      why.chain.push_back(std::move(*next));
    }
    report_.modules.push_back(std::move(why));
    return true;
  }

  bool add_builtin() {
    if (!tree().is_builtin(settings_.module)) return false;
    cli::ModuleRow row;
    row.state = cli::ModuleState::kBuiltIn;
    row.name = modules::module_name(settings_.module);
    subject_.add_rules_of_the_kernels({row.name, {}}, row);
    report_.modules.push_back({std::move(row), {}});
    return true;
  }

  void add_rules(cli::ModuleRow& row) {
    for (const policy::ModuleRule& rule : subject_.choice().rules().rules) {
      if (policy::names(rule.pattern, {row.name, {}}))
        row.beaten.insert(row.beaten.begin(), rule_row(rule));
    }
  }

  ExitCode unknown() {
    const std::string name = modules::module_name(settings_.module);
    const auto names = near(tree().files(), name);
    std::string text =
        "no module " + quote(settings_.module) + " of kernel " + quote(subject_.kernel());
    if (!names.empty()) {
      text += "; near it: ";
      for (const std::string& it : names) text += (&it == &names.front() ? "" : ", ") + quote(it);
    }
    messages_.error(text);
    cli::ModuleRow row;
    row.name = name;
    add_rules(row);
    for (const cli::RuleRow& rule : row.beaten) messages_.note(rule.text + " names it");
    return ExitCode::kNothing;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  Subject subject_;
  cli::WhyReport report_;
};

}  // namespace

ExitCode why(const Settings& settings, const cli::Messages& messages) {
  return Why(settings, messages).run();
}

}  // namespace kip::kmod_pack
