#include <algorithm>
#include <tuple>

#include "src/checks/lint_view.h"

namespace kip::checks {
namespace {

bool comes_first(const Finding& a, const Finding& b) {
  return std::tuple(b.severity, std::string_view(a.place), std::string_view(a.rule),
                    std::string_view(a.text)) < std::tuple(a.severity, std::string_view(b.place),
                                                           std::string_view(b.rule),
                                                           std::string_view(b.text));
}

}  // namespace

std::vector<Finding> lint(const LintFacts& facts, const LintInput& input) {
  LintView view = lint_view(facts, input);
  check_root(view);
  check_rules(view);
  check_defeated(view);
  check_modules(view);
  check_base(view);
  check_image(view);
  std::sort(view.findings.begin(), view.findings.end(), comes_first);
  return std::move(view.findings);
}

}  // namespace kip::checks
