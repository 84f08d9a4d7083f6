"""Timing whole processes for bench/whole.py: pairs A B A B, warm, through floor/launch.c.

Owns launching, counting and the statistics; refuses to know what is timed.
"""

import dataclasses
import pathlib
import shutil
import statistics
import subprocess
import tempfile

WARM_UP = 2  # pairs run first and dropped


@dataclasses.dataclass
class Command:
    name: str
    argv: list  # the program's absolute path first
    exits: tuple = (0,)  # anything else voids the measurement
    check: object = None  # called after the warm-up; returns a complaint or None


@dataclasses.dataclass
class Series:
    milliseconds: list
    peak_kib: int  # the largest of all runs
    system_calls: int | None  # of one run of its own, under strace -f; None without strace

    @property
    def median(self):
        return statistics.median(self.milliseconds)

    def spread(self):
        return f"{self.median:.2f} ({min(self.milliseconds):.2f}–{max(self.milliseconds):.2f})"


@dataclasses.dataclass
class Pair:
    subject: Series
    peer: Series

    def ratio(self):
        """Median over pairs of subject / peer: what disturbs both halves of a pair cancels."""
        return statistics.median(s / p for s, p in zip(self.subject.milliseconds, self.peer.milliseconds))

    def difference(self):
        """Median over pairs of subject - peer, in milliseconds."""
        return statistics.median(s - p for s, p in zip(self.subject.milliseconds, self.peer.milliseconds))


class Failed(Exception):
    pass


class Bench:
    def __init__(self, launch, runs):
        self.launch = str(launch)
        self.runs = runs
        self.strace = shutil.which("strace")

    def _once(self, command, pinned):
        argv = [self.launch, *(["-1"] if pinned else []), *map(str, command.argv)]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"{command.name}: could not be started: {command.argv[0]}")
        nanoseconds, kib, status = map(int, done.stdout.split())
        if status not in command.exits:
            raise Failed(f"{command.name}: exit {status}: {' '.join(argv[1:])}{self._complaint(command)}")
        return nanoseconds / 1e6, kib

    @staticmethod
    def _complaint(command):
        done = subprocess.run(list(map(str, command.argv)), capture_output=True, text=True, errors="replace")
        return "".join(f"\n  {line}" for line in done.stderr.splitlines()[:5])

    def _system_calls(self, command):
        if not self.strace:
            return None
        with tempfile.TemporaryDirectory() as directory:
            table = pathlib.Path(directory) / "table"
            subprocess.run(
                [self.strace, "-f", "-c", "-o", str(table), *map(str, command.argv)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            total = [line.split() for line in table.read_text().splitlines() if line.endswith(" total")]
        # "% time, seconds, usecs/call, calls, [errors,] total"
        return int(total[-1][3]) if total else None

    def pair(self, subject, peer, pinned=False):
        results = {}
        for command in (subject, peer):
            for _ in range(WARM_UP):
                self._once(command, pinned)
            complaint = command.check and command.check()
            if complaint:
                raise Failed(f"{command.name}: {complaint}")
            results[command.name] = []
        for _ in range(self.runs):
            for command in (subject, peer):
                results[command.name].append(self._once(command, pinned))
        series = []
        for command in (subject, peer):
            times, peaks = zip(*results[command.name])
            series.append(Series(list(times), max(peaks), self._system_calls(command)))
        return Pair(*series)
