#!/usr/bin/env python3
"""Runs real kernel-install with its stock plugins and ours, and compares what comes of it with a table.

    tests/install/run.py --programs DIR [--tier standard|all] [--only NAME]... [--list]

One line a situation: verdict, name, what was expected and seen, seconds; where the two differ, a line each.
What a situation lacks (a kernel-install of that release, a chroot, a program) is its failure, by name. Only what
can be asked in no way here, because this machine is no guest, is listed as absent. Exit 0 if nothing failed, else
1; 2 for wrong usage.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True  # the tests leave nothing behind in the source tree
sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))  # newc, blobs, cpus, fault

import machine
import module_situations
import situations
from fault import Fault, require
from judge import Verdict
from module_judge import ModuleVerdict
from outcome import agrees
from scene import EARLY_STEP, IMAGE_STEP, LAST, RECORD_STEP, Scene, following

LOG_TAIL = 30  # lines of kernel-install's output shown below a failure
PROGRAMS = (EARLY_STEP, IMAGE_STEP, RECORD_STEP, "make-example-modules")


def _arguments():
    parser = argparse.ArgumentParser(description="kernel-install with our plugins, on three of its releases.")
    parser.add_argument("--programs", type=Path, metavar="DIR", help="where the built plugins are")
    parser.add_argument("--tier", choices=("standard", "all"), default="standard",
                        help="standard: the host's kernel-install alone")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="this situation, of any tier; without @RELEASE: on every release; repeatable")
    parser.add_argument("--list", action="store_true", help="print the situations' names and run none")
    arguments = parser.parse_args()
    if not (arguments.list or arguments.programs):
        parser.error("--programs is missing")
    rows = sorted(situations.table() + module_situations.table(), key=lambda row: row.machine.version)
    if not arguments.only:
        standard = arguments.tier == "standard" and not arguments.list
        return arguments, [row for row in rows if not standard or row.machine is machine.HOST]
    chosen = []
    for name in arguments.only:
        found = [row for row in rows if name in (row.name, row.name.split("@")[0])]
        if not found:
            parser.error(f"no situation is named '{name}' (see --list)")
        chosen += found
    return arguments, chosen


def _previous(row, programs, scratch):
    """The row with what an earlier installation made as its staged initrd."""
    scratch.mkdir()
    run = Scene(scratch, row.machine, row.layout, row.follows, programs).add()
    require(run.exit == 0, f"the installation before: exit {run.exit}: {run.stderr[-300:]}")
    made, original = run.seen[LAST]["initrd"][2], row.follows.staged["initrd"]
    require(made != original, "the installation before left the initrd as it was")
    return replace(row, setup=following(row.setup, made), original=original)


def _attempt(row, programs):
    """(verdict, what to print, log) of one row."""
    try:
        row.machine.check()
        for name in PROGRAMS:
            require((programs / name).is_file(), f"needs a built {name} ('{programs / name}')")
        if row.only_in_guests and row.machine is machine.HOST and not machine.is_guest_or_container():
            return "absent", "this machine is neither a guest nor a container", ""
        # Under /tmp because a chroot has its own there, in which the path can be the same.
        with tempfile.TemporaryDirectory(prefix="kip-install-", dir="/tmp") as scratch:
            scratch = Path(scratch)
            if row.follows:
                row = _previous(row, programs, scratch / "previous")
            (scratch / "scene").mkdir()
            verdict = ModuleVerdict if row.setup.modules else Verdict
            seen, log = verdict(row, Scene(scratch / "scene", row.machine, row.layout, row.setup, programs)).run()
    except Fault as fault:
        return "FAIL", str(fault), fault.log
    except (OSError, subprocess.SubprocessError) as error:
        return "FAIL", f"could not be run: {error}", ""
    if agrees(row.expect, seen):
        return "ok", str(row.expect), ""
    return "FAIL", f"\n     expected: {row.expect}\n     seen:     {seen}\n    ", log


def main():
    """Runs the situations one after the other."""
    try:
        arguments, rows = _arguments()
    except Fault as fault:  # a tool that the situations' initrds are made with
        print(f"FAIL situations  {fault}")
        return 1
    if arguments.list:
        for row in rows:
            print(row.name)
        return 0
    counts = {"ok": 0, "FAIL": 0, "absent": 0}
    for row in rows:
        begin = time.monotonic()
        verdict, evidence, log = _attempt(row, arguments.programs.resolve())
        counts[verdict] += 1
        if verdict == "absent":
            print(f"absent {row.name}: {evidence}", flush=True)
        else:
            print(f"{verdict:4} {row.name}  {evidence}  ({time.monotonic() - begin:.1f} s)", flush=True)
        for line in log.splitlines()[-LOG_TAIL:]:
            print(f"    {line}", file=sys.stderr)
    if counts["absent"]:
        print(f"situations absent: {counts['absent']}")
    print(f"situations: {counts['ok']} passed, {counts['FAIL']} failed")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
