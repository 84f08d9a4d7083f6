#!/usr/bin/env python3
"""Proves that tests can fail: each tests/mutants/*.patch breaks the code on purpose and must turn its named test red.

A patch opens with two header lines, then the diff (as `git diff` writes it):

    # test: ^IntelParse\\.RefusesBadChecksum$      regex for `ctest -R`; green without the patch, red with it
    # why: the checksum is what keeps ...         one sentence, printed with the verdict

Works on a copy of the tree in a temporary directory with one build directory there; ccache makes the first build cheap.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CTEST_TESTS_FAILED = 8  # ctest's exit code when tests ran and some failed


@dataclass
class Mutant:
    name: str
    patch: Path
    test: str
    why: str


class Broken(Exception):
    """The mutant proves nothing: its patch, its regex or its build is wrong."""


def read_mutants(directory: Path, pattern: str) -> list[Mutant]:
    found = []
    for patch in sorted(directory.glob("*.patch")):
        if not re.search(pattern, patch.stem):
            continue
        header = patch.read_text().split("\ndiff ", 1)[0].split("\n--- ", 1)[0]
        fields = dict(re.findall(r"^# (test|why): *(\S.*)$", header, re.MULTILINE))
        if set(fields) != {"test", "why"}:
            raise SystemExit(f"mutants: {patch.name}: needs the header lines '# test: REGEX' and '# why: ...'")
        found.append(Mutant(patch.stem, patch.resolve(), fields["test"], fields["why"]))
    return found


class Copy:
    """A copy of the tree that may be broken and mended, with its build directory."""

    def __init__(self, root: Path, place: Path, preset: str, jobs: int):
        self.place, self.preset, self.jobs = place, preset, jobs
        self.build_dir = place / "build" / preset
        # No repository is above the copy: git must see plain files, nobody's index.
        self.environment = os.environ | {"GIT_CEILING_DIRECTORIES": str(place.parent), "CCACHE_BASEDIR": str(place)}
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"], capture_output=True, check=True
        ).stdout
        for name in filter(None, listed.decode().split("\0")):
            if (root / name).is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, place / name)

    def run(self, *command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            command, cwd=self.place, env=self.environment, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def configure(self) -> subprocess.CompletedProcess:
        return self.run("cmake", "--preset", self.preset)

    def build(self, targets: list[str]) -> subprocess.CompletedProcess:
        return self.run("cmake", "--build", str(self.build_dir), "--parallel", str(self.jobs),
                        *(["--target", *targets] if targets else []))  # fmt: skip

    def ctest(self, regex: str) -> subprocess.CompletedProcess:
        return self.run("ctest", "--test-dir", str(self.build_dir), "-R", regex, "--no-tests=error",
                        "--parallel", str(self.jobs), "--timeout", "120")  # fmt: skip

    def targets_of(self, regex: str) -> list[str]:
        """The programs behind these tests, as build targets; empty (everything) if one of them is not ours to build."""
        shown = self.run("ctest", "--test-dir", str(self.build_dir), "-R", regex, "--show-only=json-v1").stdout
        tests = json.loads(shown[shown.index("{") :])["tests"]
        if not tests:
            raise Broken(f"no test is called '{regex}'")
        programs = {Path(test["command"][0]) for test in tests if test.get("command")}
        if not programs or not all(program.is_relative_to(self.build_dir) for program in programs):
            return []
        return sorted(str(program.relative_to(self.build_dir)) for program in programs)

    def apply(self, mutant: Mutant, reverse: bool = False) -> None:
        done = self.run("git", "apply", "--whitespace=nowarn", *(["-R"] if reverse else []), str(mutant.patch))
        if done.returncode:
            raise Broken("does not apply: " + done.stdout.strip().replace("\n", "; "))


def reds_before(copy: Copy, mutants: list[Mutant]) -> dict[str, str]:
    """What ctest says of the regexes that are red, or match nothing, in the whole tree."""
    reds = {}
    for test in sorted({mutant.test for mutant in mutants}):
        done = copy.ctest(test)
        if done.returncode:
            reds[test] = done.stdout
    return reds


def try_mutant(copy: Copy, mutant: Mutant) -> str | None:
    """The test that turned red, or None if all stayed green. The sources are whole afterwards, the build is not: the
    next mutant's build mends it."""
    targets = copy.targets_of(mutant.test)
    copy.apply(mutant)
    try:
        built = copy.build(targets)
        if built.returncode:
            raise Broken("does not compile\n" + built.stdout[-3000:])
        after = copy.ctest(mutant.test)
    finally:
        copy.apply(mutant, reverse=True)
    if after.returncode == 0:
        return None
    red = re.findall(r"^\s*\d+ - (\S+).* \(", after.stdout, re.MULTILINE)  # behind some names: "# GetParam() = ..."
    if after.returncode != CTEST_TESTS_FAILED or not red:
        raise Broken("ctest failed, but not by a red test\n" + after.stdout[-3000:])
    return red[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pattern", nargs="?", default="", help="only patches whose name matches this regex")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--preset", default="mutants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    mutants = read_mutants(options.root / "tests" / "mutants", options.pattern)
    if not mutants:
        print("mutants: no patches: nothing was proved")
        return 1
    killed = survived = broken = 0
    with tempfile.TemporaryDirectory(prefix="kip-mutants-") as place:
        copy = Copy(options.root.resolve(), Path(place).resolve(), options.preset, options.jobs)
        for step in (copy.configure, lambda: copy.build([])):
            done = step()
            if done.returncode:
                print(done.stdout[-5000:])
                print("mutants: the tree does not build without any patch")
                return 1
        reds = reds_before(copy, mutants)
        for mutant in mutants:
            try:
                if mutant.test in reds:
                    raise Broken(f"'{mutant.test}' is red without the patch\n{reds[mutant.test][-3000:]}")
                red = try_mutant(copy, mutant)
            except Broken as fault:
                broken += 1
                print(f"mutant {mutant.name}: BROKEN: {fault}", flush=True)
                continue
            killed, survived = killed + (red is not None), survived + (red is None)
            verdict = f"killed by {red}" if red else f"SURVIVED '{mutant.test}'"
            print(f"mutant {mutant.name}: {verdict} ({mutant.why})", flush=True)
    print(f"mutants: {killed} killed, {survived} survived" + (f", {broken} broken" if broken else ""))
    return 1 if survived or broken else 0


if __name__ == "__main__":
    sys.exit(main())
