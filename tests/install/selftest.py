#!/usr/bin/env python3
"""Shows images with known faults to the judge: one that a wrong plugin could make must not pass for a right one.

    tests/install/selftest.py

Needs no kernel-install and no program of ours. Exit 0 if every fault was named, else 1.
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))

import bases
import machine
import newc
from fault import Fault
from image import MICROCODE
from judge import Verdict
from module_judge import modules_behind
from outcome import REPLACED, Outcome, boots
from scene import KVER, Setup
from situations import Situation
from updates import file_of

_PATH = MICROCODE["intel"]


def early(data, shift=0, multiple=512, manifests=1):
    """An early part of ours with its data at a multiple of 16, or `shift` bytes off; the manifest's length does it."""
    for length in range(1, 17):
        tree = {f"kip-{number}": b"m" * (4 if number else length) for number in range(manifests)}
        archive = newc.write(tree | {_PATH: data})
        if newc.read(archive)[-1].start % 16 == shift:
            return archive + bytes(-len(archive) % multiple)
    raise AssertionError("no length of the manifest aligns the data")


def faults(handed_over, base, names=("skylake",)):
    """(what boots is what it should be, the faults named) for one image."""
    expect = Outcome(staging=(("initrd", REPLACED),), boots=boots(intel=names))
    verdict = Verdict(Situation("made up", machine.HOST, "bls", Setup(), expect), scene=None)
    return verdict._check_image(handed_over, base) == expect.boots, verdict.faults


def cases():
    """(what is wrong, image, base); the first two are right."""
    new, old = file_of("intel", ["skylake"]), file_of("intel", ["skylake-old"])
    good, plain, tables = early(new), bases.zstd(), bases.with_tables("skylake-old")
    yield "", good + plain, plain
    yield "", good + bases.with_tables(), tables
    yield "an older revision", early(old) + plain, plain
    yield "a residue in the member", early(new + bytes(4)) + plain, plain
    yield "a flipped byte", early(new[:-1] + bytes([new[-1] ^ 1])) + plain, plain
    yield "a second member of the base", good + tables, tables
    yield "the base's member first", tables[: tables.index(plain)] + good + plain, tables
    yield "unaligned data", early(new, shift=4) + plain, plain
    yield "no padding to 512", early(new, multiple=4) + plain, plain
    yield "two manifests", early(new, manifests=2) + plain, plain
    yield "an early part behind our own", good + early(b"") + plain, plain
    yield "a lost table", good + bases.zstd(), tables
    yield "a changed table", good + bases.with_tables().replace(b"dsdt", b"DSDT"), tables
    yield "a lost byte of the base", good + plain[:-1], plain
    yield "lost zeros at the end", good + plain, plain + bytes(4)
    yield "bytes behind the base", good + plain + b"\1", plain
    yield "no base", good, plain
    yield "a base at no multiple of 4", good + b"\0" + bases.raw(), bases.raw()


def _overlay(*paths, tree=f"usr/lib/modules/{KVER}/", mark="kip/modules"):
    return newc.write({mark: b"kip modules 1\n"} | {tree + path: b"x" for path in paths})


def module_cases():
    """(what is wrong, image, the modules that a right one has)."""
    base, index = bases.zstd(), "modules.dep.bin"
    good = _overlay(index, "extra/zfs.ko")
    yield "", base + bytes(3) + good, ("zfs.ko",)
    yield "", base + good + bytes(8), ("zfs.ko",)
    yield "", base, ()
    yield "a lost byte of the base", base[:-1] + good, ("zfs.ko",)
    yield "modules without an index", base + _overlay("extra/zfs.ko"), ("zfs.ko",)
    yield "modules beside the tree", base + _overlay(index, "extra/zfs.ko", tree="lib/modules/6.1/"), ("zfs.ko",)
    yield "an archive that is none of ours", base + _overlay(index, mark="kip/early"), ()
    yield "no archive", base + b"\1\2\3\4", ()
    yield "another module", base + _overlay(index, "extra/spl.ko"), ("zfs.ko",)


def wrong_modules():
    """One line for each case that was judged wrongly."""
    for fault, handed_over, modules in module_cases():
        try:
            named = "" if modules_behind(handed_over, bases.zstd()) == modules else "not the modules"
        except Fault as found:
            named = str(found)
        if bool(named) != bool(fault):
            yield f"{fault or 'a right image with modules'}: {named or 'not noticed'}"


def main():
    """One line for each wrong image that passed, and for each right one that did not."""
    wrong = 0
    for fault, handed_over, base in cases():
        right, named = faults(handed_over, base)
        if (right and not named) != (fault == ""):
            wrong += 1
            print(f"selftest: {fault or 'a right image'}: " + ("; ".join(named) or "not noticed"))
    for line in wrong_modules():
        wrong += 1
        print(f"selftest: {line}")
    print("install selftest: " + (f"{wrong} wrong" if wrong else "every fault was named"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
