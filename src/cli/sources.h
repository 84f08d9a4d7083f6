// Where microcode is read from and for which CPUs: what programs and plugins have in common.
#pragma once

#include <string>
#include <vector>

#include "src/catalog/catalog.h"
#include "src/cli/cpu_request.h"
#include "src/cli/exit_code.h"
#include "src/cli/messages.h"
#include "src/cli/report.h"
#include "src/policy/settings.h"

namespace kip::cli {

struct SourceOptions {
  std::vector<std::string> cpus;      // SPECs; empty: host
  bool names = false;                 // those of a fleet's machines are kept
  std::optional<CpuRequest> known;    // CPUs that are resolved already, instead
  std::vector<std::string> firmware;  // files and directories; empty: the kernel's search path
  std::vector<std::string> holds, pins;
  std::string kernel;  // the target's release, or empty
  std::string root;    // empty: '/'
  bool allow_none = false;
};

/// What kip.conf.d says of microcode for a kernel, as options. CPUs of the host where it names none.
SourceOptions source_options(const policy::MicrocodeSettings& settings, const std::string& kernel);

/// The Root of --root; nullopt after an error was said.
std::optional<Root> open_root(const SourceOptions& settings, const Messages& messages);

/// Scans `paths`, or the kernel's firmware search path if there are none. Findings are not said
/// here; a path that cannot be read is, and gives kFailed.
ExitCode scan(const Root& root, const SourceOptions& settings,
              const std::vector<std::string>& paths, const catalog::ScanOptions& options,
              const Messages& messages, catalog::Catalog& catalog);

/// The CPUs of --cpu; nullopt after an error was said, with the code in `code`.
std::optional<CpuRequest> resolve(const SourceOptions& settings, const Messages& messages,
                                  ExitCode& code);

UpdateRow row_of(const catalog::Catalog& catalog, const catalog::Entry& entry);

/// Whether an update is for any of the CPUs asked for, whatever its revision's rank.
bool concerns(const CpuRequest& request, const ucode::Update& update);

/// Where microcode was looked for, to stand behind "no microcode found": nothing where the user
/// named the places.
std::string where(const std::vector<std::string>& paths);

/// Says every finding of the catalogue. A library that is not installed is said once.
void say_findings(const catalog::Catalog& catalog, const Messages& messages);

}  // namespace kip::cli
