// The page of `coverage --html`: one file that needs nothing else, the same bytes each time. Every text in it that is not ours
// goes through escaped(). Without JavaScript it is a table; with it, that can be sorted and filtered.
#include <ctime>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/cli/coverage_report.h"
#include "src/cli/html_coverage_frame.h"
#include "src/cli/messages.h"

namespace kip::cli {
namespace {

using namespace detail;

// Bytes that are no UTF-8 are replaced, as in JSON; control characters have no place in a page.
std::string escaped(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0 || first < 0x20 || first == 0x7f) {
      safe += "\xef\xbf\xbd";
    } else if (text.front() == '&') {
      safe += "&amp;";
    } else if (text.front() == '<') {
      safe += "&lt;";
    } else if (text.front() == '>') {
      safe += "&gt;";
    } else if (text.front() == '"') {
      safe += "&quot;";
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return safe;
}

const char* class_of(const CoverageColumn& column, const CoveredCpu& row) {
  const std::string_view key = column.key;
  if (key == "state") {
    constexpr const char* kClasses[] = {"warn", "good", "good", "", "bad", "", ""};
    return kClasses[static_cast<std::size_t>(row.state)];
  }
  if (key == "faults" && !row.faults.empty()) return "bad";
  if (key == "verdict") {
    if (row.verdict == "loads" || row.verdict == "keeps") return "good";
    return row.verdict == "refused" ? "bad" : row.verdict == "varies" ? "warn" : "";
  }
  if (key == "change" && row.change) {
    constexpr const char* kClasses[] = {"", "good", "bad", "warn", "good", "bad", ""};
    return kClasses[static_cast<std::size_t>(*row.change)];
  }
  return nullptr;
}

std::string cell(const CoverageColumn& column, const CoveredCpu& row) {
  const std::string text = escaped(column.text(row));
  if (const char* const word = class_of(column, row)) {
    return fmt::format("<td data-key=\"{}\"><span class=\"word{}{}\">{}</span></td>", column.key,
                       *word == '\0' ? "" : " ", word, text);
  }
  const std::string_view key = column.key;
  const char* const kind = column.number                                 ? " class=\"number\""
                           : key == "vendor" || key == "entrysign"       ? ""
                           : text.find(',') == text.npos || key == "cpu" ? " class=\"code short\""
                                                                         : " class=\"code\"";
  return fmt::format("<td data-key=\"{}\"{}>{}</td>", column.key, kind, text);
}

// Several would make a row as high as ten others.
std::string answers_html(const CoveredCpu& row) {
  std::vector<std::string> lines = answer_lines(row);
  std::string what = counted(lines.size(), "answer");
  if (!row.remedy.empty()) {
    lines.push_back(remedy_line(row));
    what += " and a remedy";
  }
  if (!row.cpu.names.empty()) {
    lines.push_back(names_line(row));
    what += ", " + counted(row.cpu.names.size(), "name");
  }
  std::string text;
  if (!row.cpu.model.empty())
    text = "<span class=\"soft\">" + escaped(row.cpu.model) + "</span><br>";
  if (lines.size() == 1) return text + escaped(lines.front());
  text += "<details><summary>" + what + "</summary><ul>";
  for (const std::string& line : lines) text += "<li>" + escaped(line) + "</li>";
  return text + "</ul></details>";
}

std::string row_html(const CoveredCpu& row, bool compared) {
  std::string text = "<tr>";
  for (const CoverageColumn& column : coverage_columns()) {
    if (compared || !column.compared) text += cell(column, row);
  }
  return text + "<td class=\"answers\">" + answers_html(row) + "</td></tr>\n";
}

std::string cpus_html(const CoverageReport& report) {
  std::string text = "<div class=\"wide\">\n<table id=\"cpus\">\n<thead><tr>";
  for (const CoverageColumn& column : coverage_columns()) {
    if (column.compared && !report.compared) continue;
    text += fmt::format("<th scope=\"col\" data-key=\"{}\"{}>{}</th>", column.key,
                        column.number ? " class=\"number\"" : "", column.title);
  }
  text += "<th scope=\"col\">What kernels do</th></tr></thead>\n<tbody>\n";
  for (const CoveredCpu& row : report.cpus) text += row_html(row, report.compared);
  return text + "</tbody>\n</table>\n</div>\n";
}

// The words of the table, in the order of their columns.
std::string legend_html(bool compared) {
  std::string text = "<details id=\"legend\"><summary>What the words mean</summary>\n";
  for (const LegendGroup& group : coverage_legend()) {
    if (group.compared && !compared) continue;
    text += fmt::format("<h3>{}</h3>\n<dl>\n", group.title);
    for (const auto& [word, meaning] : group.words)
      text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", word, meaning);
    text += "</dl>\n";
  }
  return text + "</details>\n";
}

std::string others_html(const CoverageReport& report) {
  if (report.others.empty()) return "";
  std::string text =
      "<h2>CPUs without a microcode loader</h2>\n<div class=\"wide\">\n<table id=\"others\">\n"
      "<thead><tr><th scope=\"col\">Vendor</th><th scope=\"col\">CPU</th>"
      "<th scope=\"col\" class=\"number\">Machines</th></tr></thead>\n<tbody>\n";
  for (const OtherCpu& it : report.others) {
    text +=
        fmt::format("<tr><td>{}</td><td class=\"code\">{}</td><td class=\"number\">{}</td></tr>\n",
                    escaped(it.vendor_id), it.signature.name(), it.machines);
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

std::string costs_html(const CoverageReport& report) {
  if (!report.budget) return "";
  std::string text =
      "<h2>What each CPU costs</h2>\n<p class=\"soft\">Bytes of the archive that its updates take, "
      "and "
      "of these what no other CPU shares: so much smaller would the archive be without this CPU, "
      "whatever runs on it.</p>\n"
      "<div class=\"wide\">\n<table id=\"costs\">\n<thead><tr><th scope=\"col\">CPU</th>"
      "<th scope=\"col\" class=\"number\">Machines</th>"
      "<th scope=\"col\" class=\"number\">Guests</th>"
      "<th scope=\"col\" class=\"number\">Bytes</th>"
      "<th scope=\"col\" class=\"number\">Bytes alone</th></tr></thead>\n<tbody>\n";
  for (const CoverageCost& it : report.costs) {
    text += fmt::format(
        "<tr><td class=\"code\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td><td class=\"number\">{}</td></tr>\n",
        escaped(it.cpu), it.machines, it.guests, it.bytes, it.bytes_alone);
  }
  return text + "</tbody>\n</table>\n</div>\n";
}

std::string day_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm utc{};
  if (::gmtime_r(&time, &utc) == nullptr) return fmt::format("second {}", seconds);
  return fmt::format("{:04}-{:02}-{:02}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday);
}

std::string names(const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += (text.empty() ? "" : ", ") + escaped(path);
  return text.empty() ? "the kernel's search path" : text;
}

std::string heading_html(const CoverageReport& report, std::optional<std::int64_t> made) {
  std::string text = "<h1>Microcode coverage</h1>\n<p class=\"soft\">Of " + names(report.firmware);
  if (report.compared) text += ", compared with " + names(report.firmware_old);
  text += ", for " +
          (report.kernel.empty() ? "kernels from 5.0 on" : "kernel " + escaped(report.kernel));
  if (made) text += ", as of " + day_text(*made);
  text += "</p>\n<ul class=\"totals\">\n";
  for (const std::string& line : total_lines(report)) {
    text += fmt::format("<li{}>{}</li>\n", line.starts_with("fault: ") ? " class=\"over\"" : "",
                        escaped(line));
  }
  return text + "</ul>\n";
}

}  // namespace

std::string to_html(const CoverageReport& report, std::optional<std::int64_t> made) {
  std::string page(kHead);
  page += heading_html(report, made);
  page += kForm;
  page += cpus_html(report);
  page += legend_html(report.compared);
  page += costs_html(report);
  page += others_html(report);
  page += kScript;
  return page + "</body>\n</html>\n";
}

}  // namespace kip::cli
