// lint: what is wrong with the policy on this machine, or will be after the next boot.
#include <algorithm>

#include "src/cli/json.h"
#include "src/cli/linting.h"
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
    if (!settings_.base.empty() && !read_base()) return ExitCode::kFailed;
    const auto found = look();
    if (!found) {
      messages_.error_at(subject_.choice().tree().directory(), found.error());
      return ExitCode::kFailed;
    }
    const cli::LintReport report{subject_.kernel(), *found};
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
    std::optional<cli::LintBase> base;
    if (base_) base.emplace(cli::LintBase{*base_, settings_.base, scratch_->path()});
    return cli::lint_findings({subject_.root(), settings_.root, subject_.kernel(),
                               settings_.root_fs.empty() ? host::read_root_needs(subject_.root())
                                                         : host::root_needs_of(settings_.root_fs),
                               base ? &*base : nullptr},
                              subject_.choice());
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  Subject subject_;
  std::optional<cli::ScratchDirectory> scratch_;
  std::optional<image::BaseModules> base_;
};

}  // namespace

ExitCode lint(const Settings& settings, const cli::Messages& messages) {
  return Lint(settings, messages).run();
}

}  // namespace kip::kmod_pack
