// What `kmod-pack lint` says of one kernel, for whoever asks.
//
//   ModuleChoice choice(root, kernel, messages, nullptr, ModuleChoice::Say::kReport, root_path);
//   if (choice.read() == ExitCode::kDone) for (const Finding& it : TRY(lint_findings({root, root_path, kernel, needs}, choice))) …
#pragma once

#include "src/cli/module_choice.h"
#include "src/host/root_device.h"

namespace kip::cli {

/// An initrd whose modules were read.
struct LintBase {
  const image::BaseModules& modules;
  std::string path;       // its name, for findings
  std::string directory;  // the scratch directory with its modules
};

struct LintSubject {
  const Root& root;
  std::string root_path;  // as it was given; empty: '/'
  std::string kernel;
  host::RootNeeds needs;  // of the root file system
  const LintBase* base = nullptr;
};

/// Of the checks, and of reading what they are about: errors, warnings, notes; in each by place. The error is for the tree of modules.
/// REQUIRES: the choice was read, with Say::kReport, and asked for nothing since but the base.
Result<std::vector<Finding>> lint_findings(const LintSubject& subject, ModuleChoice& choice);

}  // namespace kip::cli
