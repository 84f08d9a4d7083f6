"""Whole lives as situations: all steps in order, on a machine of each make."""

from pathlib import Path

import debian
import goods
import machine
import scenes
import steps
import steps_of_debian
import steps_of_kernels
from fault import Fault, require
from walk import Walk


def _take(walk, table, tell):
    """All steps; after one that does not hold the others prove nothing."""
    done = {"swapped": 0, "rebuilt": 0}
    table = list(table)
    for number, step in enumerate(table, 1):
        try:
            evidence = walk.step(step)
        except Fault as fault:
            raise Fault(f"step {number}, {step.name}: {fault}", fault.log) from fault
        tell(f"{number:02} {step.name}: {evidence}")
        for what in done:
            done[what] += sum(it == what for it in step.does.values())
    return f"{len(table)} steps, {done['swapped']} swapped, {done['rebuilt']} rebuilt"


def whole(programs, scratch, tell, **more):
    """Two kernels and a third, on this system."""
    machine.HOST.check()
    old, new = (scenes.blank(Path(scratch) / name, programs, **more) for name in ("lives", "new"))
    goods.furnish(old)
    with old, new:
        return _take(Walk(old, new, plugin=not old.is_debian()), steps.table() + steps_of_kernels.table(), tell)


def with_debians_generator(programs, scratch, tell):
    """The generator runs before kernel-install, and $BOOT is another place than /boot."""
    return whole(programs, scratch, tell, esp="efi", debian=True)


def _of_debian(which, layout, table, programs, scratch, tell):
    which.check()
    old, new = (debian.blank(Path(scratch) / name, programs, which, layout) for name in ("lives", "new"))
    debian.furnish(old)
    with old, new:
        # dracut 112 finds libraries by this cache, which a system that was only unpacked has not got.
        done = old.run("ldconfig")
        require(done.exit == 0, f"ldconfig: {done}")
        return _take(Walk(old, new, sparing=True), table(layout), tell)


def debian_13(programs, scratch, tell):
    """Loader entries by systemd 257."""
    return _of_debian(debian.TRIXIE, "bls", steps_of_debian.table, programs, scratch, tell)


def debian_13_unified(programs, scratch, tell):
    """Unified images by ukify 257."""
    return _of_debian(debian.TRIXIE, "uki", steps_of_debian.table, programs, scratch, tell)


def next_debian(programs, scratch, tell):
    """A short one, by systemd 262."""
    return _of_debian(debian.FORKY, "bls", steps_of_debian.short, programs, scratch, tell)


def next_debian_unified(programs, scratch, tell):
    """Likewise, with unified images."""
    return _of_debian(debian.FORKY, "uki", steps_of_debian.short, programs, scratch, tell)
