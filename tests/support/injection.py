"""System calls of a program, counted and made to fail by strace: what the fault sweeps of several programs share."""

import argparse
import os
import re
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SKIPPED = 77

WRITING = {"write", "writev", "pwrite64", "pwritev", "copy_file_range", "sendfile",
           "ftruncate", "fallocate", "fchmod", "fchown", "fsetxattr"}
NAMING = {"linkat", "link", "rename", "renameat", "renameat2", "fsync", "fdatasync", "mkdir", "mkdirat", "unlink", "unlinkat"}
OPENING = {"open", "openat", "openat2", "creat"}


@dataclass
class Call:
    name: str
    ordinal: int  # of its name in the process, from 1: how strace counts
    text: str

    @property
    def makes_a_file(self):
        return self.name in OPENING and re.search(r"O_CREAT|O_TMPFILE", self.text)


class Wrong(Exception):
    pass


def calls_of(trace: Path) -> list[Call]:
    """Of the first process, which has to be the only one traced: strace counts by process."""
    counts, calls, processes = Counter(), [], set()
    for line in trace.read_text(errors="replace").splitlines():
        process, _, text = line.partition(" ") if line[:1].isdigit() else ("", "", line)
        processes.add(process)
        name = re.match(r"\s*(\w+)\(", text)
        if name and name[1] not in ("execve",):
            counts[name[1]] += 1
            calls.append(Call(name[1], counts[name[1]], text.strip()))
    if len(processes) != 1:
        raise Wrong(f"{len(processes)} processes: calls cannot be counted")
    return calls


def points_of(calls: list[Call]) -> tuple[list[Call], list[Call]]:
    """Calls that change something, and all from the opening of the output on."""
    outputs, changing, behind = set(), [], []
    for call in calls:
        if call.makes_a_file and (number := re.search(r"= (\d+)$", call.text)):
            outputs.add(number[1])
        if outputs:
            behind.append(call)
        first = re.match(r"\w+\((\d+)", call.text)
        # Sanitizers write into pipes of their own; of copying calls the output is not the first argument.
        foreign = call.name in WRITING - {"copy_file_range", "sendfile"} and first and first[1] not in outputs
        if call.makes_a_file or call.name in NAMING or (call.name in WRITING and not foreign):
            changing.append(call)
    return changing, behind


def under_strace(injections: list, trace: Path | None, words: list, children: bool = True) -> list:
    """The command that runs `words` with faults, `children` or not among it; with `trace`, the calls are written there."""
    command = ["strace", *(["-f"] if children else []), "-o", str(trace or "/dev/null")]
    for injection in injections:
        command += ["-e", "inject=" + injection]
    if trace is None:  # stop at the calls in question only
        command += ["-e", "trace=" + (",".join(sorted({it.split(":")[0] for it in injections})) or "none")]
    return command + words


def can_trace() -> bool:
    try:
        done = subprocess.run(["strace", "-o", "/dev/null", "-e", "inject=chdir:error=EIO:when=9", "true"], capture_output=True)
    except FileNotFoundError:
        return False
    return done.returncode == 0


def sweep_all(doc: str, situations: list, make_sweep) -> int:
    """What a sweep's main() returns. `make_sweep(programs, place, thorough)` has run(situation), done and faults."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=Path, required=not os.environ.get("KIP_PROGRAMS"), help="directory of the programs")
    parser.add_argument("--all", action="store_true", help="every error at every call")
    options = parser.parse_args()
    thorough = options.all or os.environ.get("KIP_SLOW") == "1"
    programs = Path(os.environ.get("KIP_PROGRAMS") or options.programs).resolve()
    if not can_trace():
        print("faults: NOT RUN: strace is missing, or may not trace")
        return 1 if os.environ.get("CI") else SKIPPED
    with tempfile.TemporaryDirectory(prefix="kip-faults-") as place:
        sweep = make_sweep(programs, Path(place), thorough)
        for situation in situations:
            if thorough or not situation.slow:
                sweep.run(situation)
    for fault in sweep.faults:
        print("faults:", fault)
    counts = ", ".join(f"{count} {what}" for what, count in sorted(sweep.done.items()))
    print(f"faults: {sum(sweep.done.values())} injections ({counts}), {len(sweep.faults)} faults")
    return 1 if sweep.faults else 0
