// predict: what kernels, or Xen, will do with microcode on these CPUs, before anybody boots.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/predict_xen.h"
#include "src/cli/json.h"
#include "src/cli/predict_report.h"
#include "src/ucode-pack/asked_kernels.h"
#include "src/ucode-pack/verbs.h"
#include "ucode/amd.h"
#include "ucode/command_line.h"

namespace kip::ucode_pack {
namespace {

using checks::Outcome;
using cli::ExitCode;
using ucode::Vendor;

class Predict {
 public:
  Predict(const Settings& settings, const cli::Messages& messages)
      : settings_(settings), messages_(messages) {}

  ExitCode run() {
    ExitCode code = ExitCode::kDone;
    auto request = resolve(settings_, messages_, code);
    if (!request) return code;
    request_ = std::move(*request);
    if (!choose_loader() || !choose_revision()) return ExitCode::kUsage;
    choose_switches();
    code = read();
    if (!report_.xen && !choose_kernels()) return ExitCode::kUsage;
    if (code != ExitCode::kDone && report_.source.streams[0].rows.empty() &&
        report_.source.streams[1].rows.empty())
      return code;
    take_notes();
    for (const cli::RequestedCpu& cpu : cpus()) code = cli::worse(code, add(cpu));
    if (report_.cpus.empty()) return nothing();
    if (!messages_.print(settings_.report.json ? to_json(report_) : to_text(report_)))
      return ExitCode::kFailed;
    say_notes();
    if (!any_ && !report_.subject.empty()) return cli::worse(code, nothing());
    return code;
  }

 private:
  bool choose_loader() {
    report_.xen = settings_.loader == "xen";
    if (!report_.xen && !settings_.loader.empty() && settings_.loader != "linux") {
      messages_.error("--for: " + quote(settings_.loader) + " is neither linux nor xen");
      return false;
    }
    if (!settings_.paths.empty() && !settings_.firmware.empty()) {
      messages_.error("IMAGE and --firmware exclude each other: an image has its own microcode");
      return false;
    }
    if (report_.xen && !settings_.kernels.empty()) {
      messages_.error("--kernel and --for xen exclude each other: Xen starts before any kernel");
      return false;
    }
    return true;
  }

  // Those on the CPUs were said when they were read.
  void say_notes() const {
    for (std::size_t i = request_.notes.size(); i < report_.notes.size(); ++i)
      messages_.note(report_.notes[i]);
  }

  void take_notes() {
    report_.notes = request_.notes;
    const auto& more = report_.source.notes;
    report_.notes.insert(report_.notes.end(), more.begin(), more.end());
    if (report_.xen && settings_.command_line.empty())
      report_.notes.push_back("taken for granted: ucode=scan on Xen's command line (--cmdline)");
  }

  bool choose_kernels() {
    auto kernels = parse_kernels(settings_.kernels.empty() ? usual_kernel() : settings_.kernels);
    if (!kernels) {
      messages_.error("--kernel: " + kernels.error().what);
      return false;
    }
    kernels_ = std::move(*kernels);
    return true;
  }

  // The image's own; of this machine and its firmware the running one.
  std::string usual_kernel() const {
    const bool of_image = !settings_.paths.empty();
    const std::string running =
        request_.machine && !of_image ? request_.machine->kernel_release : "";
    const std::string& release = of_image ? report_.source.kernel : running;
    return release.empty() ? "all" : release;
  }

  bool choose_revision() {
    if (settings_.revision.empty()) return true;
    revision_ = host::parse_hex_line(settings_.revision);
    if (!revision_)
      messages_.error("--current-rev: " + quote(settings_.revision) + " is no hexadecimal number");
    return revision_.has_value();
  }

  // Below Xen there is no hypervisor, whatever its dom0 sees.
  void choose_switches() {
    if (report_.xen) {
      xen_.source = ucode::XenOptions::Source::kScan;
      if (!settings_.command_line.empty()) xen_ = ucode::xen_options_of(settings_.command_line);
      return;
    }
    switches_ = ucode::switches_of(settings_.command_line);
  }

  ExitCode read() {
    if (!settings_.paths.empty()) {
      report_.subject = settings_.paths.front();
      auto source = cli::read_image(report_.subject,
                                    report_.xen ? cli::LoadedBy::kXen : cli::LoadedBy::kLinux);
      if (!source) {
        messages_.error_at(report_.subject, source.error());
        return ExitCode::kFailed;
      }
      report_.source = std::move(*source);
      return ExitCode::kDone;
    }
    const auto root = open_root(settings_, messages_);
    if (!root) return ExitCode::kFailed;
    catalog::Catalog catalog;
    const ExitCode code =
        scan(*root, settings_, settings_.firmware,
             {.depth = ucode::Depth::kWhole, .digests = true, .threads = host::usable_cpus()},
             messages_, catalog);
    say_findings(catalog, messages_);
    report_.source = cli::of_catalog(catalog);
    return code;
  }

  std::array<std::span<const ucode::Update>, 2> streams() const {
    return {report_.source.streams[0].updates, report_.source.streams[1].updates};
  }

  std::vector<cli::RequestedCpu> cpus() const {
    std::vector<cli::RequestedCpu> all = request_.cpus;
    if (request_.all) {
      for (cli::RequestedCpu& cpu : cli::every_cpu(streams())) all.push_back(std::move(cpu));
    }
    cli::drop_excluded(request_, all);
    return all;
  }

  ExitCode add(const cli::RequestedCpu& asked) {
    ExitCode code = ExitCode::kDone;
    switches_.hypervisor = asked.guest;
    for (const cli::LoaderCases& cases : cli::loader_cases(asked, streams(), revision_)) {
      const bool known = asked.query.selector.platform_flags.has_value();
      cli::PredictedCpu cpu{
          asked.label, cases.vendor, cases.signature, asked.running, known, {}, {}, {}};
      check_revision(cases);
      const cli::LoaderStream& stream = report_.source.of(cases.vendor);
      cpu.none = xen_asks_for_none();
      const bool off = !cpu.none.empty() && is_served(stream, cases.signature);
      if (!off) cpu.none = stream.none;
      for (const cli::UnseenRow& row : report_.source.unseen) {
        if (row.row.update.vendor == cases.vendor && ucode::is_for(row.row.update, cases.signature))
          cpu.unseen.push_back(row);
      }
      if (cpu.none.empty()) {
        for (const cli::LoaderCase& it : cases.cases) add_case(it, stream, cpu);
      }
      if (!off && cli::concerns_nobody(cpu) && cases.vendor != asked.query.selector.vendor)
        continue;
      code = cli::worse(code, judge(cpu));
      report_.cpus.push_back(std::move(cpu));
    }
    return code;
  }

  // A Zen revision names its CPU.
  void check_revision(const cli::LoaderCases& cases) const {
    const bool zen = cases.vendor == Vendor::kAmd && ucode::is_zen(cases.signature.family());
    if (!zen || revision_.value_or(0) == 0 || ucode::zen_cpu(*revision_) == cases.signature) return;
    messages_.warning(fmt::format("--current-rev: {:#010x} is no revision of CPU {:#010x}",
                                  *revision_, cases.signature.value));
  }

  void add_case(const cli::LoaderCase& it, const cli::LoaderStream& stream,
                cli::PredictedCpu& cpu) {
    cli::PredictedCase made{it.cpu.platform_flags, revision_, it.bios, {}};
    checks::Question question{{}, revision_.has_value(), switches_, cli::digests_of(stream)};
    if (report_.xen) {
      const bool made_for_it = report_.subject.empty();
      made.kernels.push_back({"", checks::predict_xen(stream.updates, it.cpu,
                                                      {xen_.switches, revision_.has_value(),
                                                       made_for_it, question.has_digest})});
    }
    for (const AskedKernel& kernel : kernels_) {
      question.kernels = ucode::kernel_ranges(kernel.version);
      made.kernels.push_back({kernel.name, checks::predict(stream.updates, it.cpu, question)});
    }
    cli::add_case(std::move(made), cpu);
  }

  // Why nothing is loaded from any archive; empty: something may be.
  std::string xen_asks_for_none() const {
    using Source = ucode::XenOptions::Source;
    if (!report_.xen || xen_.source == Source::kScan) return "";
    return xen_.source == Source::kNone
               ? "the loader is off: nothing asks for microcode (ucode=scan)"
               : "Xen is told to take module " + std::string(xen_.module) +
                     " as it is, not to search an archive (ucode=scan)";
  }

  static bool is_served(const cli::LoaderStream& stream, ucode::CpuSignature cpu) {
    return std::any_of(stream.updates.begin(), stream.updates.end(),
                       [&](const auto& update) { return ucode::is_for(update, cpu); });
  }

  // In a guest nothing is loaded, and nothing is amiss: the hypervisor owns the microcode.
  ExitCode judge(const cli::PredictedCpu& cpu) {
    any_ = any_ || !cpu.none.empty() || !cpu.unseen.empty();
    if (!cpu.none.empty()) return ExitCode::kNo;
    ExitCode code = ExitCode::kDone;
    for (const cli::PredictedCase& it : cpu.cases) {
      for (const cli::PredictedKernel& kernel : it.kernels) {
        for (const Outcome& outcome : kernel.predicted.outcomes) {
          any_ = any_ || outcome.kind != Outcome::Kind::kNothing;
          code = cli::worse(code, judge(outcome, !cpu.unseen.empty()));
        }
      }
    }
    return code;
  }

  ExitCode judge(const Outcome& outcome, bool unseen) const {
    switch (outcome.kind) {
      case Outcome::Kind::kLoads:
      case Outcome::Kind::kKeeps:
        return ExitCode::kDone;
      case Outcome::Kind::kOff:
        return switches_.hypervisor ? ExitCode::kDone : ExitCode::kNo;
      case Outcome::Kind::kRefused:
        return ExitCode::kNo;
      case Outcome::Kind::kNothing:
        return unseen                           ? ExitCode::kNo
               : request_.fleet || request_.all ? ExitCode::kDone
                                                : ExitCode::kNothing;
    }
    return ExitCode::kDone;
  }

  ExitCode nothing() const {
    messages_.error("no microcode for these CPUs" + (report_.subject.empty()
                                                         ? cli::where(settings_.firmware)
                                                         : " in " + quote(report_.subject)));
    return ExitCode::kNothing;
  }

  const Settings& settings_;
  const cli::Messages& messages_;
  cli::CpuRequest request_;
  std::vector<AskedKernel> kernels_;
  std::optional<std::uint32_t> revision_;
  ucode::LoaderSwitches switches_;
  ucode::XenOptions xen_;
  bool any_ = false;  // something is there for some CPU
  cli::PredictReport report_;
};

}  // namespace

ExitCode predict(const Settings& settings, const cli::Messages& messages) {
  return Predict(settings, messages).run();
}

}  // namespace kip::ucode_pack
