#!/usr/bin/env python3
"""Holds `initrd-pack inspect`, `ls` and `cat` against GNU cpio, bsdtar and the ordinary decompressors.

    tests/images/run.py --programs DIR [--tier standard|all] [--only NAME]... [--list]

One line an image: verdict, name, what was compared, seconds; where program and oracle differ, a line each. What an
image lacks (a tool, a generator's chroot) is its failure, by name; only without root, which a chroot needs, a
generator's image that is not in the cache is absent, except under CI=true. Exit 0 if nothing failed, else 1; 2 for
wrong usage.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # the tests leave nothing behind in the source tree
for room in ("boot", "generators"):  # newc, blobs, cpus, kernels, fault; debian, initrds
    sys.path.append(str(Path(__file__).resolve().parent.parent / room))

import cases
import compare
import listers
from fault import Fault, require
from program import Program

LOG_TAIL = 30  # lines of a tool's complaints shown below a failure


def _arguments():
    parser = argparse.ArgumentParser(description="initrd-pack against ordinary tools, on images of every make.")
    parser.add_argument("--programs", type=Path, metavar="DIR", help="where the built initrd-pack is")
    parser.add_argument("--tier", choices=("standard", "all"), default="standard")
    parser.add_argument("--only", action="append", metavar="NAME", help="this image, of any tier; repeatable")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the images there")
    parser.add_argument("--list", action="store_true", help="print the images' names and make none")
    arguments = parser.parse_args()
    if not (arguments.list or arguments.programs):
        parser.error("--programs is missing")
    table = {case.name: case for case in cases.table()}
    unknown = [name for name in arguments.only or () if name not in table]
    if unknown:
        parser.error(f"no image is named '{unknown[0]}' (see --list)")
    if arguments.only:
        return arguments, [table[name] for name in arguments.only]
    standard = arguments.tier == "standard" and not arguments.list
    return arguments, [case for case in table.values() if not standard or case.tier == "standard"]


def _compared(case, binary, place):
    """(differences, evidence) of one image."""
    image = case.make()
    place.write_bytes(image)
    differences, evidence = compare.hold(Program(binary, place), compare.Truth(image), case.rules)
    if case.unseen:
        listers.require_blind(image, case.seen, case.unseen)
        evidence += f"; lsinitrd misses {', '.join(case.unseen)}"
    return differences, evidence


def _attempt(case, programs, directory):
    """(verdict, what to print, log) of one case."""
    try:
        require(programs.joinpath("initrd-pack").is_file(), f"needs a built initrd-pack ('{programs}')")
        differences, evidence = _compared(case, programs / "initrd-pack", directory / case.name)
    except Fault as fault:
        rootless = case.by_generator and os.geteuid() != 0 and os.environ.get("CI") != "true"
        return "absent" if rootless else "FAIL", str(fault), fault.log
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return "FAIL", f"could not be run: {error!r}", ""
    if not differences:
        return "ok", evidence, ""
    shown = differences[: compare.MOST]
    more = [f"and {len(differences) - len(shown)} more"] if len(differences) > len(shown) else []
    return "FAIL", "".join(f"\n     {line}" for line in shown + more) + "\n    ", ""


def main():
    """Runs the cases one after the other; the images lie in a scratch directory, or where --keep says."""
    arguments, chosen = _arguments()
    if arguments.list:
        for case in chosen:
            print(case.name)
        return 0
    counts = {"ok": 0, "FAIL": 0, "absent": 0}
    with tempfile.TemporaryDirectory(prefix="kip-images-") as scratch:
        directory = arguments.keep or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        for case in chosen:
            begin = time.monotonic()
            verdict, evidence, log = _attempt(case, arguments.programs.resolve(), directory)
            counts[verdict] += 1
            print(f"{verdict:4} {case.name}  {evidence}  ({time.monotonic() - begin:.1f} s)", flush=True)
            for line in log.splitlines()[-LOG_TAIL:]:
                print(f"    {line}", file=sys.stderr)
    if counts["absent"]:
        print(f"images absent: {counts['absent']}")
    print(f"images: {counts['ok']} passed, {counts['FAIL']} failed")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
