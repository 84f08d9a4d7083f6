// The page of `coverage --html`: one file that needs nothing else, the same bytes each time. Every text in it that is not ours
// goes through escaped(). Without JavaScript it is a table; with it, that can be sorted and filtered.
#include <ctime>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/cli/coverage_report.h"

namespace kip::cli {
namespace {

constexpr std::string_view kHead = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Microcode coverage</title>
<style>
:root { color-scheme: light dark; --page: #fff; --text: #1c2024; --soft: #5a6470; --line: #d7dce1; --band: #f5f7f9;
  --good: #146c2e; --good-band: #e3f4e7; --warn: #8a4b00; --warn-band: #fdf0dc; --bad: #a3161c; --bad-band: #fce6e6;
  --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --text: #e4e7ea; --soft: #9aa5b1; --line: #333a41; --band: #1c2126;
    --good: #7fd694; --good-band: #17301d; --warn: #f2b866; --warn-band: #382a12; --bad: #ff9d9d; --bad-band: #401b1d;
    --link: #8ab8f0; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 110rem; padding: 1.5rem; background: var(--page); color: var(--text);
  font: 0.95rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 0.25rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
p { margin: 0.25rem 0; }
.soft { color: var(--soft); }
ul.totals { margin: 1rem 0; padding: 0.75rem 1rem 0.75rem 2rem; background: var(--band); border: 1px solid var(--line);
  border-radius: 6px; }
ul.totals .over { color: var(--bad); font-weight: 600; }
form { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: end; margin: 1rem 0; }
form[hidden] { display: none; }
label { display: grid; gap: 0.15rem; font-size: 0.8rem; color: var(--soft); }
input, select { font: inherit; font-size: 0.9rem; height: 2.1rem; padding: 0.3rem 0.5rem; color: var(--text); background: var(--page);
  border: 1px solid var(--line); border-radius: 4px; }
output { font-size: 0.85rem; color: var(--soft); line-height: 2.1rem; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; }
th, td { padding: 0.4rem 0.6rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
tbody tr:last-child td { border-bottom: 0; }
thead th { background: var(--band); white-space: nowrap; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:hover { text-decoration: underline; }
th button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
th[aria-sort="ascending"] button::after { content: " \25B2"; font-size: 0.7em; }
th[aria-sort="descending"] button::after { content: " \25BC"; font-size: 0.7em; }
td { font-variant-numeric: tabular-nums; }
th.number, td.number { text-align: right; }
td.code { font-family: ui-monospace, monospace; font-size: 0.8rem; }
td.code.short { white-space: nowrap; }
td ul { margin: 0.25rem 0 0; padding: 0; list-style: none; }
td ul li + li { margin-top: 0.25rem; }
td.answers { min-width: 13rem; }
summary { cursor: pointer; color: var(--link); }
.word { display: inline-block; padding: 0 0.45rem; border-radius: 3px; background: var(--band); }
.good { color: var(--good); background: var(--good-band); }
.warn { color: var(--warn); background: var(--warn-band); }
.bad { color: var(--bad); background: var(--bad-band); }
@media print { form { display: none; } .wide { overflow: visible; } }
</style>
</head>
<body>
)html";

constexpr std::string_view kForm = R"html(<form id="filter" hidden>
<label>Search<input type="search" name="text" autocomplete="off"></label>
</form>
)html";

// Filters are made of the words that the table has; columns sort by number or by text.
constexpr std::string_view kScript = R"html(<script>
"use strict";
(() => {
  const form = document.getElementById("filter"), table = document.getElementById("cpus");
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const cell = (row, key) => row.querySelector('[data-key="' + key + '"]');
  const choices = [];
  for (const key of ["state", "verdict", "change", "vendor"]) {
    const head = heads.find((it) => it.dataset.key === key);
    const words = [...new Set(head ? rows.map((row) => cell(row, key).textContent) : [])].sort();
    if (words.length < 2) continue;
    const label = document.createElement("label"), select = document.createElement("select");
    label.append(head.textContent, select);
    select.add(new Option("all", ""));
    for (const word of words) select.add(new Option(word, word));
    choices.push([key, select]);
    form.append(label);
  }
  const shown = document.createElement("output");
  form.append(shown);
  const filter = () => {
    const text = form.elements.text.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const fits = row.textContent.toLowerCase().includes(text) &&
        choices.every(([key, select]) => !select.value || cell(row, key).textContent === select.value);
      row.hidden = !fits;
      count += fits;
    }
    shown.value = count + " of " + rows.length + " rows";
  };
  const sort = (head, direction) => {
    for (const it of heads) it.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
    const value = (row) => cell(row, head.dataset.key).textContent;
    const number = head.classList.contains("number");
    const compare = (a, b) => number ? value(a) - value(b) : value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0;
    body.append(...rows.sort((a, b) => direction * compare(a, b)));
  };
  for (const head of heads) {
    if (!head.dataset.key) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, head.getAttribute("aria-sort") === "ascending" ? -1 : 1));
    head.append(button);
  }
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
</script>
)html";

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
    constexpr const char* kClasses[] = {"warn", "good", "good", "", "bad", ""};
    return kClasses[static_cast<std::size_t>(row.state)];
  }
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
                           : key == "vendor"                             ? ""
                           : text.find(',') == text.npos || key == "cpu" ? " class=\"code short\""
                                                                         : " class=\"code\"";
  return fmt::format("<td data-key=\"{}\"{}>{}</td>", column.key, kind, text);
}

// Several would make a row as high as ten others.
std::string answers_html(const std::vector<std::string>& lines) {
  if (lines.size() == 1) return escaped(lines.front());
  std::string text = fmt::format("<details><summary>{} answers</summary><ul>", lines.size());
  for (const std::string& line : lines) text += "<li>" + escaped(line) + "</li>";
  return text + "</ul></details>";
}

std::string row_html(const CoveredCpu& row, bool compared) {
  std::string text = "<tr>";
  for (const CoverageColumn& column : coverage_columns()) {
    if (compared || !column.compared) text += cell(column, row);
  }
  return text + "<td class=\"answers\">" + answers_html(answer_lines(row)) + "</td></tr>\n";
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
      "of these what no other CPU shares: so much smaller would the archive be without it.</p>\n"
      "<div class=\"wide\">\n<table id=\"costs\">\n<thead><tr><th scope=\"col\">CPU</th>"
      "<th scope=\"col\" class=\"number\">Machines</th><th scope=\"col\" "
      "class=\"number\">Bytes</th>"
      "<th scope=\"col\" class=\"number\">Bytes alone</th></tr></thead>\n<tbody>\n";
  for (const CoverageCost& it : report.costs) {
    text += fmt::format(
        "<tr><td class=\"code\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "<td class=\"number\">{}</td></tr>\n",
        escaped(it.cpu), it.machines, it.bytes, it.bytes_alone);
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
  if (made) text += ", as of " + day_text(*made);
  text += "</p>\n<ul class=\"totals\">\n";
  for (const std::string& line : total_lines(report)) {
    text += fmt::format("<li{}>{}</li>\n", line.starts_with("over ") ? " class=\"over\"" : "",
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
  page += costs_html(report);
  page += others_html(report);
  page += kScript;
  return page + "</body>\n</html>\n";
}

}  // namespace kip::cli
