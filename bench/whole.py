#!/usr/bin/env python3
"""Whole-process benchmark of kip's programs against the tools they replace and against floors.

bench/whole.py --programs DIR [--floors DIR] [--runs N] [--row N]... [--markdown]
Rows are those of the speed table in the design document; see bench/README.md.
Exit: 0 every aim measured was reached, 1 one was not, 2 wrong usage, 4 something failed.
"""

import argparse
import dataclasses
import datetime
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

import fleets
import images
import inputs
import measure
import overlays
import plugins
import status

HERE = pathlib.Path(__file__).resolve().parent
FLOORS = {"pack": [], "verify": [], "all": [], "walk": [], "decode": ["-llzma", "-lzstd"]}

# One update of 593,920 bytes, present in two files and reached by four signatures; and one AMD patch.
INTEL = (0x000806F8, 0x87)
AMD = 0x00A20F12

PLUGINS_ROW = 10  # of the design document's table
STATUS_ROW, FLEET_ROW = 11, 12  # of issues
ROWS = (1, 2, 3, 4, 5, 6, 7, 8, 9, PLUGINS_ROW, STATUS_ROW, FLEET_ROW)


@dataclasses.dataclass
class Aim:
    kind: str  # faster: peer / subject >= limit; within: subject / peer <= limit;
    # plus: subject - peer <= limit ms; below: subject / peer < limit; least: subject <= limit ms;
    # none: for information
    limit: float = 0

    def text(self):
        form = {"faster": "≥ {}x", "within": "≤ {}x", "plus": "≤ peer + {} ms", "below": "< {}x", "least": "≤ {} ms",
                "none": "–"}
        return form[self.kind].format(f"{self.limit:g}")

    def judge(self, pair):
        """The figure compared, and whether it reaches the limit (None: no limit)."""
        ratio, extra = pair.ratio(), pair.difference()
        return {
            "faster": lambda: (f"{1 / ratio:.2f}x faster", 1 / ratio >= self.limit),
            "within": lambda: (f"{ratio:.2f}x", ratio <= self.limit),
            "below": lambda: (f"{ratio:.2f}x", ratio < self.limit),
            "least": lambda: (f"{pair.subject.median:.2f} ms", pair.subject.median <= self.limit),
            "plus": lambda: (f"{ratio:.2f}x, {extra:+.2f} ms", extra <= self.limit),
            "none": lambda: (f"{ratio:.2f}x" if ratio >= 1 else f"{1 / ratio:.2f}x faster", None),
        }[self.kind]()


@dataclasses.dataclass
class Case:
    row: int
    what: str
    subject: measure.Command
    peer: measure.Command
    aim: Aim
    pinned: bool = False
    memory_mib: float = 0  # aim for the subject's peak; 0: none


def file_system(path):
    best = ("", "?")
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if path.is_relative_to(place) and len(place) >= len(best[0]):
            best = (place, kind)
    return best[1]


def holds(out, update):
    return lambda: None if update in out.read_bytes() else f"'{out}' does not hold the right update"


def at_least(out, size):
    return lambda: None if out.stat().st_size >= size else f"'{out}' is too small"


def cases(options, tree, disk, memory):
    """Every measurement. `disk` and `memory` are directories for what is written."""
    tool, floor = options.programs / "ucode-pack", lambda name: options.floors / f"floor_{name}"
    peer_path = shutil.which("iucode_tool") or shutil.which("iucode_tool", path="/usr/sbin:/sbin")
    places = {file_system(memory): memory, file_system(disk): disk}
    intel_spec, amd_spec = f"0x{INTEL[0]:x},0x{INTEL[1]:x}", f"0x{AMD:08x}"
    intel, amd = inputs.intel_update(INTEL[0], 0x01), inputs.amd_update(AMD)

    def pack(source, spec, out, check):
        argv = [tool, "--cpu", spec, "--firmware", source, "-o", out, "--force"]
        return measure.Command("ucode-pack", argv, check=check(out))

    def floored(name, source, spec, out, update):
        argv = [floor(name), source / "intel-ucode", source / "amd-ucode", spec, out]
        return measure.Command(f"floor_{name}", argv, check=holds(out, update))

    def iucode(*arguments, check=None):
        return measure.Command("iucode_tool", [peer_path, *arguments], check=check)

    plain, release = tree["plain"], tree["plain"] / "intel-ucode"
    for place, where in places.items():
        s, p = where / "subject.cpio", where / "peer.cpio"
        subject = pack(plain, intel_spec, s, lambda out: holds(out, intel))
        if peer_path:
            # On a disk the syncs rule: ucode-pack owes fsync, rename and fsync of the directory, the peer
            # does one fdatasync, and not even the floor is 5x faster (4.7x on ext4). So: for information.
            aim = Aim("faster", 5) if where is memory else Aim("none")
            argv = ["-q", "-s", intel_spec, f"--write-earlyfw={p}", "--overwrite", release]
            yield Case(1, f"one Intel CPU, to {place}; peer Intel only", subject,
                       iucode(*argv, check=holds(p, intel)), aim, memory_mib=6)  # fmt: skip
        yield Case(1, f"one Intel CPU, to {place}", subject,
                   floored("pack", plain, intel_spec, p, intel), Aim("plus", 1))  # fmt: skip
    s, p = memory / "subject.cpio", memory / "peer.cpio"
    yield Case(1, f"one AMD CPU, to {file_system(memory)}", pack(plain, amd_spec, s, lambda out: holds(out, amd)),
               floored("pack", plain, amd_spec, p, amd), Aim("plus", 1), memory_mib=6)  # fmt: skip

    for packed in ("xz", "zst"):
        yield Case(2, f"one Intel CPU, tree all .{packed}",
                   pack(tree[packed], intel_spec, s, lambda out: holds(out, intel)),
                   floored("decode", tree[packed], intel_spec, p, intel), Aim("within", 1.3))  # fmt: skip

    verify = measure.Command("ucode-pack", [tool, "verify", release])
    if peer_path:
        yield Case(3, "verify the Intel release", verify, iucode("-l", release), Aim("faster", 2))
    verify_floor = measure.Command("floor_verify", [floor("verify"), release])
    yield Case(3, "verify the Intel release, one CPU", verify, verify_floor, Aim("within", 1.25), pinned=True)
    yield Case(3, "verify the Intel release", verify, verify_floor, Aim("none"))

    everything = 14897152  # bytes of the 219 distinct Intel updates
    if peer_path:
        yield Case(4, "all Intel, deduplicated, to tmpfs",
                   pack(release, "all", s, lambda out: at_least(out, everything)),
                   iucode("-q", f"--write-earlyfw={p}", "--overwrite", release, check=at_least(p, everything)),
                   Aim("faster", 1.2))  # fmt: skip
    yield Case(4, "all Intel and AMD, to tmpfs", pack(plain, "all", s, lambda out: at_least(out, everything)),
               measure.Command("floor_all", [floor("all"), release, plain / "amd-ucode", p],
                               check=at_least(p, everything)), Aim("none"))  # fmt: skip

    for name, what in (("small", "index of 20,000 small foreign files"), ("firmware", "index of 1,943 firmware files")):
        # 3: nothing matched, which is the right answer here
        subject = measure.Command("ucode-pack", [tool, "list", "--firmware", tree[name]], exits=(0, 3))
        walk = measure.Command("floor_walk", [floor("walk"), tree[name]])
        yield Case(5, f"{what}, one CPU", subject, walk, Aim("within", 1.2), pinned=True)
        yield Case(5, f"{what}, all CPUs", subject, walk, Aim("below", 1))

    # Without being told, the plugins do nothing in a guest or container only: elsewhere that is another row.
    for what, subject, peer, limit in plugins.cases(options.programs, plain, intel_spec, memory):
        yield Case(PLUGINS_ROW, what, subject, peer, Aim("plus", limit) if limit else Aim("none"))

    if not options.row or STATUS_ROW in options.row:
        what, subject, peer, limit = status.case(options.programs, plain, intel_spec, disk)
        yield Case(STATUS_ROW, what, subject, peer, Aim("least", limit))

    if not options.row or FLEET_ROW in options.row:
        for what, subject, peer, limit, mib in fleets.cases(options.programs, plain, disk):
            yield Case(FLEET_ROW, what, subject, peer, Aim("least", limit), memory_mib=mib)
            yield Case(FLEET_ROW, what, subject, peer, Aim("within", 2))

    scratch = plain.parent
    wanted = not options.row or {6, 7} & set(options.row)  # their inputs are half a gigabyte
    for row, what, subject, peer, (kind, limit), mib in overlays.cases(options.programs, scratch, disk, memory) if wanted else ():
        yield Case(row, what, subject, peer, Aim(kind, limit), memory_mib=mib)
    for row, what, subject, peer, (kind, limit) in images.cases(options.programs, plain, intel_spec, scratch, disk):
        yield Case(row, what, subject, peer, Aim(kind, limit))


HEADINGS = ["row", "what", "peer", "subject ms (min–max)", "peer ms (min–max)", "ratio", "aim", "reached",
            "peak MiB subject / peer", "system calls"]  # fmt: skip


def lines_of(case, pair):
    figure, reached = case.aim.judge(pair)
    mib = [series.peak_kib / 1024 for series in (pair.subject, pair.peer)]
    calls = [str(series.system_calls or "?") for series in (pair.subject, pair.peer)]
    yes = {True: "yes", False: "no", None: "–"}
    yield reached, [str(case.row), case.what, case.peer.name, pair.subject.spread(), pair.peer.spread(), figure,
                    case.aim.text(), yes[reached], f"{mib[0]:.1f} / {mib[1]:.1f}", " / ".join(calls)]  # fmt: skip
    if case.memory_mib:
        reached = mib[0] <= case.memory_mib
        yield reached, [str(case.row), f"{case.what}: peak memory", "–", "–", "–", f"{mib[0]:.1f} MiB",
                        f"≤ {case.memory_mib:g} MiB", yes[reached], f"{mib[0]:.1f} / {mib[1]:.1f}", "–"]  # fmt: skip


def show(table, markdown):
    if markdown:
        table = [table[0], ["---"] * len(HEADINGS), *table[1:]]
        return "\n".join(f"| {' | '.join(row)} |" for row in table)
    widths = [max(len(row[i]) for row in table) for i in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in table)


def machine():
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name")), "?")
    u = os.uname()
    return f"{len(os.sched_getaffinity(0))} CPUs, {model}; {u.sysname} {u.release}"


def build_floors(to):
    """Compiles the floors as the build does (C11, -O2): for a run without --floors."""
    to.mkdir(parents=True, exist_ok=True)
    for name, libraries in [("launch", []), *((f"floor_{name}", libs) for name, libs in FLOORS.items())]:
        source = HERE / "floor" / f"{name}.c"
        subprocess.run(["cc", "-std=c11", "-O2", str(source), "-o", str(to / name), *libraries], check=True)
    return to


def main():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=pathlib.Path, required=True, help="directory of ucode-pack")
    parser.add_argument("--floors", type=pathlib.Path, help="directory of launch and floor_* (default: compiled here)")
    parser.add_argument("--runs", type=int, default=31, help="pairs a measurement (default: 31)")
    parser.add_argument("--row", type=int, action="append", choices=ROWS, help="only this row; repeatable")
    parser.add_argument("--scratch", type=pathlib.Path, default=cache / "kip-bench",
                        help="inputs, kept between runs, and output on disk (default: %(default)s)")  # fmt: skip
    parser.add_argument("--tmpfs", type=pathlib.Path, default=pathlib.Path("/dev/shm"), help="(default: %(default)s)")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    options.programs = options.programs.resolve()
    scratch = options.scratch.resolve()
    options.floors = options.floors.resolve() if options.floors else build_floors(scratch / "floors")
    for needed in (options.programs / "ucode-pack", options.floors / "launch"):
        if not needed.is_file():
            parser.error(f"no '{needed}'")
    if options.runs < 1:
        parser.error("--runs must be at least 1")

    tree = inputs.build(scratch)
    bench = measure.Bench(options.floors / "launch", options.runs)
    verdicts, failed, table = [], False, [HEADINGS]
    with tempfile.TemporaryDirectory(dir=scratch) as disk, tempfile.TemporaryDirectory(dir=options.tmpfs) as memory:
        for case in cases(options, tree, pathlib.Path(disk), pathlib.Path(memory).resolve()):
            if options.row and case.row not in options.row:
                continue
            print(f"row {case.row}: {case.what} / {case.peer.name}", file=sys.stderr)
            try:
                pair = bench.pair(case.subject, case.peer, case.pinned)
            except measure.Failed as failure:
                print(f"whole.py: error: {failure}", file=sys.stderr)
                failed = True
                continue
            for reached, line in lines_of(case, pair):
                verdicts.append(reached)
                table.append(line)
    command = shlex.join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]])
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    print(f"{machine()}; {options.runs} pairs, warm; {date}; {command}\n")
    print(show(table, options.markdown))
    return 4 if failed else 1 if False in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
