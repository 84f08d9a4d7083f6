#!/usr/bin/env python3
"""Boots real kernels in QEMU with what our programs made, and proves what was loaded, unpacked and found there.

    tests/boot/run.py --programs DIR [--tier standard|all] [--only NAME]... [--list]

NAME may be a shell pattern, as in `--only 'predicted-*'`. One line a boot: verdict, name, evidence, seconds. What a boot lacks (QEMU, a kernel that the mirror has no
more) is its failure, by name. Only the corpus may be absent: its boots are then listed as such and counted
apart, except under CI=true, where they fail. Exit 0 if nothing failed, else 1; 2 for wrong usage.
"""

import argparse
import fnmatch
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the tests leave nothing behind in the source tree

import boots
import check_boot
import check_boot_trial
import corpus
import guest
import image_trial
import images
import module_boots
import module_trial
import predicted
import predicted_trial
import trial
import uefi
from fault import Fault

LOG_TAIL = 40  # lines of the guest's serial output shown below a failure
PROGRAMS = ("ucode-pack", "initrd-pack")  # of all boots
NO_CORPUS = "needs the corpus (KIP_CORPUS)"


def _table():
    return boots.table() + images.table() + module_boots.table() + predicted.table() + check_boot.table()


def _arguments():
    parser = argparse.ArgumentParser(description="Boot tests of images.")
    parser.add_argument("--programs", type=Path, metavar="DIR", help="where the built programs are")
    parser.add_argument("--tier", choices=("standard", "all"), default="standard")
    parser.add_argument("--only", action="append", metavar="NAME", help="this boot (or pattern), of any tier; repeatable")
    parser.add_argument("--list", action="store_true", help="print the boots' names and run none")
    arguments = parser.parse_args()
    if not (arguments.list or arguments.programs):
        parser.error("--programs is missing")
    cases = {case.name: case for case in _table()}
    chosen = {name: fnmatch.filter(cases, name) for name in arguments.only or ()}
    unknown = [name for name, found in chosen.items() if not found]
    if unknown:
        parser.error(f"no boot is named '{unknown[0]}' (see --list)")
    if arguments.only:
        return arguments, [cases[name] for found in chosen.values() for name in found]
    return arguments, [case for case in cases.values() if arguments.tier in (case.tier, "all")]


def _lacking(programs):
    """What no boot can do without, as words for a report; "" if all is there."""
    unbuilt = [programs / name for name in PROGRAMS if not (programs / name).is_file()]
    return guest.missing() or (f"needs a built {unbuilt[0].name} ('{unbuilt[0]}')" if unbuilt else "")


def _trial(case):
    """The module that carries out such a case."""
    if isinstance(case, images.ImageCase):
        return image_trial
    if isinstance(case, module_boots.ModuleCase):
        return module_trial
    if isinstance(case, predicted.PredictedCase):
        return predicted_trial
    if isinstance(case, check_boot.CheckBootCase):
        return check_boot_trial
    return uefi if case.unified else trial


def _attempt(case, programs, tree):
    """(verdict, evidence) of one case."""
    if case.needs_corpus and tree is None:
        return ("FAIL" if os.environ.get("CI") == "true" else "absent"), NO_CORPUS
    if lacking := _lacking(programs):
        return "FAIL", lacking
    with tempfile.TemporaryDirectory(prefix="kip-boot-") as scratch:
        try:
            return "ok", _trial(case).run(case, programs, tree, Path(scratch))
        except Fault as fault:
            for line in fault.log.splitlines()[-LOG_TAIL:]:
                print(f"    {line}", file=sys.stderr)
            return "FAIL", str(fault)
        except (OSError, subprocess.SubprocessError) as error:
            return "FAIL", f"{case.name} could not be run: {error}"


def main():
    """Runs the boots one after the other: two QEMUs on a small machine only slow each other down."""
    arguments, cases = _arguments()
    if arguments.list:
        for case in cases:
            print(case.name)
        return 0
    tree = corpus.find()
    counts = {"ok": 0, "FAIL": 0, "absent": 0}
    for case in cases:
        begin = time.monotonic()
        verdict, evidence = _attempt(case, arguments.programs.resolve(), tree)
        counts[verdict] += 1
        if verdict == "absent":
            print(f"absent {case.name}: {evidence}", flush=True)
        else:
            print(f"{verdict:4} {case.name}  {evidence}  ({time.monotonic() - begin:.1f} s)", flush=True)
    if counts["absent"]:
        print(f"boots absent: {counts['absent']}")
    print(f"boots: {counts['ok']} passed, {counts['FAIL']} failed")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
