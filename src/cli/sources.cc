#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "src/cli/progress.h"
#include "src/cli/sources.h"

namespace kip::cli {

SourceOptions source_options(const policy::MicrocodeSettings& settings, const std::string& kernel) {
  SourceOptions options;
  options.cpus = values_of(settings.cpu);
  options.firmware = values_of(settings.firmware);
  options.holds = values_of(settings.hold);
  options.pins = values_of(settings.pin);
  options.kernel = kernel;
  options.allow_none = settings.on_none.value == policy::OnNone::kWarn;
  return options;
}

std::optional<Root> open_root(const SourceOptions& settings, const Messages& messages) {
  if (settings.root.empty()) return Root();
  auto root = Root::at(settings.root);
  if (root) return std::move(*root);
  messages.error_at(settings.root, root.error());
  return std::nullopt;
}

ExitCode scan(const Root& root, const SourceOptions& settings,
              const std::vector<std::string>& paths, const catalog::ScanOptions& options,
              const Messages& messages, catalog::Catalog& catalog) {
  catalog::ScanOptions scan_options = options;
  scan_options.progress = progress_function(!messages.shows_notes());
  catalog::Scanner scanner(root, scan_options, catalog);
  ExitCode code = ExitCode::kDone;
  for (const std::string& path : paths) {
    if (const Status status = scanner.add(path); !status) {
      end_progress();
      messages.error(quote(path) + ": " + status.error().what);  // '' as well
      code = ExitCode::kFailed;
    }
  }
  if (paths.empty()) {
    const auto here = host::read_kernel(root);
    const std::string release = settings.kernel.empty() ? here.release : settings.kernel;
    scanner.add_search_path(catalog::firmware_search_path(here.firmware_path, release));
  }
  end_progress();
  return code;
}

std::optional<CpuRequest> resolve(const SourceOptions& settings, const Messages& messages,
                                  ExitCode& code) {
  auto request = resolve_cpus(settings.cpus, settings.names);
  if (request && !request->empty.empty()) {
    messages.error(quote(request->empty) +
                   ": no CPU in it (node_exporter shows CPUs with --collector.cpu.info)");
    code = ExitCode::kNothing;
    return std::nullopt;
  }
  if (request) {
    for (const std::string& note : request->notes) messages.note(note);
    return std::move(*request);
  }
  messages.error(request.error().what);
  code = request.error().code == Errc::kInvalid ? ExitCode::kUsage : ExitCode::kFailed;
  return std::nullopt;
}

UpdateRow row_of(const catalog::Catalog& catalog, const catalog::Entry& entry) {
  const catalog::Stream& stream = catalog.stream_of(entry);
  return {entry.update, stream.place(), entry.file_offset(stream),
          entry.digest ? digest::to_hex(*entry.digest) : ""};
}

bool concerns(const CpuRequest& request, const ucode::Update& update) {
  const auto matches = [&](const ucode::Selector& selector) {
    return selector.takes_revision(update.revision) &&
           std::any_of(update.targets.begin(), update.targets.end(),
                       [&](const ucode::Target& target) {
                         return selector.matches_cpu(update.vendor, target.signature) &&
                                ucode::flags_meet(selector, update.vendor, target);
                       });
  };
  if (std::any_of(request.excludes.begin(), request.excludes.end(), matches)) return false;
  return request.all ||
         std::any_of(request.cpus.begin(), request.cpus.end(),
                     [&](const RequestedCpu& cpu) { return matches(cpu.query.selector); });
}

std::string where(const std::vector<std::string>& paths) {
  return paths.empty() ? " below /lib/firmware (intel-ucode, amd-ucode)" : "";
}

void say_findings(const catalog::Catalog& catalog, const Messages& messages) {
  std::map<std::string, std::size_t> repeated;
  for (const Finding& finding : catalog.findings) {
    if (finding.rule != catalog::kRuleNoLibrary || repeated[finding.text]++ == 0)
      messages.finding(finding);
  }
  for (const auto& [text, count] : repeated) {
    if (count > 1) messages.warning(fmt::format("{} more: {}", count - 1, text));
  }
}

}  // namespace kip::cli
