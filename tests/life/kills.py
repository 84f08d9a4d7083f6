"""`kip refresh` that is killed, or whose disk is full: what is left is whole or known to be broken, the next completes it.

A machine with two stale kernels is put back and refreshed again and again, and every time something else goes wrong:
kip alone is killed, and what it started goes on; everything is killed at once, at the same system call of the same
tree of processes; a call of kip's that writes or names something fails.
"""

import contextlib
import ctypes
import os
import random
import shutil
from collections import Counter

import goods
import reports
import scenes
import snapshot
from fault import Fault, require
from goods import OTHER, RUNNING
from injection import calls_of, can_trace, points_of, under_strace
from pathlib import Path
from same import BOOTING
from system import TOKEN

NAMING = ("rename", "renameat", "renameat2", "linkat", "link")
_KEPT = ("boot", "var/lib/kip", "etc")
_REFRESH = ("kip", "refresh")
_SET_CHILD_SUBREAPER = 36  # prctl(2)


def booting(system):
    """What boots: {path: (mode, digest)}."""
    found = snapshot.contents(snapshot.of(system.path("boot")))
    return {path: it for path, it in found.items() if path.split("/")[0] in BOOTING}


def _become_reaper():
    """Whoever loses his parent becomes a child of this process."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _await_orphans(keep=()):
    """Until those are gone that went on, or were killed."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    while orphans := set(map(int, children.read_text().split())) - set(keep):
        os.waitpid(orphans.pop(), 0)


class Bench:
    """A machine with two stale kernels, `old` and `new` of what boots, and a copy of all that a refresh changes."""

    def __init__(self, system, scratch):
        self.system, self.saved, self.done = system, Path(scratch) / "saved", Counter()
        for name in _KEPT:
            shutil.copytree(system.path(name), self.saved / name, symlinks=True)
        self.old = booting(system)
        shutil.copy2(Path(__file__).with_name("reaper.py"), system.path("usr/local/bin"))
        done = system.run(*_REFRESH)
        require(done.exit == 0, f"refresh without a fault: {done}")
        scenes.expect_current(system)
        self.new = booting(system)
        require(self.old != self.new, "refresh without a fault changed nothing")

    def restore(self):
        """As before the refresh, times and all; the directories themselves are mounts."""
        for name in _KEPT:
            place = self.system.path(name)
            place.mkdir(exist_ok=True)
            for path in place.iterdir():
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            shutil.copytree(self.saved / name, place, symlinks=True, dirs_exist_ok=True)

    def _image(self, files, kernel):
        return files.get(f"{TOKEN}/{kernel}/initrd")

    def _judge_wreck(self):
        """What is left."""
        self.system.manifests()  # each is JSON as a whole
        files, (states, _, _) = booting(self.system), reports.status(self.system)
        for kernel, entry in states.items():
            image = self._image(files, kernel)
            whole = image in (self._image(self.old, kernel), self._image(self.new, kernel))
            require(whole or entry.state in ("foreign", "missing"), f"{kernel}: half an image, and status says {entry}")
            done = image == self._image(self.new, kernel)
            require(done or entry.state != "current", f"{kernel}: status says that it is current")
        touched = [path for path in snapshot.differences(self.old, files) if RUNNING in path]
        other = self._image(files, OTHER) == self._image(self.new, OTHER) and states[OTHER].state == "current"
        require(not touched or other, f"the running kernel's {touched} changed before the other one was done")
        return states

    def _judge_mended(self):
        """The next refresh makes everything as it would have been, and leaves nothing behind."""
        done = self.system.run(*_REFRESH)
        require(done.exit == 0, f"the next refresh: {done}")
        scenes.expect_current(self.system, when=" after the next refresh")
        files = booting(self.system)
        require(files == self.new, f"after the next refresh: {snapshot.differences(files, self.new)} differ")
        hidden = [str(path) for name in ("boot", "var/lib/kip") for path in self.system.path(name).rglob(".*")]
        require(not hidden, f"after the next refresh: left behind is {hidden}")

    def attempt(self, what, words, exits):
        """One refresh by this command, which has to end so."""
        self.restore()
        done = self.system.run(*words)
        _await_orphans(keep=[self.system.holder])
        try:
            require(done.exit in exits, f"ends with {done.exit}: {done}")
            self._judge_wreck()
            self._judge_mended()
        except Fault as fault:
            raise Fault(f"{what}: {fault}", fault.log) from fault
        self.done[what.split(" at ")[0]] += 1

    def kip_calls(self):
        """The system calls of kip alone, in an undisturbed refresh."""
        self.restore()
        trace = self.system.path("root/trace")
        done = self.system.run("strace", "-o", "/root/trace", *_REFRESH)
        require(done.exit == 0, f"under strace: {done}")
        return calls_of(trace)

    def inject(self, call, what, exits):
        """A fault at one call of kip's own."""
        injection = f"{call.name}:{what}:when={call.ordinal}"
        command = under_strace([injection], None, list(_REFRESH), children=False)
        self.attempt(f"{what} at {call.text[:70]} (number {call.ordinal})", command, exits)

    def count(self, kind):
        """Calls, or boundaries of renames, of everything that runs."""
        self.restore()
        done = self.system.run("reaper.py", kind, 0, *_REFRESH)
        require(done.exit == 0, f"traced: {done}")
        return int(done.err.splitlines()[-1])

    def reap(self, kind, number):
        """All are killed at once."""
        self.attempt(f"all killed, {kind} at {number}", ["reaper.py", kind, number, *_REFRESH], (137, 0))

    def __str__(self):
        return ", ".join(f"{count} {what}" for what, count in sorted(self.done.items()))


@contextlib.contextmanager
def bench(programs, scratch, change):
    """With the change made."""
    require(can_trace(), "needs strace, and leave to trace")
    _become_reaper()
    with scenes.living(scratch, programs) as system:
        change(system)
        yield Bench(system, scratch)


def newer_microcode(system):
    """To be swapped."""
    goods.microcode(system, "skylake")


def newer_module(system):
    """To be rebuilt."""
    for kernel in (OTHER, RUNNING):
        goods.module(system, kernel, version="2")


_KILLED = (-9, 137)
_FAILED = (0, 4)


def _some(chance, points, count):
    return sorted(chance.sample(points, min(count, len(points))), key=points.index)


def swap(programs, scratch, _tell, seed, thorough=False):
    """Microcode alone: kip's own calls."""
    chance = random.Random(seed)
    with bench(programs, scratch, newer_microcode) as it:
        calls = it.kip_calls()
        changing, behind = points_of(calls)
        naming = [call for call in changing if call.name in NAMING]
        count = f"{len(naming)} renames, {len(changing)} calls that change anything"
        require(len(naming) >= 4 and len(changing) >= 20, f"{count}: that cannot be all")
        following = [behind[behind.index(call) + 1] for call in naming]
        kills = changing if thorough else naming + _some(chance, changing, 3)
        for call in kills + following:
            it.inject(call, "signal=KILL", _KILLED)
        for call in changing if thorough else _some(chance, changing, 6):
            for error in ("ENOSPC", "EIO") if thorough else ("ENOSPC",):
                it.inject(call, f"error={error}", _FAILED)
        return str(it)


def rebuild(programs, scratch, _tell, seed, thorough=False):
    """Generator, kernel-install, its plugins and ours."""
    chance = random.Random(seed)
    with bench(programs, scratch, newer_module) as it:
        calls = it.kip_calls()
        for call in _some(chance, calls, 30 if thorough else 3):
            it.inject(call, "signal=KILL", (*_KILLED, 0))
        boundaries, total = it.count("renames"), it.count("calls")
        require(boundaries >= 8 and total > 1000, f"{boundaries} boundaries of renames, {total} calls: cannot be all")
        for number in range(1, boundaries + 1) if thorough else _some(chance, range(1, boundaries + 1), 4):
            it.reap("renames", number)
        for _ in range(60 if thorough else 4):
            it.reap("calls", chance.randrange(1, total))
        return str(it)


def swap_every(programs, scratch, tell, seed):
    """Every call."""
    return swap(programs, scratch, tell, seed, thorough=True)


def rebuild_every(programs, scratch, tell, seed):
    """Every boundary of a rename."""
    return rebuild(programs, scratch, tell, seed, thorough=True)
