#include <gtest/gtest.h>
#include <ostream>

#include "src/policy/modules.h"
#include "tests/base/must.h"
#include "tests/policy/policy_case.h"
#include "tests/support/temp_dir.h"

namespace kip::policy {

void PrintTo(const PolicyCase& row, std::ostream* out) {
  *out << row.name;
}

void expect_decided(const PolicyCase& row) {
  const support::TempDir place;
  for (const PolicyFile& file : row.files) {
    if (file.text.starts_with("-> ")) {
      place.link(file.path, file.text.substr(3));
    } else {
      place.write(file.path, file.text);
    }
  }
  const Root root = must(Root::at(place.path()));
  const Settings settings = must(read_settings(root));
  EXPECT_FALSE(settings.broken());
  const ModuleRules rules = module_rules(settings, must(read_dracut_files(root)));
  const Decision decision = decide(rules, {row.module, row.aliases});

  std::string text = decision.required ? "required" : decision.in ? "in" : "out";
  if (decision.winner != nullptr) text += " " + to_text(*decision.winner);
  EXPECT_EQ(text, row.decision);
  std::vector<std::string> beaten;
  for (const ModuleRule* const rule : decision.beaten) beaten.push_back(to_text(*rule));
  EXPECT_EQ(beaten, row.beaten);
  std::vector<std::string> findings;
  for (const Finding& finding : rules.findings) findings.push_back(to_line(finding));
  EXPECT_EQ(findings, row.findings);
}

}  // namespace kip::policy
