#!/usr/bin/env python3
"""What the plugins leave behind when the disk fails or somebody kills them, at every system call where that could matter.

A plugin runs once under strace, and its calls are counted. Then it runs again and again: each call that writes, makes or
names something fails once (ENOSPC, EROFS, EIO), or is the last one it makes (SIGKILL). Whatever happens, a staged file is
what it was or whole and new, no other file called initrd* or microcode* appears, what links point to is untouched, and the
plugin ends with 0 (or is dead).

    tests/plugins/faults.py --programs build/release          ENOSPC and SIGKILL at calls that write
    tests/plugins/faults.py --programs build/release --all    all errors, once and from then on; SIGKILL at every call
                                                              behind the output's opening; more situations

KIP_SLOW=1 stands for --all, KIP_PROGRAMS for --programs. Sanitized programs are several times as slow.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from injection import Call, Wrong, calls_of, points_of, sweep_all, under_strace  # noqa: E402

sys.path.append(str(Path(__file__).parents[1] / "boot"))
import newc  # noqa: E402

KERNEL = "6.12.0-example"  # of make-example-modules, whose snippets ask for zfs and spl
MICROCODE, IMAGE, RECORD = "45-kip-microcode", "58-kip-image", "95-kip-record"
TOKEN = "token"
CPUS = "06-55-07 cpu00A00F11"  # of make-example-firmware's tree


@dataclass
class Situation:
    name: str
    plugin: str
    target: str  # what is to be made, below the staging area
    initrds: list = field(default_factory=list)  # arguments
    always: list = field(default_factory=list)  # injections of every run
    modules: bool = False  # instead of microcode; depmod is a process of its own, and left alone
    slow: bool = False  # only with --all


SITUATIONS = [
    Situation("45 stages the early part", MICROCODE, "kip.d/early.cpio"),
    Situation("58 merges with a linked initrd", IMAGE, "initrd"),
    Situation("58 writes microcode files", IMAGE, "microcode-intel", initrds=["given.img"], slow=True),
    Situation("58 adds modules", IMAGE, "initrd", modules=True),
    Situation("95 publishes a manifest", RECORD, f"var/lib/kip/manifests/{TOKEN}@{KERNEL}.json"),
    Situation("58 writes a file of modules", IMAGE, "initrd.zz-kip-modules", initrds=["given.img"], modules=True, slow=True),
]


RECORDED = 1_000_000_000  # when the image was installed
DRAFTS = ("kip.d/microcode.json", "kip.d/manifest.json")


def is_json(path: Path) -> bool:
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except ValueError:
        return False


class Area:
    """A staging area with all that stands around it, made anew for every run."""

    def __init__(self, place: Path, tree: Path, base: bytes, early: bytes | None, situation: Situation):
        self.place, self.tree, self.base, self.situation = place, tree, base, situation
        shutil.rmtree(place, ignore_errors=True)
        self.staging = place / "staging"
        place.mkdir(parents=True)
        if situation.modules:
            (place / "root").symlink_to(tree)
        else:
            (place / "root").mkdir()
        self.staging.mkdir(mode=0o700)
        if not situation.initrds:
            (place / "initrd.img").write_bytes(base)
            (self.staging / "initrd").symlink_to(place / "initrd.img")
        for name in situation.initrds:
            (place / name).write_bytes(base)
        if early is not None:
            (self.staging / "kip.d").mkdir(mode=0o700)
            (self.staging / "kip.d/early.cpio").write_bytes(early)

    def publish(self, image: bytes, draft: bytes) -> None:
        """What 95 finds: the entry, the draft, and the record of the image before."""
        (self.staging / "kip.d").mkdir(mode=0o700)
        (self.staging / "kip.d/manifest.json").write_bytes(draft)
        (self.place / "entry").mkdir()
        (self.place / "entry/initrd").write_bytes(image)
        os.utime(self.place / "entry/initrd", (RECORDED, RECORDED))
        record = self.place / "root" / self.situation.target
        record.parent.mkdir(parents=True)
        record.write_text('{"schema": 1}')
        record.chmod(0o644)

    def run(self, program: Path, injections: list, trace: Path | None = None) -> subprocess.CompletedProcess:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("KERNEL_INSTALL", "KIP_"))}
        environment |= {
            "KERNEL_INSTALL_STAGING_AREA": str(self.staging), "KERNEL_INSTALL_LAYOUT": "bls",
            "KERNEL_INSTALL_IMAGE_TYPE": "pe", "KERNEL_INSTALL_CONF_ROOT": str(self.place),
            "KERNEL_INSTALL_ENTRY_TOKEN": TOKEN,
            "KIP_ROOT": str(self.place / "root"), "KIP_CPU": CPUS, "KIP_FIRMWARE": str(self.tree),
            "ASAN_OPTIONS": "detect_leaks=0",  # which does not work under ptrace
        }  # fmt: skip
        words = [str(program), "add", KERNEL, str(self.place / "entry"), str(self.place / "vmlinuz")]
        words += [str(self.place / name) for name in self.situation.initrds]
        words = under_strace(self.situation.always + injections, trace, words, children=not self.situation.modules)
        return subprocess.run(words, env=environment, capture_output=True, timeout=120)

    def files(self) -> dict:
        found = {}
        places = [self.staging] + ([] if self.situation.modules else [self.place / "root"])
        for place, path in [(place, path) for place in places for path in sorted(place.rglob("*"))]:
            name = str(path.relative_to(place))
            if path.is_symlink():
                found[name] = ("link", os.readlink(path))
            elif path.is_dir():
                found[name] = ("directory", path.stat().st_mode & 0o7777)
            elif name in DRAFTS:  # which tell what came of it, and are never half of one
                found[name] = ("draft", path.stat().st_mode & 0o7777, is_json(path))
            else:
                found[name] = (path.stat().st_mode & 0o7777, path.read_bytes())
        # A place to work in, of which a dead plugin leaves something; a note of what was done, which depends on that.
        return {name: it for name, it in found.items() if not name.startswith(("kip.d/work", "kip.d/left"))}


class Sweep:
    def __init__(self, programs: Path, place: Path, thorough: bool):
        self.programs, self.place, self.thorough = programs, place, thorough
        self.tree, self.trace = place / "tree", place / "trace"
        subprocess.run([programs / "make-example-firmware", self.tree], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([programs / "make-example-modules", place / "machine"], check=True, stdout=subprocess.DEVNULL)
        (place / "machine/etc/kip/kip.conf.d/50-laptop.conf").unlink()
        self.noise = bytes(range(1, 251)) * 2400  # nothing that looks like an archive; two pieces and a bit
        self.archive = newc.write({"usr": None, "usr/lib": None, "lib": newc.Link("usr/lib"), "init": self.noise})
        self.done, self.faults = Counter(), []

    def area(self, situation: Situation) -> Area:
        early = self.early if situation.plugin == IMAGE and not situation.modules else None
        self.base = self.archive if situation.modules else self.noise
        tree = self.place / "machine" if situation.modules else self.tree
        area = Area(self.place / "area", tree, self.base, early, situation)
        if situation.plugin == RECORD:
            area.publish(*self.drafted)
        return area

    def baseline(self, situation: Situation) -> list[Call]:
        area = self.area(situation)
        self.before = area.files()
        done = area.run(self.programs / situation.plugin, [], self.trace)
        self.after = area.files()
        if done.returncode or done.stderr or situation.target not in self.after:
            raise Wrong(f"without any fault: {done.returncode} {done.stderr.decode()}")
        if situation.plugin == MICROCODE:
            self.early = self.after[situation.target][1]
        elif situation.plugin == IMAGE and not (situation.modules or situation.initrds):
            self.drafted = [(area.staging / name).read_bytes() for name in ("initrd", "kip.d/manifest.json")]
        return calls_of(self.trace)

    def judge(self, area: Area, done: subprocess.CompletedProcess, killed: bool, mute: bool = False) -> None:
        # strace dies by the signal that its child died by.
        if done.returncode not in ((0, -signal.SIGKILL, 128 + signal.SIGKILL) if killed else (0,)):
            raise Wrong(f"it ends with {done.returncode}: {done.stderr.decode()}")
        if done.stdout:
            raise Wrong("something on standard output")
        found = area.files()
        for name in found.keys() | self.before.keys():
            now, was, new = found.get(name), self.before.get(name), self.after.get(name)
            hidden = Path(name).name.startswith(".kip-")
            # That of the image before goes where the new one cannot be written, and somebody says so.
            gone = area.situation.plugin == RECORD and name == area.situation.target and now is None and done.stderr
            if now not in (was, new) and not (killed and hidden) and not gone:
                raise Wrong(f"'{name}' is neither as before nor whole and new")
        if not area.situation.initrds and (area.place / "initrd.img").read_bytes() != self.base:
            raise Wrong("what the staged link points to was changed")
        target = area.situation.target
        if not killed and not mute and not done.stderr and found.get(target) != self.after[target]:
            raise Wrong("the work is not done, and nothing is said")

    def inject(self, situation: Situation, call: Call, what: str) -> None:
        area = self.area(situation)
        when = f"{call.ordinal}+" if what.startswith("error=") and what.endswith("+") else str(call.ordinal)
        killed = what.startswith("signal=")
        mute = call.name == "write" and what.endswith("+")  # no message gets out, either
        self.done[what] += 1
        try:
            done = area.run(self.programs / situation.plugin, [f"{call.name}:{what.rstrip('+')}:when={when}"])
            self.judge(area, done, killed, mute)
            if killed and self.thorough:  # and the next one finds its way
                again = area.run(self.programs / situation.plugin, [])
                self.judge(area, again, True)
                if area.files().get(situation.target) != self.after[situation.target]:
                    raise Wrong("a second run does not mend it")
        except Wrong as wrong:
            self.faults.append(f"{situation.name}: {what} at {call.text[:100]} (number {call.ordinal}): {wrong}")

    def run(self, situation: Situation) -> None:
        changing, behind = points_of(self.baseline(situation))
        if len(changing) < 10 or not behind:
            raise Wrong(f"{situation.name}: {len(changing)} calls that change anything: that cannot be all")
        always = {injection.split(":")[0] for injection in situation.always}  # strace takes one fault a call
        errors = ["error=ENOSPC", "error=EROFS", "error=EIO", "error=ENOSPC+", "error=EROFS+"] if self.thorough else ["error=ENOSPC"]
        for call in changing:
            for what in errors:
                if call.name not in always:
                    self.inject(situation, call, what)
        for call in behind if self.thorough else changing:
            if call.name not in always:
                self.inject(situation, call, "signal=KILL")


if __name__ == "__main__":
    sys.exit(sweep_all(__doc__, SITUATIONS, Sweep))
