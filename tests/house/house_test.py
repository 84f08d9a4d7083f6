#!/usr/bin/env python3
"""The house test: rules of docs/design.md and HACKING.md that a compiler does not know. One line a violation, exit 1.

usage: house_test.py [ROOT]
"""

import sys
from pathlib import Path

import rules


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    tree = rules.Tree(root)
    for note in rules.file_size_notes(tree):
        print(note)
    violations = sorted({violation for rule in rules.RULES for violation in rule(tree)})
    for name, line, what in violations:
        print(f"house: {name}:{line}: {what}")
    print(f"house: {len(tree.sources)} sources, {len(rules.RULES)} rules, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
