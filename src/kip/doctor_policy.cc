// What `kmod-pack lint` says of each kernel that is recorded; where none is, of each that has modules.
#include <algorithm>
#include <iterator>

#include "src/checks/lint.h"
#include "src/cli/linting.h"
#include "src/kip/doctor.h"

namespace kip::program {
namespace {

using cli::ExitCode;
using cli::ModuleChoice;

// Of a kernel that was removed, modules of others may be left.
bool is_installed(const Ward& ward, const std::string& kernel) {
  return ward.has("/usr/lib/modules/" + kernel + "/vmlinuz") ||
         ward.has("/lib/modules/" + kernel + "/vmlinuz") || ward.has("/boot/vmlinuz-" + kernel) ||
         std::any_of(ward.entries.begin(), ward.entries.end(),
                     [&](const boot::MenuEntry& it) { return it.release == kernel; });
}

std::vector<std::string> kernels_of(const Ward& ward) {
  std::vector<std::string> kernels;
  for (const cli::Surveyed& it : ward.recorded) {
    if (std::find(kernels.begin(), kernels.end(), it.row.kernel) == kernels.end())
      kernels.push_back(it.row.kernel);
  }
  if (!kernels.empty()) return kernels;
  std::copy_if(ward.kernels.begin(), ward.kernels.end(), std::back_inserter(kernels),
               [&](const std::string& kernel) { return is_installed(ward, kernel); });
  return kernels;
}

// A record's word on a module that is not there yet is the pending one.
bool was_said(const Ward& ward, const std::string& kernel, const Finding& finding) {
  return finding.rule == checks::kRuleRequired &&
         std::any_of(ward.recorded.begin(), ward.recorded.end(), [&](const cli::Surveyed& it) {
           return it.row.kernel == kernel && !it.row.pending.empty();
         });
}

}  // namespace

void look_at_policy(const Ward& ward, Findings& findings) {
  const host::RootNeeds needs = host::read_root_needs(ward.root);
  for (const std::string& kernel : kernels_of(ward)) {
    ModuleChoice choice(ward.root, kernel, ward.messages, &ward.settings,
                        ModuleChoice::Say::kReport, ward.root_path);
    const ExitCode code = choice.read();
    if (code == ExitCode::kNothing) continue;  // a kernel may have no modules
    if (code != ExitCode::kDone) {
      findings.failed();
      continue;
    }
    auto found = cli::lint_findings({ward.root, ward.root_path, kernel, needs}, choice);
    if (!found) {
      findings.failed(choice.tree().directory(), found.error());
      continue;
    }
    for (Finding& it : *found) {
      if (it.severity != Severity::kNote && !was_said(ward, kernel, it))
        findings.add(std::move(it));
    }
  }
}

}  // namespace kip::program
