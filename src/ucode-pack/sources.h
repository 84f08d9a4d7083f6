// What the verbs have in common: where firmware is read from, and choosing among it.
#pragma once

#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {

/// The Root of --root; nullopt after an error was said.
std::optional<Root> open_root(const Settings& settings, const cli::Messages& messages);

/// Scans `paths`, or the kernel's firmware search path if there are none. Findings are not said
/// here; a path that cannot be read is, and gives kFailed.
cli::ExitCode scan(const Root& root, const Settings& settings,
                   const std::vector<std::string>& paths, const catalog::ScanOptions& options,
                   const cli::Messages& messages, catalog::Catalog& catalog);

/// The CPUs of --cpu; nullopt after an error was said, with the code in `code`.
std::optional<cli::CpuRequest> resolve(const Settings& settings, const cli::Messages& messages,
                                       cli::ExitCode& code);

std::vector<ucode::Candidate> candidates_of(const catalog::Catalog& catalog);

cli::UpdateRow row_of(const catalog::Catalog& catalog, const catalog::Entry& entry);

/// Whether an update is for any of the CPUs asked for, whatever its revision's rank.
bool concerns(const cli::CpuRequest& request, const ucode::Update& update);

/// Where microcode was looked for, to stand behind "no microcode found": nothing where the user
/// named the places.
std::string where(const std::vector<std::string>& paths);

/// Says every finding of the catalogue. A library that is not installed is said once.
void say_findings(const catalog::Catalog& catalog, const cli::Messages& messages);

}  // namespace kip::ucode_pack
