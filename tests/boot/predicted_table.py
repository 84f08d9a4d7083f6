#!/usr/bin/env python3
"""Makes the table of docs/predicted.md out of what run.py printed.

    tests/boot/run.py --programs DIR --tier all --only 'predicted-*' | tee LOG
    tests/boot/predicted_table.py LOG...

One line for kernels that do the same with the same; a boot in two logs counts as in the last one. Exit 1 if a
line says that prediction and boot differ, or that there was no boot.
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the tests leave nothing behind in the source tree

import predicted

LINE = re.compile(
    r"^(ok|FAIL) +(predicted-\S+)  predicted (.*?); seen: (.*?); kernel=(\S+)(?: \(.*\))?  \([\d.]+ s\)$", re.MULTILINE
)
FAILED = re.compile(r"^(?:FAIL|absent) +(predicted-[^\s:]+)", re.MULTILINE)
HEAD = "| row | CPU | BIOS left | microcode | kernels | predicted | seen |"


def _short(release):
    """A release without the words that all of its kind have."""
    return re.sub(r"(\+deb\d+)?(-cloud)?-amd64$", "", release)


def _lines(text):
    """{name: (verdict, predicted, seen, release)} of one log."""
    return {name: (verdict, *rest) for verdict, name, *rest in LINE.findall(text)}


def _rows(found):
    """Cells of each row of the table, in the order of the table of boots."""
    groups = {}
    for case in predicted.table():
        if case.name in found and case.told == case.revision:
            verdict, foreseen, seen, release = found[case.name]
            row = case.name.removeprefix("predicted-").rsplit("-0x", 1)[0]
            bios = f"{case.revision:#010x}"
            foreseen = foreseen.split(": ", 1)[1]  # without the one word for it, which its text repeats
            seen = seen if verdict == "ok" else f"**differs:** {seen}"
            key = (row, f"{case.cpu.ident:#010x}", bios, case.microcode.words, foreseen, seen)
            groups.setdefault(key, []).append(_short(release))
    for (row, cpu, bios, words, foreseen, seen), kernels in groups.items():
        order = sorted(kernels, key=lambda it: [int(number) for number in re.findall(r"\d+", it)])
        yield row, cpu, bios, words, ", ".join(order), foreseen, seen


def main():
    """Reads the logs and prints the table."""
    texts = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:]]
    found = {}
    for text in texts:
        found |= _lines(text)
    lost = {name for text in texts for name in FAILED.findall(text)} - found.keys()
    print(HEAD)
    print(re.sub(r"[^|]+", "---", HEAD))
    for cells in _rows(found):
        print("| " + " | ".join(cells) + " |")
    for name in sorted(lost):
        print(f"no boot: {name}", file=sys.stderr)
    return 1 if lost or any(verdict == "FAIL" for verdict, *_ in found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
