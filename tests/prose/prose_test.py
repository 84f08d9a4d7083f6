#!/usr/bin/env python3
"""Executable prose: runs the commands in README.md, docs/ and the manual pages and compares what they print.

In Markdown a fenced block tagged `console`, in a manual page's source a literal block whose first line is a command:

    $ ucode-pack list --firmware firmware      run by bash; a trailing backslash continues the line
    intel 06-8f-08 <any>                       exact output, stdout and stderr as they come; <any>: any text here
    ...                                        any lines
    [exit 3]                                   last line: how the command ended, when not by 0

Each file gets a scratch directory with the example trees `firmware/` ($KIP_EXAMPLE) and `machine/`, and one shell for all
its blocks.
"""

import argparse
import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import document
from session import Session

MAKERS = {"make-example-firmware": "firmware", "make-example-modules": "machine"}  # and the tree that each makes


def run_file(path: Path, programs: Path, update: bool) -> tuple[int, int]:
    """(commands run, commands that failed)"""
    text = path.read_text()
    try:
        steps = document.steps(text, manual=path.suffix == ".scd")
    except ValueError as fault:
        print(f"prose: {path}: {fault}")
        return 0, 1
    if not steps:
        return 0, 0
    failed, changes = 0, []
    with tempfile.TemporaryDirectory(prefix="kip-prose-") as place:
        scratch = Path(place, "scratch")
        scratch.mkdir()
        for maker, tree in MAKERS.items():
            if (programs / maker).exists():
                subprocess.run([programs / maker, tree], cwd=scratch, check=True, stdout=subprocess.DEVNULL)
        session = Session(programs, scratch)
        try:
            for step in steps:
                actual, code = session.run(step.command)
                if code is None:
                    print(f"prose: {path}:{step.line}: '{step.command}': {actual[-1]}")
                    failed += 1
                    break
                if code:
                    actual.append(f"[exit {code}]")
                if document.matches(step.expected, actual):
                    continue
                if update:
                    changes.append((step, document.rewritten(step, actual)))
                    continue
                failed += 1
                report(path, step, actual)
        finally:
            session.close()
    if changes:
        path.write_text(document.replace(text, changes))
        print(f"prose: {path}: rewrote the output of {len(changes)} commands")
    return len(steps), failed


def report(path: Path, step: document.Step, actual: list[str]) -> None:
    print(f"prose: {path}:{step.line}: '{step.command}' printed something else:")
    for line in list(difflib.unified_diff(step.expected, actual, "document", "program", lineterm=""))[2:]:
        if not re.match("@@", line):
            print(f"    {line}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", required=True, type=Path, help="directory of the built programs")
    parser.add_argument("--update", action="store_true", help="write down what the programs print now")
    parser.add_argument("files", nargs="+", type=Path)
    options = parser.parse_args()
    commands = failed = 0
    for path in options.files:
        ran, wrong = run_file(path, options.programs.resolve(), options.update)
        commands, failed = commands + ran, failed + wrong
    if not commands:
        print("prose: no document contains a command: nothing was tested")
        failed += 1
    print(f"prose: {len(options.files)} files, {commands} commands, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
