"""What `initrd-pack inspect --as-kernel` says of an image, as values to hold against the boot."""

import json
import subprocess
from dataclasses import dataclass

from fault import require

# inspect answers for AMD by what the BIOS left; our guests run the very revision that is packed, past the fix.
BIOS = "a BIOS with the EntrySign fix"


@dataclass(frozen=True)
class Prediction:
    """Offsets are bytes from the start of the image."""

    reached: dict  # offset of each segment that is no padding -> whether a kernel unpacks it
    update: int | None  # where the update begins that the CPU is handed
    rules: frozenset  # of the warnings and errors


def inspect(programs, file, spec, release):
    """The prediction for one CPU and one kernel release."""
    command = [programs / "initrd-pack", "inspect", "--as-kernel", "--json", "--cpu", spec,
               "--kernel", release, file]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    require(done.returncode in (0, 1), f"inspect: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    report = json.loads(done.stdout)
    return Prediction(_reached(report), _update(report), _rules(report))


def _reached(report):
    return {it["offset"]: it["reached"] for it in report["segments"] if it["kind"] != "padding"}


def _update(report):
    """inspect names revisions; where the bytes are it says of each member that a loader takes."""
    revisions = {it.get("revision") for it in report["cpus"] if it.get("bios", BIOS) == BIOS}
    require(len(revisions) == 1, f"inspect: one CPU gets {revisions}")
    taken = [update for it in report["microcode"] if it["standing"] == "taken" for update in it["updates"]]
    places = [update["offset"] for update in taken if update["revision"] in revisions]
    require(revisions == {None} or len(places) == 1, f"inspect: revision {revisions} is at {places}")
    return places[0] if places else None


def _rules(report):
    return frozenset(it["rule"] for it in report["findings"] if it["severity"] != "note")
