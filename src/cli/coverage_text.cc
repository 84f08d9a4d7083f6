#include <algorithm>
#include <fmt/format.h>

#include "src/cli/coverage_report.h"
#include "src/cli/members.h"
#include "src/cli/messages.h"

namespace kip::cli {
namespace {

std::string hex(std::uint32_t revision) {
  return fmt::format("{:#010x}", revision);
}

std::string hex(const std::optional<std::uint32_t>& revision) {
  return revision ? hex(*revision) : "";
}

std::string joined(const std::vector<std::uint32_t>& revisions) {
  std::string text;
  for (const std::uint32_t it : revisions) text += (text.empty() ? "" : ", ") + hex(it);
  return text;
}

std::string joined(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault it : faults) text += (text.empty() ? "" : ", ") + std::string(fault_name(it));
  return text;
}

// With `all`, nobody said how many machines.
std::string kinds_text(std::uint64_t machines, std::uint64_t cpus) {
  const std::string kinds = counted(cpus, "kind") + " of CPU";
  return machines == 0 ? kinds : counted(machines, "machine") + ", " + kinds;
}

// What the columns say, in words.
std::string to_line(const CoveredCpu& row) {
  std::string text = fmt::format("{} {}", ucode::vendor_name(row.vendor), row.cpu.label);
  if (!row.cpu.model.empty()) text += " (" + shown_name(row.cpu.model, /*quoted=*/true) + ")";
  text += ": " + counted(row.cpu.machines, "machine");
  if (row.cpu.guest) text += ", guests";
  text += row.cpu.running ? ", run " + hex(*row.cpu.running) : ", running unknown";
  if (row.cpu.query.proven) text += fmt::format(" on {}", bios_text(*row.cpu.query.proven));
  text += row.packed.empty() ? "; no microcode for it" : "; packed " + joined(row.packed);
  if (row.available && (row.packed.empty() || row.packed.back() != *row.available))
    text += ", available " + hex(*row.available);
  text += fmt::format("; {}, {}", row.verdict, state_name(row.state));
  if (!row.packed.empty()) text += fmt::format("; {} bytes, {} alone", row.bytes, row.bytes_alone);
  if (row.change) {
    text += fmt::format("; {}", change_name(*row.change));
    if (!row.old.empty() && row.change != Change::kSame) text += ", was " + joined(row.old);
  }
  if (!row.faults.empty()) text += "; fault: " + joined(row.faults);
  return text;
}

std::string gain_line(const CoverageTotals& totals, bool compared) {
  std::string text = counted(totals.gain, "machine") + " would run something newer";
  if (compared && totals.gain != 0)
    text += fmt::format(", {} of them what the old release lacks", totals.gain_by_release);
  const auto unknown = totals.states.find(RunState::kUnknown);
  if (unknown != totals.states.end())
    text += fmt::format("; {} may: what runs there is not known", unknown->second);
  return text;
}

}  // namespace

const char* change_name(Change change) {
  constexpr const char* kNames[] = {"same", "newer", "older", "other", "added", "gone", "none"};
  return kNames[static_cast<std::size_t>(change)];
}

const char* entrysign_name(const CoveredCpu& cpu) {
  if (!cpu.cpu.query.proven) return "";
  return *cpu.cpu.query.proven == ucode::EntrySignClass::kOld ? "old" : "fixed";
}

const char* state_name(RunState state) {
  constexpr const char* kNames[] = {"behind",  "current",  "ahead", "unknown",
                                    "refused", "unserved", "guest"};
  return kNames[static_cast<std::size_t>(state)];
}

std::optional<std::uint32_t> CoveredCpu::platform_flags() const {
  return vendor == ucode::Vendor::kIntel ? cpu.query.selector.platform_flags : std::nullopt;
}

std::span<const CoverageColumn> coverage_columns() {
  static constexpr CoverageColumn kColumns[] = {
      {"cpu", "CPU", false, false, [](const CoveredCpu& it) { return it.cpu.label; }},
      {"vendor", "Vendor", false, false,
       [](const CoveredCpu& it) { return std::string(ucode::vendor_name(it.vendor)); }},
      {"machines", "Machines", true, false,
       [](const CoveredCpu& it) { return std::to_string(it.cpu.machines); }},
      {"running", "Running", false, false,
       [](const CoveredCpu& it) { return hex(it.cpu.running); }},
      {"entrysign", "EntrySign", false, false,
       [](const CoveredCpu& it) { return std::string(entrysign_name(it)); }},
      {"packed", "Packed", false, false, [](const CoveredCpu& it) { return joined(it.packed); }},
      {"available", "Available", false, false,
       [](const CoveredCpu& it) { return hex(it.available); }},
      {"state", "State", false, false,
       [](const CoveredCpu& it) { return std::string(state_name(it.state)); }},
      {"verdict", "Verdict", false, false, [](const CoveredCpu& it) { return it.verdict; }},
      {"faults", "Faults", false, false, [](const CoveredCpu& it) { return joined(it.faults); }},
      {"change", "Change", false, true,
       [](const CoveredCpu& it) { return std::string(change_name(*it.change)); }},
      {"old", "Old release", false, true, [](const CoveredCpu& it) { return joined(it.old); }},
      {"bytes", "Bytes", true, false,
       [](const CoveredCpu& it) { return std::to_string(it.bytes); }},
      {"bytes_alone", "Bytes alone", true, false,
       [](const CoveredCpu& it) { return std::to_string(it.bytes_alone); }},
  };
  return kColumns;
}

std::vector<std::string> answer_lines(const CoveredCpu& cpu) {
  std::vector<std::string> lines;
  for (const CoverageAnswer& it : cpu.answers) {
    std::string when;
    const auto add = [&](const std::string& text) { when += (when.empty() ? "" : ", ") + text; };
    if (it.platforms != 0) add(fmt::format("if its platform is of {:#04x}", it.platforms));
    if (!it.bios.empty()) add("with " + it.bios);
    if (!it.outcome.kernels.empty()) add("kernels " + it.outcome.kernels);
    const bool loads = it.outcome.kind == checks::Outcome::Kind::kLoads;
    lines.push_back((when.empty() ? "" : when + ": ") + (loads ? "" : "nothing loads: ") +
                    it.outcome.text);
  }
  return lines;
}

std::string remedy_line(const CoveredCpu& cpu) {
  if (cpu.remedy.empty()) return "";
  const std::string when = cpu.remedy_bios.empty() ? "" : ", with " + cpu.remedy_bios;
  return "remedy" + when + ": " + cpu.remedy;
}

std::string names_line(const CoveredCpu& cpu) {
  std::string text = "machines: ";
  for (const std::string& name : cpu.cpu.names)
    text += (&name == &cpu.cpu.names.front() ? "" : ", ") + shown_name(name, /*quoted=*/true);
  return text;
}

std::vector<std::string> total_lines(const CoverageReport& report) {
  const CoverageTotals totals = totals_of(report);
  std::vector<std::string> lines;
  const auto add = [&](const char* what, const auto& counts, auto name) {
    std::string text;
    for (const auto& [key, count] : counts)
      if (count != 0) text += fmt::format("{} {} {}", text.empty() ? "" : ",", count, name(key));
    if (!text.empty()) lines.push_back(what + text);
  };
  lines.push_back(kinds_text(report.machines, report.cpus.size()));
  if (!report.kernel.empty())
    lines.back() += "; kernel " + shown_name(report.kernel, /*quoted=*/true);
  if (report.left_out != 0) lines.back() += fmt::format("; {} left out", report.left_out);
  add("machines by state:", totals.states, state_name);
  add("machines by change:", totals.changes, change_name);
  if (totals.unserved != 0)
    lines.push_back("unserved: " + counted(totals.unserved, "kind") + " of CPU without microcode");
  if (!report.others.empty()) {
    std::uint64_t machines = 0;
    for (const OtherCpu& it : report.others) machines += it.machines;
    lines.push_back("without a loader: " + kinds_text(machines, report.others.size()));
  }
  if (report.machines != 0) lines.push_back(gain_line(totals, report.compared));
  lines.push_back(fmt::format("one archive for all: {}, {} bytes",
                              counted(report.updates, "update"), report.bytes));
  if (report.budget && !report.over_budget())
    lines.push_back(fmt::format("within the budget of {} bytes", *report.budget));
  if (totals.maybe_cpus != 0) {
    lines.push_back("may be refused: " + kinds_text(totals.maybe, totals.maybe_cpus) +
                    ", by some kernel; what decides is not known of them");
  }
  for (const CoverageFault& it : faults_of(report)) {
    const std::string whom = it.cpus == 0 ? "" : kinds_text(it.machines, it.cpus) + ": ";
    lines.push_back(fmt::format("fault: {}: {}{}", fault_name(it.fault), whom, it.text));
  }
  return lines;
}

std::string to_text(const CoverageReport& report) {
  std::string text;
  for (const CoveredCpu& row : report.cpus) {
    text += to_line(row) + "\n";
    if (!row.cpu.names.empty()) text += "  " + names_line(row) + "\n";
    // Where there is one answer, the line has said it.
    if (row.verdict == "loads" && row.answers.size() == 1) continue;
    if (row.packed.empty()) continue;
    for (const std::string& line : answer_lines(row)) text += "  " + line + "\n";
    if (!row.remedy.empty()) text += "  " + remedy_line(row) + "\n";
  }
  for (const OtherCpu& it : report.others) {
    text +=
        fmt::format("{}: {}; no microcode loader\n", it.name(), counted(it.machines, "machine"));
  }
  if (report.budget) {
    for (const CoverageCost& cost : report.costs) {
      text += fmt::format("cost: {}: {} bytes, {} alone, {}", cost.cpu, cost.bytes,
                          cost.bytes_alone, counted(cost.machines, "machine"));
      if (cost.guests != 0) text += fmt::format(", {} of them guests", cost.guests);
      text += "\n";
    }
  }
  for (const std::string& line : total_lines(report)) text += line + "\n";
  return text;
}

}  // namespace kip::cli
