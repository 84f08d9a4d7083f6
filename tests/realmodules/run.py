#!/usr/bin/env python3
"""Holds kmod-pack against real out-of-tree modules: facts, decisions, findings, archives, and their bytes.

    tests/realmodules/run.py --programs DIR [--tier standard|all] [--only NAME]... [--list]

One line a case: verdict, name, seconds; where the program and the table differ, a line each. What a case lacks (a tool,
a package that the mirror has no more) is its failure, by name. Exit 0 if nothing failed, else 1; 2 for wrong usage.
"""

import argparse
import functools
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the tests leave nothing behind in the source tree
sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))  # newc, kernels, mirror, guest, rootfs, fault

import build
import judge_policy
import kernels
import module_tree
import order
import policy_cases
from fault import Fault, require
from kmod_pack import Program

LOG_TAIL = 30  # lines of a tool's complaints shown below a failure
MOST = 12  # differences of one case that are shown


def _arguments():
    parser = argparse.ArgumentParser(description="kmod-pack on real out-of-tree modules.")
    parser.add_argument("--programs", type=Path, metavar="DIR", help="where the built kmod-pack is")
    parser.add_argument("--tier", choices=("standard", "all"), default="standard")
    parser.add_argument("--only", action="append", metavar="NAME", help="this case, of any tier; repeatable")
    parser.add_argument("--list", action="store_true", help="print the cases' names and run none")
    arguments = parser.parse_args()
    if not (arguments.list or arguments.programs):
        parser.error("--programs is missing")
    table = {case.name: case for case in policy_cases.table() + order.table()}
    unknown = [name for name in arguments.only or () if name not in table]
    if unknown:
        parser.error(f"no case is named '{unknown[0]}' (see --list)")
    if arguments.only:
        return arguments, [table[name] for name in arguments.only]
    standard = arguments.tier == "standard" and not arguments.list
    return arguments, [case for case in table.values() if not standard or case.tier == "standard"]


def _scratch_place():
    """Beside the cache, so that a tree can be made of hard links."""
    place = kernels.cache().parent
    place.mkdir(parents=True, exist_ok=True)
    return place


class Trees:
    """The trees of a run, each made once; cases leave them as they found them."""

    def __init__(self, directory):
        self.get = functools.cache(lambda key: module_tree.whole(directory / key, key, merged=key != "6.1"))


def _attempt(case, binary, trees, scratch):
    """(verdict, differences, log) of one case."""
    try:
        require(binary.is_file(), f"needs a built kmod-pack ('{binary.parent}')")
        require(not build.missing(), build.missing())
        if isinstance(case, order.Case):
            found = order.differences(case, functools.partial(Program, binary), scratch)
        else:
            found = judge_policy.differences(case, functools.partial(Program, binary), trees.get(case.key), scratch)
    except Fault as fault:
        return "FAIL", [str(fault)], fault.log
    except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        return "FAIL", [f"could not be run: {error!r}"], ""
    return ("FAIL" if found else "ok"), found, ""


def main():
    """Runs the cases one after the other."""
    arguments, chosen = _arguments()
    if arguments.list:
        for case in chosen:
            print(case.name)
        return 0
    binary = arguments.programs.resolve() / "kmod-pack"
    counts = {"ok": 0, "FAIL": 0}
    with tempfile.TemporaryDirectory(prefix=".realmodules-", dir=_scratch_place()) as directory:
        trees = Trees(Path(directory))
        for case in chosen:
            begin = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="case-", dir=directory) as scratch:
                verdict, found, log = _attempt(case, binary, trees, Path(scratch))
            counts[verdict] += 1
            print(f"{verdict:4} {case.name}  ({time.monotonic() - begin:.1f} s)", flush=True)
            for line in found[:MOST] + ([f"and {len(found) - MOST} more"] if len(found) > MOST else []):
                print(f"     {line}", flush=True)
            for line in log.splitlines()[-LOG_TAIL:]:
                print(f"    {line}", file=sys.stderr)
    print(f"realmodules: {counts['ok']} passed, {counts['FAIL']} failed")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
