"""Two refreshes at once: the second begins when the first, and all that it started, is through, and looks anew.

A barrier forces it: the generator reads a FIFO, so it stands still from the moment at which the test can open the other end
until the test closes that.
"""

import contextlib
import json
import os
import signal

import goods
import scenes
from fault import require
from goods import OTHER, RUNNING
from system import CALLED, TIMEOUT

_FIFO = "etc/made-up.waits"
_WAITS = "waiting until it is done"


@contextlib.contextmanager
def _standing_still(system, *words):
    """A refresh whose first generator stands still, as a process; it goes on behind the block."""
    fifo = system.path(_FIFO)
    os.mkfifo(fifo)
    first = system.start("kip", "refresh", "--json", *words, text=True)
    barrier = os.open(fifo, os.O_WRONLY)  # until the generator has opened it, too
    fifo.unlink()  # the next generator finds none
    try:
        yield first
    finally:
        os.close(barrier)


def _second(system):
    """Another one, which has said that it waits."""
    second = system.start("kip", "refresh", "--json", text=True)
    said = second.stderr.readline()
    require(_WAITS in said, f"the second refresh says {said!r}, not that it waits")
    return second


def _end(process):
    """(exit status, {kernel: outcome}, standard error) of a refresh."""
    out, err = process.communicate(timeout=TIMEOUT)
    report = json.loads(out) if out else {"entries": []}
    return process.returncode, {it["kernel"]: it["outcome"] for it in report["entries"]}, err


def _stale(system):
    for kernel in (OTHER, RUNNING):
        goods.module(system, kernel, version="2")


def two_at_once(programs, scratch, _tell):
    """The one does the work, the other finds nothing left; a kernel that changed meanwhile is not lost."""
    both = dict.fromkeys((OTHER, RUNNING), "rebuilt")
    with scenes.living(scratch, programs) as system:
        _stale(system)
        calls = len(system.lines(CALLED))
        with _standing_still(system) as first:
            second = _second(system)
            goods.module(system, RUNNING, version="3")
            require(second.poll() is None and first.poll() is None, "one of them did not wait")
        found = _end(first), _end(second)
        require(found[0][:2] == (0, both), f"the first: {found[0]}")
        require(found[1][:2] == (0, dict.fromkeys(both, "current")), f"the second: {found[1]}")
        added = system.lines(CALLED)[calls:]
        require(added == [f"add {OTHER}", f"add {RUNNING}"], f"kernel-install was run as {added}")
        scenes.expect_current(system)
        for kernel, version in ((OTHER, "2"), (RUNNING, "3")):
            inside = system.manifests()[scenes.record(kernel)]["inputs"]["modules"]["in_image"]
            made = [it["version"] for it in inside if it["name"] == "top"]
            require(made == [version], f"{kernel} has top {made}, not {version}")
    return "serialised, nothing lost"


def change_in_between(programs, scratch, _tell):
    """Microcode comes while a kernel is being made: whatever the first one says of it, the second sees to it."""
    with scenes.living(scratch, programs) as system:
        _stale(system)
        with _standing_still(system) as first:
            second = _second(system)
            goods.microcode(system, "skylake-newer")
        one, other = _end(first), _end(second)
        require(one[0] in (0, 4), f"the first: {one}")
        require(other[0] == 0, f"the second: {other}")
        scenes.expect_current(system)
    return f"the first ends with {one[0]}, the second completes"


def orphans_are_waited_for(programs, scratch, _tell):
    """kip is killed and kernel-install goes on: the next one waits for that."""
    with scenes.living(scratch, programs) as system:
        _stale(system)
        with _standing_still(system) as first:
            os.kill(first.pid, signal.SIGKILL)  # nsenter and chroot have become it
            second = _second(system)
        first.communicate(timeout=TIMEOUT)
        found = _end(second)
        require(first.returncode == -signal.SIGKILL, f"the first ended with {first.returncode}")
        require(found[:2] == (0, {OTHER: "current", RUNNING: "rebuilt"}), f"the second: {found}")
        scenes.expect_current(system)
    return "it waits for what was started"
