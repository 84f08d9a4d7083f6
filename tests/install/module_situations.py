"""The table of situations with out-of-tree modules: rules, a tree that may still lack one, and what is made of it.

The modules are those of make-example-modules below KIP_ROOT: zfs needs spl, both out-of-tree. Its snippets and rules are
taken away, so that a row's `conf` alone decides. Every row is added, added again (with `missing` modules now there, if
it has some) and removed: module_judge.py.
"""

import functools
from dataclasses import dataclass, replace

import bases
import machine
import newc
from outcome import NEW, REPLACED, Outcome, boots
from scene import Link, Setup

INCLUDE, REQUIRE = "[Modules]\nInclude=zfs\n", "[Modules]\nRequire=zfs\n"
BOTH = ("spl.ko", "zfs.ko")
PACKED = Outcome(staging=(("initrd", REPLACED),), boots=boots(modules=BOTH))
APART = Outcome(staging=(("initrd.zz-kip-modules", NEW),), boots=boots(modules=BOTH))
FAILED = Outcome(exit=1, says="error")


@dataclass(frozen=True)
class ModuleSituation:
    """`expect` is of the first add; `then` of the second, once the missing modules are there. `record`: whether the
    first one leaves a record in /var/lib/kip/pending."""

    name: str
    machine: machine.Machine
    layout: str
    setup: Setup
    expect: Outcome
    then: Outcome | None = None
    record: bool = False
    follows: None = None
    only_in_guests: bool = False
    judged: str = ""


@functools.cache
def base():
    """A merged system's initrd without a module; of odd size."""
    return bases.zstd_of({"usr": None, "usr/lib": None, "lib": newc.Link("usr/lib")})


def _rows(name, setup, expect, machines=None, layouts=("bls",), **more):
    for version, where in machine.MACHINES.items():
        if machines and version not in machines:
            continue
        for layout in ("bls",) if where.old else layouts:
            full = f"modules-{name}@{version}" + (f"-{layout}" if layout != "bls" else "")
            yield ModuleSituation(full, where, layout, setup, expect, **more)


def _main(conf, **more):
    return Setup(staged={"initrd": base()}, conf=conf, modules=True, cpus=None, **more)


def table():
    """All rows; those of the host first."""
    rows = [*_rows("selected", _main(INCLUDE), PACKED, layouts=("bls", "uki", "other"))]
    rows += _rows("omitted", _main("[Modules]\nOmit=zfs\n"), Outcome(), machines=("252", "257"))
    rows += _rows("no-rule", _main(""), Outcome(), machines=("252", "257"))
    micro = replace(_main(INCLUDE), cpus=("skylake",))
    rows += _rows("with-microcode", micro, replace(PACKED, boots=boots(intel=["skylake"], modules=BOTH)),
                  machines=("252", "257"))
    rows += _rows("not-there-yet", _main(INCLUDE, missing=("zfs",)), Outcome(), then=PACKED, machines=("252", "257"))
    rows += _rows("required", _main(REQUIRE, missing=("zfs",)), FAILED, then=PACKED, record=True, layouts=("bls", "uki"))
    rows += _rows("required-for-a-dependency", _main(REQUIRE, missing=("spl",)), FAILED, then=PACKED, record=True,
                  machines=("252",))
    rows += _rows("required-or-warn", _main(REQUIRE + "OnRequire=warn\n", missing=("zfs",)), Outcome(says="warning"),
                  then=PACKED, record=True, machines=("252", "257"))
    rows += _rows("required-and-there", _main(REQUIRE), PACKED, machines=("252", "257"))

    late = Setup(staged={"initrd.img-late": Link(base())}, late=True, modules=True, cpus=None, conf=REQUIRE)
    late_packed = replace(PACKED, staging=(("initrd.img-late", REPLACED),))
    rows += _rows("late", late, late_packed, machines=("252",))
    rows += _rows("late-required", replace(late, missing=("zfs",)), FAILED, then=late_packed, record=True,
                  machines=("252",))
    rows += _rows("no-initrd", replace(_main(REQUIRE), staged={}), Outcome(says="warning"), machines=("252", "257"))

    given = Setup(arguments={"given.img": base()}, conf=INCLUDE, modules=True, cpus=None)
    rows += _rows("argument", given, APART, layouts=("bls", "uki"), machines=("252", "257"))
    rows += _rows("argument-required", replace(given, conf=REQUIRE, missing=("zfs",)), FAILED, then=APART, record=True,
                  machines=("252", "257"))
    return rows
