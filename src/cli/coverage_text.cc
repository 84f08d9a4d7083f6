#include <algorithm>
#include <fmt/format.h>

#include "src/cli/coverage_report.h"
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

// What the columns say, in words.
std::string to_line(const CoveredCpu& row) {
  std::string text = fmt::format("{} {}: {}", ucode::vendor_name(row.vendor), row.cpu.label,
                                 counted(row.cpu.machines, "machine"));
  if (row.cpu.guest) text += ", guests";
  text += row.cpu.running ? ", run " + hex(*row.cpu.running) : ", running unknown";
  text += row.packed.empty() ? "; no microcode for it" : "; packed " + joined(row.packed);
  if (row.available && (row.packed.empty() || row.packed.back() != *row.available))
    text += ", available " + hex(*row.available);
  text += fmt::format("; {}, {}", row.verdict, state_name(row.state));
  if (!row.packed.empty()) text += fmt::format("; {} bytes, {} alone", row.bytes, row.bytes_alone);
  if (row.change) {
    text += fmt::format("; {}", change_name(*row.change));
    if (!row.old.empty() && row.change != Change::kSame) text += ", was " + joined(row.old);
  }
  return text;
}

}  // namespace

const char* change_name(Change change) {
  constexpr const char* kNames[] = {"same", "newer", "older", "other", "added", "gone", "none"};
  return kNames[static_cast<std::size_t>(change)];
}

const char* state_name(RunState state) {
  constexpr const char* kNames[] = {"behind", "current", "ahead", "unknown", "unserved", "guest"};
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
      {"packed", "Packed", false, false, [](const CoveredCpu& it) { return joined(it.packed); }},
      {"available", "Available", false, false,
       [](const CoveredCpu& it) { return hex(it.available); }},
      {"state", "State", false, false,
       [](const CoveredCpu& it) { return std::string(state_name(it.state)); }},
      {"verdict", "Verdict", false, false, [](const CoveredCpu& it) { return it.verdict; }},
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
  if (!cpu.remedy.empty()) lines.push_back("remedy: " + cpu.remedy);
  return lines;
}

CoverageTotals totals_of(const CoverageReport& report) {
  CoverageTotals totals;
  for (const CoveredCpu& row : report.cpus) {
    totals.states[row.state] += row.cpu.machines;
    if (row.change) totals.changes[*row.change] += row.cpu.machines;
    if (row.packed.empty()) ++totals.unserved;
  }
  return totals;
}

std::vector<std::string> total_lines(const CoverageReport& report) {
  const CoverageTotals totals = totals_of(report);
  std::vector<std::string> lines;
  const auto add = [&](const char* what, const auto& counts, auto name) {
    std::string text;
    for (const auto& [key, count] : counts)
      text += fmt::format("{} {} {}", text.empty() ? "" : ",", count, name(key));
    if (!text.empty()) lines.push_back(what + text);
  };
  lines.push_back(fmt::format("{}, {} of CPU", counted(report.machines, "machine"),
                              counted(report.cpus.size(), "kind")));
  if (report.left_out != 0) lines.back() += fmt::format("; {} left out", report.left_out);
  add("machines by state:", totals.states, state_name);
  add("machines by change:", totals.changes, change_name);
  if (totals.unserved != 0)
    lines.push_back(counted(totals.unserved, "kind") + " of CPU that nothing serves");
  lines.push_back(fmt::format("one archive for all: {}, {} bytes",
                              counted(report.updates, "update"), report.bytes));
  if (report.over_budget()) {
    lines.push_back(fmt::format("over the budget of {} bytes by {}", *report.budget,
                                report.bytes - *report.budget));
  } else if (report.budget) {
    lines.push_back(fmt::format("within the budget of {} bytes", *report.budget));
  }
  return lines;
}

std::string to_text(const CoverageReport& report) {
  std::string text;
  for (const CoveredCpu& row : report.cpus) {
    text += to_line(row) + "\n";
    // Where there is one answer, the line has said it.
    if (row.verdict == "loads" && row.answers.size() == 1) continue;
    if (row.packed.empty()) continue;
    for (const std::string& line : answer_lines(row)) text += "  " + line + "\n";
  }
  for (const OtherCpu& it : report.others) {
    text += fmt::format("{} {}: {}; no microcode loader\n",
                        it.vendor_id.empty() ? "unknown vendor" : quote(it.vendor_id),
                        it.signature.name(), counted(it.machines, "machine"));
  }
  if (report.budget) {
    for (const CoverageCost& cost : report.costs) {
      text += fmt::format("cost: {}: {} bytes, {} alone, {}\n", cost.cpu, cost.bytes,
                          cost.bytes_alone, counted(cost.machines, "machine"));
    }
  }
  for (const std::string& line : total_lines(report)) text += line + "\n";
  return text;
}

}  // namespace kip::cli
