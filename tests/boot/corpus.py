"""The corpus of real updates and its table of right answers; where it is absent, its boots are too.

The corpus may not be published with the project, so it lies outside of the repository and every user of
it has to say so by name. Its tables were made by other programs than ours (see its own README).
"""

import csv
import hashlib
import os
from pathlib import Path

from blobs import Update
from fault import require

REPOSITORY = Path(__file__).resolve().parents[2]


def find():
    """The corpus' directory, or None: KIP_CORPUS decides; unset, the usual place beside the checkout."""
    named = os.environ.get("KIP_CORPUS")
    place = Path(named) if named else REPOSITORY / "../shared/corpus"
    return Corpus(place) if (place / "expected").is_dir() else None


def _rows(path):
    """The rows of a table as dictionaries; the header line is marked with a leading '#'."""
    with open(path, newline="", encoding="utf-8") as lines:
        header = next(lines).lstrip("#").rstrip("\n").split("\t")
        return list(csv.DictReader(lines, fieldnames=header, delimiter="\t"))


class Corpus:
    """Looks up which update is the right one for a CPU, and hands out its bytes."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.intel_tree = self.root / "intel-ucode"
        self.amd_tree = self.root / "amd-ucode"

    def intel(self, signature, mask):
        """The update for one signature and one platform bit."""
        for row in _rows(self.root / "expected/select-intel.tsv"):
            if (int(row["sig"], 16), int(row["pf_bit"], 16)) == (signature, mask) and row["file"] != "-":
                place = (row["file"], int(row["offset"]), int(row["length"]))
                return self._update("intel", int(row["rev"], 16), place, row["payload_sha256"])
        require(False, f"corpus: no row for signature {signature:#x}, mask {mask:#x}")

    def amd(self, cpuid, tree="amd-ucode"):
        """The patch for one CPUID in one of the two trees."""
        for row in _rows(self.root / "expected/select-amd.tsv"):
            if (row["tree"], int(row["cpuid"], 16)) == (tree, cpuid):
                place = (row["container"], int(row["patch_offset"]), int(row["length"]))
                return self._update("amd", int(row["patch_id"], 16), place, row["patch_sha256"])
        require(False, f"corpus: no row for CPUID {cpuid:#x}")

    def cpus(self):
        """Every CPU of the tables, as (vendor, signature, platform bit or None)."""
        intel = {("intel", int(row["sig"], 16), int(row["pf_bit"], 16)) for row in _rows(self.root / "expected/select-intel.tsv")}
        rows = _rows(self.root / "expected/select-amd.tsv")
        amd = {("amd", int(row["cpuid"], 16), None) for row in rows if row["tree"] == "amd-ucode"}
        return sorted(intel) + sorted(amd)

    def _update(self, vendor, revision, place, digest):
        name, offset, length = place
        data = (self.root / name).read_bytes()[offset : offset + length]
        require(hashlib.sha256(data).hexdigest() == digest, f"corpus: '{name}' is not what its table says")
        return Update(vendor, revision, data)
