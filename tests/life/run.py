#!/usr/bin/env python3
"""Lives of machines in scratch roots, by real programs: kernel-install, its plugins and ours, `kip status`, `kip refresh`.

    tests/life/run.py --programs DIR [--tier standard|all] [--only NAME]... [--list] [--steps] [--seed N]

NAME may be a shell pattern. One line a situation: verdict, name, evidence, seconds; with --steps, one a step as well.
What a situation lacks (a kernel-install of that release, a chroot, a program) is its failure, by name. Exit 0 if
nothing failed, else 1; 2 for wrong usage.
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
for _room in ("install", "boot", "support"):
    sys.path.append(str(Path(__file__).resolve().parent.parent / _room))

import situations_of_life
from fault import Fault, require

LOG_TAIL = 40  # lines of a program's output shown below a failure
PROGRAMS = ("kip", "initrd-pack", "ucode-pack", "kmod-pack", "45-kip-microcode", "58-kip-image", "95-kip-record")


def _arguments():
    parser = argparse.ArgumentParser(description="Lives of machines: status and refresh after each thing that happens.")
    parser.add_argument("--programs", type=Path, metavar="DIR", help="where the built programs are")
    parser.add_argument("--tier", choices=("standard", "all"), default="standard")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="this situation (or pattern), of any tier; repeatable")
    parser.add_argument("--list", action="store_true", help="print the situations' names and run none")
    parser.add_argument("--steps", action="store_true", help="print each step of a life as well")
    parser.add_argument("--seed", type=int, help="of what is chosen by chance; printed")
    arguments = parser.parse_args()
    if not (arguments.list or arguments.programs):
        parser.error("--programs is missing")
    known = {it.name: it for it in situations_of_life.table()}
    chosen = {name: fnmatch.filter(known, name) for name in arguments.only or ()}
    unknown = [name for name, found in chosen.items() if not found]
    if unknown:
        parser.error(f"no situation is named '{unknown[0]}' (see --list)")
    if arguments.only:
        return arguments, [known[name] for found in chosen.values() for name in found]
    return arguments, [it for it in known.values() if arguments.tier in (it.tier, "all") or arguments.list]


def _attempt(situation, programs, seed, tell):
    """(verdict, evidence, log) of one situation."""
    try:
        require(os.geteuid() == 0, "needs root, for mount namespaces")
        for name in PROGRAMS:
            require((programs / name).is_file(), f"needs a built {name} ('{programs / name}')")
        with tempfile.TemporaryDirectory(prefix="kip-life-", dir="/tmp") as scratch:
            more = {"seed": seed} if situation.seeded else {}
            return "ok", situation.run(programs, Path(scratch), tell, **more), ""
    except Fault as fault:
        return "FAIL", str(fault), fault.log
    except (OSError, subprocess.SubprocessError) as error:
        return "FAIL", f"could not be run: {error}", ""


def main():
    """Runs the situations one after the other."""
    arguments, chosen = _arguments()
    if arguments.list:
        for situation in chosen:
            print(situation.name)
        return 0
    seed = arguments.seed if arguments.seed is not None else int.from_bytes(os.urandom(3))
    if any(it.seeded for it in chosen):
        print(f"seed {seed}")
    tell = (lambda line: print(f"     {line}", flush=True)) if arguments.steps else (lambda line: None)
    counts = {"ok": 0, "FAIL": 0}
    for situation in chosen:
        begin = time.monotonic()
        verdict, evidence, log = _attempt(situation, arguments.programs.resolve(), seed, tell)
        counts[verdict] += 1
        print(f"{verdict:4} {situation.name}  {evidence}  ({time.monotonic() - begin:.1f} s)", flush=True)
        for line in log.splitlines()[-LOG_TAIL:]:
            print(f"    {line}", file=sys.stderr)
    print(f"lives: {counts['ok']} passed, {counts['FAIL']} failed")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
