"""The table of situations: what is on the machine, and what kernel-install with our plugins must make of it.

Every situation whose add succeeds is added twice (same bytes, whatever time and umask) and removed (the boot
partition is as before); inputs must stay as they are, staged files of ours be regular and 0600, what we do not
replace survive byte for byte, and no microcode be twice in a kernel's reach: judge.py. So the table tells only
what differs.
"""

from dataclasses import dataclass, replace

import bases
import machine
from outcome import MADE_ANEW, NEW, REPLACED, Outcome, boots
from scene import EARLY_STEP, IMAGE_STEP, KVER, LATE_STEP, UKI, Link, Setup

UNTOUCHED = Outcome()
MERGED = Outcome(staging=(("initrd", REPLACED),), boots=boots(intel=["skylake"]))
APART = Outcome(staging=(("microcode-intel", NEW),), boots=boots(intel=["skylake"]))
FAILED = Outcome(exit=1, says="error")
TOLD = "[Microcode]\nCpu=0x50654,0x1\nFirmware=FIRMWARE\n"
BOTH = {"cpus": ("skylake", "milan"), "firmware": ("skylake-old", "skylake", "milan")}


@dataclass(frozen=True)
class Situation:
    """One row on one machine in one layout."""

    name: str
    machine: machine.Machine
    layout: str
    setup: Setup
    expect: Outcome
    follows: Setup | None = None  # run before: what it made is the staged initrd of this one
    original: bytes = b""  # the base of `follows`
    judged: str = ""  # the staged file to judge, where not what boots
    boots_by_initrd: bool = True  # False: the image is in a UKI that nobody here has made
    only_remove: bool = False
    only_in_guests: bool = False  # the plugins look at the machine itself
    silent_45: bool = False  # not even the early part may be there


def _rows(name, setup, expect=None, old=None, new=None, old_layouts=("bls",), layouts=("bls",), **more):
    """The row on every machine that it says something for: `old` for 252, `new` for the others, or the same."""
    rows = []
    for version, where in machine.MACHINES.items():
        wanted = (old if where.old else new) or expect
        for layout in (old_layouts if where.old else layouts) if wanted else ():
            full = f"{name}@{version}" + (f"-{layout}" if layout != "bls" else "")
            rows.append(Situation(full, where, layout, setup, wanted, **more))
    return rows


def _main(initrd, **more):
    """A generator that stages one file under the usual name."""
    return Setup(staged={"initrd": initrd}, **more)


def _says(outcome, kind):
    return replace(outcome, says=kind)


def _boots(outcome, **vendors):
    return replace(outcome, boots=boots(**vendors))


def _bases():
    """Shapes of the base: what is kept of it, what is replaced, and when it is left alone."""
    every, both_layouts = ("bls", "uki", "other"), ("bls", "uki")
    yield _rows("zstd", _main(bases.zstd(), pause=1.1), MERGED, old_layouts=("bls", "other"), layouts=every)
    yield _rows("raw", _main(bases.raw()), MERGED)
    yield _rows("lz4", _main(bases.lz4()), MERGED)
    yield _rows("modules", _main(bases.with_modules()), MERGED)
    yield _rows("stale", _main(bases.with_early("skylake-old")), MERGED, layouts=both_layouts)
    yield _rows("stale-second", _main(bases.modules_then_early("skylake-old")), MERGED)
    yield _rows("behind", _main(bases.early_behind("skylake-old")), MERGED)
    yield _rows("tables", _main(bases.with_tables("skylake-old")), MERGED)
    yield _rows("tables-alone", _main(bases.with_tables()), MERGED)

    as_is = _boots(UNTOUCHED, intel=["skylake"])
    yield _rows("current", _main(bases.with_early("skylake")), as_is, layouts=both_layouts)
    yield _rows("current-second", _main(bases.modules_then_early("skylake")), as_is)
    yield _rows("current-among-others", _main(bases.with_early("cascade", "skylake")),
                _boots(UNTOUCHED, intel=["cascade", "skylake"]))
    yield _rows("newer", _main(bases.with_early("skylake-newer")), _boots(UNTOUCHED, intel=["skylake-newer"]))

    union = _boots(MERGED, intel=["skylake", "cascade"])
    yield _rows("others-only", _main(bases.with_early("cascade")), union, layouts=both_layouts)
    yield _rows("others-and-stale", _main(bases.with_early("skylake-old", "cascade")), union)
    strip = "[Microcode]\nConflict=strip\n"
    yield _rows("strip", _main(bases.with_early("skylake-old", "cascade"), conf=strip), MERGED)
    yield _rows("other-vendor", _main(bases.with_early("milan")), _boots(MERGED, intel=["skylake"], amd=["milan"]))

    amd = {"cpus": ("milan",), "firmware": ("milan",)}
    yield _rows("amd", _main(bases.zstd(), **amd), _boots(MERGED, amd=["milan"]))
    yield _rows("amd-stale", _main(bases.with_early("milan-old"), **amd), _boots(MERGED, amd=["milan"]))
    yield _rows("amd-current", _main(bases.with_early("milan"), **amd), _boots(UNTOUCHED, amd=["milan"]))
    both = _boots(MERGED, intel=["skylake"], amd=["milan"])
    yield _rows("both-vendors", _main(bases.zstd(), **BOTH), both)
    yield _rows("half-current", _main(bases.with_early("skylake"), **BOTH), both)
    yield _rows("half-newer", _main(bases.with_early("skylake-newer"), **BOTH),
                _boots(MERGED, intel=["skylake-newer"], amd=["milan"]))


def _repetitions():
    """Our own image comes back as the base, as when a generator keeps what it finds."""
    old = {"firmware": ("skylake-old",)}
    yield _rows("own-stale", Setup(), MERGED, follows=_main(bases.zstd(), **old))
    yield _rows("own-stale-tables", Setup(), MERGED, follows=_main(bases.with_tables(), **old))
    # What the base once served is now in our part alone.
    yield _rows("own-stale-union", Setup(), _boots(MERGED, intel=["skylake", "cascade"]),
                follows=_main(bases.with_early("cascade"), **old))
    yield _rows("own-current", Setup(), replace(MERGED, staging=(("initrd", MADE_ANEW),)),
                follows=_main(bases.with_tables()))


def _places():
    """Where the main initrd is, and how."""
    named = f"initrd.img-{KVER}"
    in_place = Outcome(staging=((named, REPLACED),), boots=MERGED.boots)
    yield _rows("named", Setup(staged={named: bases.zstd()}), in_place)
    yield _rows("named-otherwise", Setup(staged={"initrd-of-mine": bases.zstd()}),
                replace(in_place, staging=(("initrd-of-mine", REPLACED),)))
    yield _rows("link", _main(Link(bases.zstd())), MERGED)
    yield _rows("link-current", _main(Link(bases.with_early("skylake"))), _boots(UNTOUCHED, intel=["skylake"]))
    yield _rows("link-named", Setup(staged={named: Link(bases.with_early("skylake-old"))}), in_place)
    # A hard link cannot reach out of a chroot's own /tmp.
    yield _rows("hard-link", _main(Link(bases.zstd()), hard_links=True), old=MERGED)
    yield _rows("late", Setup(staged={named: Link(bases.zstd())}, late=True), in_place)
    yield _rows("debians-own", Setup(slash_boot=bases.zstd()), new=in_place)
    written = Outcome(staging=(("initrd", NEW),), boots=MERGED.boots)
    yield _rows("entry-directory", Setup(entry_initrd=bases.zstd()), written)
    yield _rows("entry-directory-stale", Setup(entry_initrd=bases.with_early("skylake-old")), written)
    yield _rows("entry-directory-current", Setup(entry_initrd=bases.with_early("skylake")),
                _boots(UNTOUCHED, intel=["skylake"]))
    yield _rows("no-initrd", Setup(), UNTOUCHED)
    # Several, because only the entry that a directory lists last has ever made a difference.
    astray = {f"{letter}-astray": Link(None) for letter in "abcdefgh"}
    yield _rows("astray", Setup(staged={"initrd": bases.zstd()} | astray), MERGED)
    yield _rows("umask-000", _main(bases.zstd(), umask=0o000), MERGED)
    yield _rows("umask-077", _main(bases.with_early("cascade"), umask=0o077),
                _boots(MERGED, intel=["skylake", "cascade"]))


def _companions():
    """Several initrds, and microcode that others have staged."""
    warned, layouts = _says(UNTOUCHED, "warning"), ("bls", "uki")
    two = Setup(staged={"initrd-a": bases.zstd(), "initrd-b": bases.raw()})
    yield _rows("several", two, old=warned, new=APART, layouts=layouts)
    main_and = Setup(staged={"initrd": bases.zstd(), "initrd-b": bases.raw()})
    yield _rows("several-with-main", main_and, old=warned, new=APART)
    given = Setup(arguments={"given.img": bases.zstd()})
    yield _rows("argument", given, old=warned, new=APART, layouts=layouts)
    yield _rows("arguments", Setup(arguments={"given.img": bases.zstd(), "more.img": bases.raw()}),
                old=warned, new=APART)
    yield _rows("argument-both-vendors", replace(given, **BOTH), old=warned, new=Outcome(
        staging=(("microcode-amd", NEW), ("microcode-intel", NEW)), boots=boots(intel=["skylake"], amd=["milan"])))
    yield _rows("argument-and-staged", replace(given, staged={"initrd": bases.raw()}), old=warned, new=APART)

    theirs = {"initrd": bases.zstd(), "microcode-intel": bases.early("skylake-old", "cascade")}
    replaced = Outcome(staging=(("microcode-intel", REPLACED),), boots=boots(intel=["skylake", "cascade"]))
    yield _rows("theirs", Setup(staged=theirs), old=MERGED, new=replaced, layouts=layouts)
    foo = Setup(staged={"initrd": bases.zstd(), "microcode-foo": bases.early("skylake-old")})
    yield _rows("theirs-named-otherwise", foo, old=MERGED, new=_says(MERGED, "warning"), judged="initrd")


def _refusals():
    """Nothing to add, or not to be touched."""
    none = _says(UNTOUCHED, "warning")
    yield _rows("no-firmware", _main(bases.zstd(), firmware=()), none)
    yield _rows("no-match", _main(bases.zstd(), firmware=("cascade", "milan")), none, layouts=("bls", "uki"))
    yield _rows("no-match-stale", _main(bases.with_early("skylake-old"), firmware=("cascade",)),
                _boots(none, intel=["skylake-old"]))
    yield _rows("half-match", _main(bases.zstd(), cpus=("skylake", "milan")), _says(MERGED, "warning"))
    yield _rows("none-fails", _main(bases.zstd(), firmware=("cascade",), conf="[Microcode]\nOnNone=fail\n"), FAILED)
    stale = bases.with_early("skylake-old")
    old_one = _boots(UNTOUCHED, intel=["skylake-old"])
    yield _rows("not-told", _main(stale, cpus=None), old_one, only_in_guests=True, silent_45=True)
    yield _rows("told-by-file", _main(stale, cpus=None, conf=TOLD), MERGED)
    yield _rows("not-enabled", _main(stale, conf="[Image]\nEnabled=no\n"), old_one)
    # A misspelt hold is no permission.
    yield _rows("broken-settings", _main(stale, conf="[Microcode]\nHold=nonsense\n"), _says(old_one, "error"))
    yield _rows("masked-45", _main(stale, masks=(EARLY_STEP,)), old_one)
    yield _rows("masked-58", _main(stale, masks=(IMAGE_STEP,)), MERGED)
    yield _rows("masked-image", _main(stale, masks=(IMAGE_STEP, LATE_STEP)), old_one)
    uki = Setup(staged={"initrd": stale, "uki.efi": UKI})
    yield _rows("uki-staged", uki, _says(old_one, "note"))
    yield _rows("uki-installed", _main(stale, kernel=UKI), new=_says(UNTOUCHED, "note"), layouts=("uki",),
                boots_by_initrd=False)
    yield _rows("remove-unknown", Setup(), UNTOUCHED, only_remove=True)


# Shapes of the base are nothing to kernel-install: its newest release sees three of them.
_SHAPES_AT_LAST = ("zstd", "stale", "current")


def table():
    """All rows; those of the host first."""
    rows = [row for several in _bases() for row in several]
    rows = [row for row in rows if row.machine is not machine.FORKY or row.name.split("@")[0] in _SHAPES_AT_LAST]
    groups = (_repetitions, _places, _companions, _refusals)
    rows += [row for group in groups for several in group() for row in several]
    return sorted(rows, key=lambda row: row.machine.version)
