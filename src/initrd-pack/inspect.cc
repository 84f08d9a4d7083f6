// inspect: what is in an image, which microcode kernels take from it, and what is wrong.
#include <algorithm>

#include "src/checks/kernels.h"
#include "src/checks/unpack.h"
#include "src/checks/whole.h"
#include "src/cli/json.h"
#include "src/initrd-pack/opened.h"
#include "src/initrd-pack/served.h"
#include "src/initrd-pack/verbs.h"
#include "src/segments/numbers.h"
#include "src/segments/tee.h"

namespace kip::initrd_pack {
namespace {

using cli::ExitCode;
using segments::Segment;

struct Looked {
  image::Inventory inventory;
  checks::Searches searches;
  std::vector<Finding> findings;
};

Result<Looked> look(const Opened& image, bool early) {
  Looked looked;
  const segments::Source source = image.source();
  image::InventoryTaker taker(looked.inventory);
  checks::UnpackCheck unpack;
  if (early) {
    TRY(segments::walk(source, {.decompress = false}, taker));
  } else {
    segments::Tee both({&taker, &unpack});
    TRY(segments::walk(source, {.beyond_faults = true}, both));
  }
  taker.finish();
  looked.searches = TRY(checks::search_early(source, image.layout.size));
  looked.findings = checks::check_whole(looked.inventory);
  for (const auto& more :
       {checks::check_early_load(looked.inventory, looked.searches), unpack.findings()})
    looked.findings.insert(looked.findings.end(), more.begin(), more.end());
  std::stable_sort(looked.findings.begin(), looked.findings.end(),
                   [](const Finding& a, const Finding& b) {
                     return a.offset.value_or(0) < b.offset.value_or(0);
                   });
  return looked;
}

void add_rows(const Opened& image, const Looked& looked, cli::InspectReport& report) {
  segments::Numbers numbers;
  for (const image::SegmentEntry& entry : looked.inventory.segments) {
    report.segments.push_back(
        {numbers.of(entry.segment), entry, image.layout.place(entry.segment.offset)});
  }
  for (const image::MicrocodeMember& member : looked.inventory.microcode) {
    const cli::SegmentRow& segment = report.segments[member.segment];
    const bool compressed = segment.entry.segment.kind == Segment::Kind::kCompressed;
    const std::uint64_t at = compressed ? segment.entry.segment.offset : member.offset;
    report.microcode.push_back({member,
                                checks::standing_of(looked.inventory, looked.searches, member),
                                segment.number, compressed, image.layout.place(at)});
  }
  for (const image::OverlayEntry& overlay : looked.inventory.overlays)
    report.overlays.push_back({report.segments[overlay.segment].number, overlay.manifest});
  for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    const segments::Search& search = looked.searches[static_cast<std::size_t>(vendor)];
    const std::uint64_t at = search.found ? search.found->member_offset : search.end;
    report.loaders.push_back({vendor, search, image.layout.place(at)});
  }
}

// Whether every CPU asked for gets something on some kernel.
bool add_cpus(const cli::CpuRequest& request, const Opened& image, const Looked& looked,
              const std::optional<ucode::KernelVersion>& kernel, cli::InspectReport& report) {
  const Server server(looked.inventory, looked.searches, image.source(), kernel);
  std::vector<cli::RequestedCpu> cpus = request.cpus;
  if (request.all) {
    for (cli::RequestedCpu& cpu : cli::every_cpu(server.streams())) cpus.push_back(std::move(cpu));
  }
  cli::drop_excluded(request, cpus);
  bool all_served = true;
  for (const cli::RequestedCpu& cpu : cpus) {
    const auto rows = server.serve(cpu);
    all_served = all_served && std::any_of(rows.begin(), rows.end(), [](const cli::ServedRow& row) {
                   return row.update.has_value();
                 });
    report.cpus.insert(report.cpus.end(), rows.begin(), rows.end());
  }
  return all_served || request.fleet;
}

// Findings that the target's kernel leaves open, with their place in the file. kNo for any but notes.
ExitCode add_findings(const Opened& image, const Looked& looked,
                      const std::optional<ucode::KernelVersion>& kernel,
                      cli::InspectReport& report) {
  ExitCode code = ExitCode::kDone;
  for (const Finding& finding : looked.findings) {
    if (!checks::may_hold(finding.kernels, kernel)) continue;
    if (finding.severity != Severity::kNote) code = ExitCode::kNo;
    report.findings.push_back(image.placed(finding));
  }
  return code;
}

}  // namespace

ExitCode inspect(const Settings& settings, const cli::Messages& messages) {
  ExitCode code = ExitCode::kDone;
  std::optional<cli::CpuRequest> request;
  if (!settings.cpus.empty()) {
    request = resolve(settings, messages, code);
    if (!request) return code;
  }
  const auto image = open_image(settings.image, messages);
  if (!image) return ExitCode::kFailed;
  const auto looked = look(*image, settings.early);
  if (!looked) {
    messages.error_at(settings.image, looked.error());
    return ExitCode::kFailed;
  }
  cli::InspectReport report;
  report.image = settings.image;
  report.size = image->layout.size;
  report.early = settings.early;
  report.as_kernel = settings.as_kernel;
  report.layout = image->layout;
  report.kernel = settings.kernel.empty() ? image->layout.uname.value_or("") : settings.kernel;
  const auto kernel = ucode::KernelVersion::parse(report.kernel);
  add_rows(*image, *looked, report);
  if (request && !add_cpus(*request, *image, *looked, kernel, report)) code = ExitCode::kNo;
  code = cli::worse(code, add_findings(*image, *looked, kernel, report));
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kNote && !settings.as_kernel && !settings.report.json)
      messages.detail(cli::finding_line(finding));
  }
  return code;
}

}  // namespace kip::initrd_pack
