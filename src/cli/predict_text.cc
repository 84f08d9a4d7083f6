#include <fmt/format.h>

#include "src/cli/predict_report.h"
#include "src/cli/report.h"

namespace kip::cli {
namespace {

using checks::Fate;
using checks::Outcome;

// "kernel 6.12.60", "kernels before 6.1", "kernel 6.1.0-56-amd64, if it behaves as 6.6.81 to 6.6.87"; empty: all.
std::string kernels_text(const std::string& named, const std::string& ranges) {
  if (named.empty()) return ranges.empty() ? "" : "kernels " + ranges;
  return "kernel " + named + (ranges.empty() ? "" : ", if it behaves as " + ranges);
}

std::string who(const std::string& named, const std::string& which, bool xen) {
  if (!xen) return kernels_text(named, which);
  return which.empty() ? "" : "Xen " + which;
}

std::string clause(const std::string& kernels, const std::string& text) {
  return kernels.empty() ? text : kernels + ": " + text;
}

std::string heading(const PredictedCpu& cpu, const PredictedCase& it) {
  std::string text = fmt::format("{} {:#010x}", cpu.signature.name(), cpu.signature.value);
  if (it.platforms != 0) {
    const char* const known = cpu.platform_known ? "platform flags" : "if its platform is of";
    text += fmt::format(", {} {:#04x}", known, it.platforms);
  }
  if (cpu.running) text += fmt::format(", running {:#010x}", *cpu.running);
  if (it.revision) return text + fmt::format(", with {:#010x} from the BIOS", *it.revision);
  return it.bios.empty() ? text : text + ", with " + it.bios;
}

std::string row_text(const UpdateRow& row) {
  return fmt::format("{:#010x} of {} in {} at offset {:#x}", row.update.revision,
                     ucode::date_text(row.update.date), quote(row.file), row.offset);
}

std::string outcome_text(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kLoads ? outcome.text : "nothing loads: " + outcome.text;
}

// Of every update, what each kernel does with it.
void add_updates(const LoaderStream& stream, const PredictedCase& it, bool xen, std::string& text) {
  const auto& first = it.kernels.front().predicted.fates;
  for (std::size_t i = 0; i < first.size(); ++i) {
    text += "  " + row_text(stream.rows[first[i].update]) + "\n";
    for (const PredictedKernel& kernel : it.kernels) {
      for (const Fate& fate : kernel.predicted.fates[i].fates)
        text += "    " + clause(who(kernel.kernel, fate.kernels, xen), fate.text) + "\n";
    }
  }
}

void add_case(const PredictedCpu& cpu, const PredictedCase& it, const LoaderStream& stream,
              bool xen, std::string& text) {
  text += heading(cpu, it) + "\n";
  std::string remedy;
  for (const PredictedKernel& kernel : it.kernels) {
    for (const Outcome& outcome : kernel.predicted.outcomes)
      text += "  " + clause(who(kernel.kernel, outcome.kernels, xen), outcome_text(outcome)) + "\n";
    for (const checks::Remark& remark : kernel.predicted.remarks)
      text += "  note: " + clause(who(kernel.kernel, remark.kernels, xen), remark.text) + "\n";
    if (!kernel.predicted.remedy.empty()) remedy = kernel.predicted.remedy;
  }
  if (!remedy.empty()) text += "  remedy: " + remedy + "\n";
  add_updates(stream, it, xen, text);
}

}  // namespace

std::string to_text(const PredictReport& report) {
  std::string text;
  for (const PredictedCpu& cpu : report.cpus) {
    if (!cpu.none.empty()) {
      text += fmt::format("{} {:#010x}\n  nothing loads: {}\n", cpu.signature.name(),
                          cpu.signature.value, cpu.none);
    } else {
      for (const PredictedCase& it : cpu.cases)
        add_case(cpu, it, report.source.of(cpu.vendor), report.xen, text);
    }
    for (const UnseenRow& row : cpu.unseen)
      text += "  " + row_text(row.row) + "\n    " + row.text + "\n";
  }
  return text;
}

}  // namespace kip::cli
