"""Finds the commands and the expected output in a document; compares and rewrites them. Runs nothing."""

import re
from dataclasses import dataclass, field


@dataclass
class Step:
    command: str
    line: int  # of the command, from 1
    indent: str
    first: int = 0  # the expected output is lines[first:last] of the document
    last: int = 0
    expected: list[str] = field(default_factory=list)


_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>```+|~~~+)[ \t]*(?P<tag>\S*)[^`]*$")


def _blocks(lines: list[str], manual: bool):
    """(indent, first, last) of each executable block. Markdown tags it `console`; in a manual page's source any literal
    block counts whose first line is a command."""
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if not opening:
            continue
        first, indent = number, opening["indent"]
        while number < len(lines) and lines[number].strip() != opening["fence"]:
            number += 1
        runs = lines[first].strip().startswith("$ ") if manual and first < number else opening["tag"] == "console"
        if runs:
            yield indent, first, number
        number += 1


def steps(text: str, manual: bool) -> list[Step]:
    lines, found = text.split("\n"), []
    for indent, first, last in _blocks(lines, manual):
        number = first
        current = None
        while number < last:
            line = lines[number].removeprefix(indent)
            number += 1
            if manual and "\\" in line:
                raise ValueError(f"line {number}: scdoc drops the backslash: whoever reads the page sees another command")
            if line.startswith("$ "):
                current = Step(line[2:], number, indent)
                while line.endswith("\\") and number < last:
                    line = lines[number].removeprefix(indent)
                    number += 1
                    current.command += "\n" + line
                current.first = current.last = number
                found.append(current)
            elif current is None:
                raise ValueError(f"line {number}: a block begins with a command ('$ ...'), not with output")
            else:
                current.expected.append(line)
                current.last = number
    return found


def _line_pattern(line: str) -> str:
    return "[^\n]*".join(re.escape(part) for part in line.rstrip().split("<any>"))


def matches(expected: list[str], actual: list[str]) -> bool:
    """`...` alone stands for any number of lines, `<any>` for any text within one; blanks at a line's end do not count."""
    pattern = "".join(r"(?:[^\n]*\n)*?" if e.strip() == "..." else _line_pattern(e) + "\n" for e in expected)
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in actual)) is not None


def rewritten(step: Step, actual: list[str]) -> list[str]:
    """The output to write down: what came, but a line with <any> that still fits stays as the author wrote it."""
    open_lines = [e for e in step.expected if "<any>" in e]
    result = []
    for line in actual:
        kept = next((e for e in open_lines if re.fullmatch(_line_pattern(e), line.rstrip())), line.rstrip())
        result.append(kept)
    return [(step.indent + line).rstrip() for line in result]


def replace(text: str, changes: list[tuple[Step, list[str]]]) -> str:
    lines = text.split("\n")
    for step, output in sorted(changes, key=lambda change: -change[0].first):
        lines[step.first : step.last] = output
    return "\n".join(lines)
