#!/usr/bin/env python3
"""What `initrd-pack swap` leaves of an image when the disk fails or somebody kills it, at every system call from the opening
of the output on.

The image is what it was or whole and new, with its mode and owner; nothing stays beside it, but for the hidden file of a
program that was killed; the program ends with 0 if the image is new, and otherwise with 4 and one line.

    tests/initrd-pack/faults.py --programs build/release          ENOSPC and SIGKILL
    tests/initrd-pack/faults.py --programs build/release --all    EROFS and EIO as well, each also from then on; copying by hand

KIP_SLOW=1 stands for --all, KIP_PROGRAMS for --programs. Sanitized programs are several times as slow.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
from injection import NAMING, WRITING, Call, Wrong, calls_of, points_of, sweep_all, under_strace  # noqa: E402

CPUS = ["--cpu", "06-55-07"]  # of make-example-firmware's tree
MODE = 0o640
OWNER = (4, 7) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


@dataclass
class Situation:
    name: str
    arguments: list
    slow: bool = False  # only with --all


SITUATIONS = [
    Situation("swap --early", ["--early", "early"]),
    Situation("swap --drop", ["--drop"], slow=True),
    Situation("swap --cpu", CPUS + ["--firmware", "tree"], slow=True),
]


class Desk:
    """A directory with an image of 2 MiB, made anew for every run."""

    def __init__(self, programs: Path, place: Path):
        self.program, self.place, self.trace = programs / "initrd-pack", place / "desk", place / "trace"
        self.boot = self.place / "boot"
        self.place.mkdir()
        subprocess.run([programs / "make-example-firmware", self.place / "tree"], check=True, stdout=subprocess.DEVNULL)
        pack = [programs / "ucode-pack", "-q", "--firmware", self.place / "tree"]
        subprocess.run(pack + CPUS + ["-o", self.place / "early"], check=True)
        subprocess.run(pack + ["--cpu", "06-8f-08", "-o", self.place / "other"], check=True)
        noise = random.Random(1).randbytes(2 * 1024 * 1024)
        self.old = (self.place / "other").read_bytes() + b"\x28\xb5\x2f\xfd" + noise

    def lay_out(self) -> None:
        shutil.rmtree(self.boot, ignore_errors=True)
        self.boot.mkdir()
        image = self.boot / "image"
        image.write_bytes(self.old)
        os.chown(image, *OWNER)
        image.chmod(MODE)

    def run(self, situation: Situation, injections: list, trace: Path | None = None) -> subprocess.CompletedProcess:
        words = [str(self.program), "swap", "boot/image"] + situation.arguments
        environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}  # which does not work under ptrace
        command = under_strace(injections, trace, words)
        return subprocess.run(command, cwd=self.place, env=environment, capture_output=True, text=True, timeout=120)

    def image(self) -> bytes:
        return (self.boot / "image").read_bytes()


class Sweep:
    def __init__(self, desk: Desk, thorough: bool):
        self.desk, self.thorough = desk, thorough
        self.done, self.faults = Counter(), []

    def baseline(self, situation: Situation) -> list[Call]:
        self.desk.lay_out()
        done = self.desk.run(situation, [], self.desk.trace)
        self.new = self.desk.image()
        if done.returncode or self.new == self.desk.old:
            raise Wrong(f"without any fault: {done.returncode} {done.stderr}")
        return calls_of(self.desk.trace)

    def judge(self, done: subprocess.CompletedProcess, killed: bool, mute: bool) -> None:
        # strace dies by the signal that its child died by.
        if done.returncode not in ((0, -signal.SIGKILL, 128 + signal.SIGKILL) if killed else (0, 4)):
            raise Wrong(f"it ends with {done.returncode}: {done.stderr}")
        image = self.desk.image()
        if image not in (self.desk.old, self.new):
            raise Wrong("the image is neither the old one nor the new one")
        if done.returncode == 0 and image != self.new:
            raise Wrong("it says that all went well, and the image is the old one")
        if done.returncode == 4 and not mute and done.stderr.count(": error: ") != 1:
            raise Wrong(f"not one line that says what failed: {done.stderr}")
        status = (self.desk.boot / "image").stat()
        if (status.st_mode & 0o7777, status.st_uid, status.st_gid) != (MODE, *OWNER):
            raise Wrong("the image has another mode or owner")
        for path in self.desk.boot.iterdir():
            if path.name != "image" and not (killed and path.name.startswith(".kip-")):
                raise Wrong(f"'{path.name}' stays behind")

    def inject(self, situation: Situation, call: Call, what: str) -> None:
        self.desk.lay_out()
        self.done[what] += 1
        when = f"{call.ordinal}+" if what.endswith("+") else str(call.ordinal)
        mute = call.name == "write" and what.startswith("error=")  # of the message, or of all that follow
        try:
            done = self.desk.run(situation, [f"{call.name}:{what.rstrip('+')}:when={when}"])
            self.judge(done, what.startswith("signal="), mute)
        except Wrong as wrong:
            self.faults.append(f"{situation.name}: {what} at {call.text[:100]} (number {call.ordinal}): {wrong}")

    def run(self, situation: Situation) -> None:
        changing, behind = points_of(self.baseline(situation))
        if len(changing) < 5 or not behind:
            raise Wrong(f"{situation.name}: {len(changing)} calls that change anything: that cannot be all")
        once = ["error=ENOSPC"] + (["error=EROFS", "error=EIO"] if self.thorough else [])
        errors = once + [error + "+" for error in once] if self.thorough else once
        for call in changing:
            for what in errors:
                self.inject(situation, call, what)
        for call in behind:
            quick = self.thorough or call.name in WRITING | NAMING or call.makes_a_file
            if quick:
                self.inject(situation, call, "signal=KILL")


def make_sweep(programs: Path, place: Path, thorough: bool) -> Sweep:
    return Sweep(Desk(programs, place), thorough)


if __name__ == "__main__":
    sys.exit(sweep_all(__doc__, SITUATIONS, make_sweep))
