"""What the page of `ucode-pack coverage --html` says, read by a parser of Python's, and what `--json` says in its place.

Owns the mapping of the one to the other; refuses to know who renders the page.
"""

import html.parser

COLUMNS = ["cpu", "vendor", "machines", "running", "entrysign", "packed", "available", "state", "verdict", "faults", "change", "old",
           "bytes", "bytes_alone"]  # fmt: skip
VOID = {"meta", "input", "br"}


class Page(html.parser.HTMLParser):
    """Tables by id, each a list of rows of (data-key, text); everything that a page could load; whether tags match."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tables, self.heads, self.loads, self.faults = {}, {}, [], []
        self.totals, self.scripts, self.handlers = [], [], []
        self.legend = []  # words and meanings, in turn
        self._open, self._table, self._cell = [], None, None
        self.feed(text)
        self.close()
        if self._open:
            self.faults.append(f"not closed: {self._open}")

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in VOID:
            self._open.append(tag)
        self.loads += [(tag, name, value) for name, value in attributes if name in ("src", "href", "srcset", "action", "data")]
        self.handlers += [(tag, name) for name, _ in attributes if name.startswith("on")]
        if tag == "link":
            self.loads.append((tag, None, None))
        if tag == "table":
            self._table = given["id"]
            self.tables[self._table], self.heads[self._table] = [], []
        if tag == "tr" and "tbody" in self._open:
            self.tables[self._table].append([])
        if tag in ("td", "th"):
            self._cell = [given.get("data-key"), ""]
        if tag == "li" and "table" not in self._open:
            self.totals.append("")
        if tag == "script":
            self.scripts.append("")
        if tag in ("dt", "dd"):
            self.legend.append("")

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else at {self.getpos()}")
        if tag == "td":
            self.tables[self._table][-1].append(tuple(self._cell))
        if tag == "th":
            self.heads[self._table].append(tuple(self._cell))
        if tag in ("td", "th"):
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell[1] += data
        elif self._open and self._open[-1] == "li":
            self.totals[-1] += data
        elif self._open and self._open[-1] in ("dt", "dd"):
            self.legend[-1] += data
        elif self._open and self._open[-1] == "script":
            self.scripts[-1] += data

    def rows(self):
        """Of the CPUs, by key; the cell without one holds what kernels do."""
        return [{key: text for key, text in row if key} for row in self.tables["cpus"]]


def text_of(value) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


def expected_rows(report: dict) -> list[dict]:
    compared = "firmware_old" in report
    keys = [key for key in COLUMNS if compared or key not in ("change", "old")]
    return [{key: text_of(row.get(key)) for key in keys} for row in report["cpus"]]
