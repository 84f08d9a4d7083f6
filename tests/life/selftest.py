#!/usr/bin/env python3
"""Shows the judges of lives what a wrong kip could make and say: none of it must pass for right.

    tests/life/selftest.py

Needs no program of ours and no namespace. Exit 0 if every fault was named, else 1.
"""

import json
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
for _room in ("install", "boot", "support"):
    sys.path.append(str(Path(__file__).resolve().parent.parent / _room))

import elf_module
import kills
import newc
import reports
import same
import walk
from fault import Fault
from goods import OTHER, RUNNING
from reports import Entry
from step import CURRENT, Step, stale
from system import TOKEN, Done

_EARLY, _BASE = bytes(range(256)) * 6, b"base" * 99


class FakeMachine:
    """Files and records as two kernels leave them, and a `kip` that says what it is told to."""

    esp = "boot"
    holder = 0

    def __init__(self, at, words="rule at line 2", early=_EARLY):
        self.at, self.says = Path(at), {}
        overlay = newc.write({"kip/modules": words.encode(), "usr/lib/a.ko": b"module"})
        for kernel in (OTHER, RUNNING):
            place = self.path(f"boot/{TOKEN}/{kernel}")
            place.mkdir(parents=True)
            (place / "initrd").write_bytes(early + _BASE + overlay)
            record = self.path(f"var/lib/kip/manifests/{TOKEN}@{kernel}.json")
            record.parent.mkdir(parents=True, exist_ok=True)
            parts, offset = [], 0
            for kind, data in (("early", early), ("base", _BASE), ("overlay", overlay)):
                parts.append({"kind": kind, "offset": offset, "size": len(data)})
                offset += len(data)
            file = {"path": f"/boot/{TOKEN}/{kernel}/initrd", "mtime": hash(self.at), "parts": parts}
            record.write_text(json.dumps({"files": [file], "inputs": {"settings": {"holds": []}}}))

    def path(self, name):
        return self.at / name

    def initrd(self, kernel):
        return f"boot/{TOKEN}/{kernel}/initrd"

    def manifests(self):
        return {path.name: json.loads(path.read_text()) for path in self.path("var/lib/kip/manifests").glob("*")}

    def run(self, *words):
        text = "--json" not in words
        report = self.says.get(words[1], {})
        if text:
            headlines = "".join(f"{it['kernel']}: {it.get('state', it.get('outcome'))}\n" for it in report["entries"])
            return Done(report["exit"], report.get("text", headlines), "")
        return Done(report["exit"], json.dumps({key: it for key, it in report.items() if key not in ("exit", "text")}), "")


def _named(judge, *arguments):
    """What a judge finds; "" if nothing."""
    try:
        judge(*arguments)
    except (Fault, ValueError, KeyError) as fault:
        return str(fault) or "a fault"
    return ""


def status_cases():
    """(what is wrong, expected, found)."""
    changed = ("module top: 1 -> 2",)
    found = {OTHER: Entry(OTHER, "stale", changed), RUNNING: Entry(RUNNING, "current")}
    right = {OTHER: stale("module top: 1 -> "), RUNNING: CURRENT}
    yield "", right, found
    yield "a false stale", {OTHER: CURRENT, RUNNING: CURRENT}, found
    yield "a false current", {OTHER: right[OTHER], RUNNING: right[OTHER]}, found
    yield "another change", {OTHER: stale("module other: "), RUNNING: CURRENT}, found
    yield "one change too many", {OTHER: stale(), RUNNING: CURRENT}, found
    yield "one change too few", {OTHER: stale("module top: ", "microcode "), RUNNING: CURRENT}, found
    yield "a kernel that is not told of", right | {"1.2.3": CURRENT}, found
    yield "a kernel too many", {OTHER: right[OTHER]}, found


def _entries(state="current", **more):
    return [{"kernel": OTHER, "state": state, "files": [], "pending": [], "changes": []} | more]


def report_cases():
    """(what is wrong, what `kip status` prints)."""
    right = {"schema": 1, "report": "status", "entries": _entries(), "exit": 0}
    yield "", right
    yield "another report", right | {"report": "refresh"}
    yield "another schema", right | {"schema": 2}
    yield "a text that tells otherwise", right | {"text": f"{OTHER}: stale\n"}
    yield "a kernel twice", right | {"entries": _entries() * 2}


def _flip(machine, offset):
    """One bit of an image."""
    path = machine.path(machine.initrd(OTHER))
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(bytes(data))


def image_cases(scratch):
    """(what is wrong, lived, new, kernels whose rules may be said otherwise)."""
    number = iter(range(99))

    def make(**more):
        return FakeMachine(scratch / str(next(number)), **more)

    def changed(act, **more):
        machine = make(**more)
        act(machine)
        return machine

    yield "", make(), make(), ()
    yield "", make(words="rule at line 7"), make(), (OTHER, RUNNING)
    yield "other words, where none should be", make(words="rule at line 7"), make(), ()
    yield "other words of another kernel", make(words="rule at line 7"), make(), (OTHER,)
    for place in (0, len(_EARLY), len(_EARLY) + len(_BASE) + 150):
        yield f"a flipped bit at {place}", changed(lambda it, place=place: _flip(it, place)), make(), ()
    beside = changed(lambda it: _flip(it, 9), words="x")
    yield "a flipped bit of the early part, beside words", beside, make(), (OTHER, RUNNING)
    yield "an image that is not there", changed(lambda it: it.path(it.initrd(OTHER)).unlink()), make(), ()
    yield "a file too many", changed(lambda it: it.path(f"boot/{TOKEN}/left").write_text("x")), make(), ()
    yield "another mode", changed(lambda it: it.path(it.initrd(OTHER)).chmod(0o600)), make(), ()


def _wreck(scratch, change, running="current", other="current"):
    """What kills.Bench finds in a wreck: `change` is done to a machine that is as before the refresh."""
    machine, new = FakeMachine(scratch / "old"), FakeMachine(scratch / "new", early=b"new!" * 384)
    bench = kills.Bench.__new__(kills.Bench)
    bench.system, bench.old, bench.new = machine, kills.booting(machine), kills.booting(new)
    change(machine, new)
    states = ((OTHER, other), (RUNNING, running))
    entries = [it for kernel, state in states for it in _entries(state, kernel=kernel)]
    machine.says["status"] = {"schema": 1, "report": "status", "exit": 0, "entries": entries}
    return _named(bench._judge_wreck)


def _done(*kernels):
    def change(machine, new):
        for kernel in kernels:
            machine.path(machine.initrd(kernel)).write_bytes(new.path(new.initrd(kernel)).read_bytes())

    return change


def _half(machine, _new):
    path = machine.path(machine.initrd(OTHER))
    path.write_bytes(path.read_bytes()[:500])


def _half_manifest(machine, _new):
    machine.path(f"var/lib/kip/manifests/{TOKEN}@{OTHER}.json").write_text('{"a')


def wreck_cases():
    """(what is wrong, what happened, states that status tells)."""
    yield "", lambda *_: None, {"other": "stale", "running": "stale"}
    yield "", _done(OTHER), {"running": "stale"}
    yield "", _done(OTHER, RUNNING), {}
    yield "", _half, {"other": "foreign", "running": "stale"}
    yield "half an image that passes for one", _half, {"other": "stale", "running": "stale"}
    yield "an old image that passes for current", lambda *_: None, {"running": "stale"}
    yield "the running kernel first", _done(RUNNING), {"other": "stale"}
    yield "half a manifest", _half_manifest, {"other": "stale", "running": "stale"}


def _untouched(path, done):
    """What Walk makes of a file that refresh wrote for a kernel of which it says what was done."""
    judge = walk.Walk(None, None)
    judge.kernels = {OTHER, RUNNING}
    step = Step("", None, does={OTHER: done})
    return _named(judge._judge_untouched, step, {path: (1,)}, {path: (2,)})


def findings(scratch):
    """(what is wrong, what was named) of all cases."""
    for fault, expected, found in status_cases():
        yield fault, _named(walk.judge_status, expected, found)
    for number, (fault, report) in enumerate(report_cases()):
        machine = FakeMachine(scratch / f"report-{number}")
        machine.says["status"] = report
        yield fault, _named(reports.status, machine)
    for fault, lived, new, reworded in image_cases(scratch):
        yield fault, _named(same.judge_images, lived, new, None, reworded)
    lived, new = FakeMachine(scratch / "lived"), FakeMachine(scratch / "another")
    yield "", _named(same.judge_manifests, lived, new, [OTHER])
    record = new.path(f"var/lib/kip/manifests/{TOKEN}@{OTHER}.json")
    record.write_text(record.read_text().replace('"holds": []', '"holds": ["x"]'))
    yield "another setting in a manifest", _named(same.judge_manifests, lived, new, [OTHER])
    for number, (fault, change, states) in enumerate(wreck_cases()):
        yield fault, _wreck(scratch / f"wreck-{number}", change, **states)
    yield "", _untouched(f"{TOKEN}/{OTHER}/initrd", "swapped")
    yield "a swap that writes the kernel", _untouched(f"{TOKEN}/{OTHER}/linux", "swapped")
    yield "a swap that writes the entry", _untouched(f"loader/entries/{TOKEN}-{OTHER}.conf", "swapped")
    yield "an image of a current entry written", _untouched(f"{TOKEN}/{RUNNING}/initrd", "rebuilt")
    yield "", "" if walk.in_order([RUNNING, OTHER]) == [OTHER, RUNNING] else "the running kernel is not the last"
    data = elf_module.write("top", "1.2.3", ("helper",), version="1")
    yield "", "" if data.startswith(b"\x7fELF") and b"vermagic=1.2.3 " in data else "no module"


def main():
    """One line for each case that was judged wrongly."""
    wrong = count = 0
    with tempfile.TemporaryDirectory(prefix="kip-life-") as scratch:
        for fault, named in findings(Path(scratch)):
            count += 1
            if bool(named) != bool(fault):
                wrong += 1
                print(f"selftest: {fault or 'what is right'}: {named or 'not noticed'}")
    print("life selftest: " + (f"{wrong} of {count} wrong" if wrong else f"every fault was named ({count} cases)"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
