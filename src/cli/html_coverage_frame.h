// What the page of `coverage --html` has around its tables: style, form, script. Owns no word about a CPU.
#pragma once

#include <string_view>

namespace kip::cli::detail {

inline constexpr std::string_view kHead = R"html(<!DOCTYPE html>
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
h3 { font-size: 0.85rem; margin: 0.75rem 0 0.25rem; color: var(--soft); font-weight: 400; }
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
th, td { padding: 0.4rem 0.45rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); }
tbody tr:last-child td { border-bottom: 0; }
thead th { background: var(--band); }
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
td.answers { min-width: 12rem; }
summary { cursor: pointer; color: var(--link); }
#legend { margin-top: 1rem; }
.word { display: inline-block; padding: 0 0.45rem; border-radius: 3px; background: var(--band); }
.good { color: var(--good); background: var(--good-band); }
.warn { color: var(--warn); background: var(--warn-band); }
.bad { color: var(--bad); background: var(--bad-band); }
dl { display: grid; grid-template-columns: 6rem 1fr; gap: 0.15rem 1rem; margin: 0; font-size: 0.85rem; }
dt { font-weight: 600; }
dd { margin: 0; }
@media print { form { display: none; } .wide { overflow: visible; } }
</style>
</head>
<body>
)html";

inline constexpr std::string_view kForm = R"html(<form id="filter" hidden>
<label>Search<input type="search" name="text" autocomplete="off"></label>
</form>
)html";

// Filters are made of the words that the table has; columns sort by number or by text.
inline constexpr std::string_view kScript = R"html(<script>
"use strict";
(() => {
  const form = document.getElementById("filter"), table = document.getElementById("cpus");
  const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
  const cell = (row, key) => row.querySelector('[data-key="' + key + '"]');
  const choices = [];
  for (const key of ["state", "verdict", "faults", "change", "vendor"]) {
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

}  // namespace kip::cli::detail
