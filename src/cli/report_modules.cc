#include <algorithm>
#include <fmt/format.h>

#include "src/cli/image_report.h"
#include "src/cli/members.h"
#include "src/cli/messages.h"
#include "src/cli/modules_report.h"

namespace kip::cli {
namespace {

// What others wrote, on one line; '-' for nothing, so that columns stay columns.
std::string shown(const std::string& text) {
  return text.empty() ? "-" : shown_name(text, /*quoted=*/true);
}

std::string needed_by(const ModuleRow& row) {
  return reason_text({row.cause, row.of});
}

std::string reason(const ModuleRow& row) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  const bool against = row.rule && !row.of.empty();
  if (row.rule && !against) add(row.rule->text);
  if (!row.of.empty()) add(needed_by(row) + (against ? ", against " + row.rule->text : ""));
  if (text.empty() && row.state == ModuleState::kOut) add("by default");
  if (!row.left_out.empty()) add(row.left_out);
  if (!row.winner.empty() && row.left_out.empty()) add(quote(row.winner) + " wins");
  return text;
}

std::string headline(const ModuleRow& row) {
  std::string text = shown(row.name);
  if (!row.version.empty()) text += " " + shown(row.version);
  if (!row.path.empty()) text += ", " + quote(row.path);
  text += ": ";
  text += state_name(row.state);
  if (row.state == ModuleState::kInTree) text += ", the generator's business";
  return text + "\n";
}

// What speaks for or against one module by itself.
std::string rule_lines(const ModuleRow& row) {
  std::string text;
  const bool counts = row.state != ModuleState::kInTree && row.state != ModuleState::kBuiltIn;
  if (row.rule && !counts)
    text +=
        "    " + row.rule->text +
        (row.state == ModuleState::kBuiltIn ? " is met: it is part of the kernel\n"
                                            : " counts: no image without it is to be installed\n");
  else if (row.rule)
    text += (row.of.empty() ? "    by " : "    against ") + row.rule->text + "\n";
  else if (counts && row.of.empty())
    text += "    no rule names it; the default is out\n";
  for (const RuleRow& rule : row.beaten)
    text += (counts ? "    beats " : "    does not count: ") + rule.text + "\n";
  return text;
}

// Of several files of one name, in words.
std::string twin_line(const ModuleRow& module, bool has_twins) {
  if (!module.winner.empty())
    return module.left_out.empty()
               ? "    modprobe takes the other file of this name, " + quote(module.winner) + "\n"
               : "";
  return has_twins ? "    modprobe takes this one of the files of this name\n" : "";
}

std::string why_text(const WhyRow& row, bool has_twins) {
  const ModuleRow& module = row.module;
  std::string text = headline(module) + rule_lines(module);
  if (!module.left_out.empty()) text += "    left out: " + module.left_out + "\n";
  text += twin_line(module, has_twins);
  if (!module.of.empty()) text += "    comes along: " + needed_by(module) + "\n";
  for (const ModuleRow& link : row.chain) {
    text += "    " + shown(link.name) + ": ";
    if (!link.of.empty())
      text += needed_by(link);
    else
      text += std::string(state_name(link.state)) + (link.rule ? " by " + link.rule->text : "");
    text += "\n";
  }
  return text;
}

}  // namespace

const char* state_name(ModuleState state) {
  constexpr const char* kNames[] = {"in", "required", "out", "left-out", "in-tree", "built-in"};
  return kNames[static_cast<int>(state)];
}

std::string to_text(const ModuleListReport& report) {
  std::size_t name_width = 0, version_width = 0;
  for (const ModuleRow& row : report.modules) {
    name_width = std::max(name_width, shown(row.name).size());
    version_width = std::max(version_width, shown(row.version).size());
  }
  std::string text;
  for (const ModuleRow& row : report.modules) {
    std::string line =
        fmt::format("{:<8}  {:<{}}  {:<{}}  {}", state_name(row.state), shown(row.name), name_width,
                    shown(row.version), version_width, shown(row.path));
    const std::string why = reason(row);
    text += line + (why.empty() ? "" : "  " + why) + "\n";
  }
  return text;
}

std::string to_text(const WhyReport& report) {
  std::string text;
  for (const WhyRow& row : report.modules) {
    const auto same = [&](const WhyRow& it) { return it.module.name == row.module.name; };
    text += why_text(row, std::count_if(report.modules.begin(), report.modules.end(), same) > 1);
  }
  return text;
}

std::string to_text(const LintReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) text += finding_line(finding) + "\n";
  return text;
}

std::vector<std::string> to_lines(const OverlayReport& report) {
  std::vector<std::string> lines;
  for (const OverlayFileRow& row : report.files) {
    std::string line = row.kind == "module" ? shown(row.name) : row.kind + " " + shown(row.path);
    line += ": ";
    line += row.in_base ? "in the base already" : counted(row.size, "byte");
    lines.push_back(line + ", " + reason_text({row.cause, row.detail}));
  }
  return lines;
}

}  // namespace kip::cli
