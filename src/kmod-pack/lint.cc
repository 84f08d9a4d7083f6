// lint: what is wrong with the policy on this machine, or will be after the next boot.
#include <algorithm>
#include <tuple>

#include "src/checks/lint.h"
#include "src/cli/json.h"
#include "src/cli/scratch.h"
#include "src/kmod-pack/subject.h"

namespace kip::kmod_pack {
namespace {

using cli::ExitCode;

class Lint {
 public:
  Lint(const Settings& settings, const cli::Messages& messages)
      : settings_(settings),
        messages_(messages),
        subject_(settings, messages, cli::ModuleChoice::Say::kReport) {}

  ExitCode run() {
    if (const ExitCode code = subject_.open(); code != ExitCode::kDone) return code;
    read_ = subject_.choice().findings();
    if (!settings_.base.empty() && !read_base()) return ExitCode::kFailed;
    const auto found = look();
    if (!found) {
      messages_.error_at(subject_.choice().tree().directory(), found.error());
      return ExitCode::kFailed;
    }
    cli::LintReport report{subject_.kernel(), *found};
    add_read(report.findings);
    if (!messages_.print(settings_.report.json ? to_json(report) : to_text(report)))
      return ExitCode::kFailed;
    return verdict(report.findings);
  }

 private:
  ExitCode verdict(const std::vector<Finding>& findings) const {
    if (subject_.choice().settings().broken()) {
      messages_.error("there are errors in the settings: what else is said goes by the rest");
      return ExitCode::kFailed;
    }
    const bool any = std::any_of(findings.begin(), findings.end(),
                                 [](const Finding& it) { return it.severity != Severity::kNote; });
    if (any) return ExitCode::kNo;
    messages_.note(findings.empty()
                       ? "nothing is wrong with the modules of kernel " + quote(subject_.kernel())
                       : "no warning, " + cli::counted(findings.size(), "note") +
                             " on the modules of kernel " + quote(subject_.kernel()));
    return ExitCode::kDone;
  }

  bool read_base() {
    auto scratch = cli::ScratchDirectory::create();
    if (!scratch) {
      messages_.error(scratch.error().what);
      return false;
    }
    scratch_.emplace(std::move(*scratch));
    base_ = subject_.read_base(settings_.base, scratch_->path());
    return base_.has_value();
  }

  Result<std::vector<Finding>> look() {
    const cli::ModuleChoice& choice = subject_.choice();
    checks::LintInput input{choice.rules(), choice.settings(), choice.dracut(),
                            choice.out_of_tree()};
    input.root = settings_.root_fs.empty() ? host::read_root_needs(subject_.root())
                                           : host::root_needs_of(settings_.root_fs);
    input.root_path = settings_.root;
    input.signatures = checks::read_signatures(subject_.root(), subject_.kernel());
    if (base_) {
      input.packable.emplace();
      const auto packed = TRY(subject_.choice().closure());
      for (const modules::Needed& it : packed.modules) input.packable->insert(it.file.path);
      input.base = &*base_;
      input.base_path = settings_.base;
      input.base_directory = scratch_->path();
    }
    const auto facts = TRY(checks::read_lint_facts(subject_.root(), choice.tree(), input));
    return checks::lint(facts, input);
  }

  // What reading found; what choosing found, lint has said in its own words.
  void add_read(std::vector<Finding>& findings) const {
    for (const Finding& finding : read_) {
      if (finding.rule != cli::kRuleLeftOut && finding.rule != cli::kRuleChoiceIndex)
        findings.push_back(finding);
    }
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
      return std::tie(b.severity, a.place) < std::tie(a.severity, b.place);
    });
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  Subject subject_;
  std::vector<Finding> read_;
  std::optional<cli::ScratchDirectory> scratch_;
  std::optional<image::BaseModules> base_;
};

}  // namespace

ExitCode lint(const Settings& settings, const cli::Messages& messages) {
  return Lint(settings, messages).run();
}

}  // namespace kip::kmod_pack
