#include <algorithm>
#include <tuple>

#include "src/checks/lint.h"
#include "src/cli/linting.h"

namespace kip::cli {
namespace {

// What reading found; what choosing found, lint has said in its own words.
void add_read(const std::vector<Finding>& read, std::vector<Finding>& findings) {
  for (const Finding& finding : read) {
    if (finding.rule != kRuleLeftOut && finding.rule != kRuleChoiceIndex)
      findings.push_back(finding);
  }
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(b.severity, a.place) < std::tie(a.severity, b.place);
  });
}

}  // namespace

Result<std::vector<Finding>> lint_findings(const LintSubject& subject, ModuleChoice& choice) {
  const std::vector<Finding> read = choice.findings();
  checks::LintInput input{choice.rules(), choice.settings(), choice.dracut(), choice.out_of_tree()};
  input.root = subject.needs;
  input.root_path = subject.root_path;
  input.signatures = checks::read_signatures(subject.root, subject.kernel);
  if (subject.base != nullptr) {
    input.packable.emplace();
    const auto packed = TRY(choice.closure());
    for (const modules::Needed& it : packed.modules) input.packable->insert(it.file.path);
    input.base = &subject.base->modules;
    input.base_path = subject.base->path;
    input.base_directory = subject.base->directory;
  }
  const auto facts = TRY(checks::read_lint_facts(subject.root, choice.tree(), input));
  std::vector<Finding> findings = checks::lint(facts, input);
  add_read(read, findings);
  return findings;
}

}  // namespace kip::cli
