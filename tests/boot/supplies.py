"""The firmware that a boot packs from, and which update of it is the right one.

Each supply holds decoys (an older revision, another CPU's update, or a vendor's whole release), so that
packing has to choose. A supply is a function of the directory it may write to and of the corpus.
"""

import json

import blobs
from case import Supply
from cpus import CASCADE_LAKE, INTEL_MASK, SKYLAKE

REVISION, OLDER_REVISION = 0x7F000001, 0x70000001
FLEET = "fleet"  # a file in the supply's directory
VENDOR_IDS = {"intel": "GenuineIntel", "amd": "AuthenticAMD"}
AMD_STEPPING = 0x100  # the place of the stepping in a patch id, from family 17h on


def _intel_tree(directory, *updates):
    """Writes updates into one file below `intel-ucode`. Its name says nothing: content decides."""
    tree = directory / "intel-ucode"
    tree.mkdir()
    (tree / "06-55-04").write_bytes(b"".join(update.data for update in updates))


def intel_made(directory, _corpus):
    """Two revisions for Skylake, with the newer one of another stepping between."""
    right = blobs.intel(SKYLAKE.ident, INTEL_MASK, REVISION)
    older = blobs.intel(SKYLAKE.ident, INTEL_MASK, OLDER_REVISION)
    other = blobs.intel(CASCADE_LAKE.ident, INTEL_MASK, REVISION + 1)
    _intel_tree(directory, older, other, right)
    return Supply([directory], right)


def intel_made_other_cpu(directory, corpus):
    """The same firmware, but the update of interest is the other stepping's."""
    intel_made(directory, corpus)
    return Supply([directory], blobs.intel(CASCADE_LAKE.ident, INTEL_MASK, REVISION + 1))


def intel_made_extended(directory, _corpus):
    """The newest update names Skylake in its extended signature table only."""
    table = [(CASCADE_LAKE.ident, INTEL_MASK), (SKYLAKE.ident, 0xB7)]
    right = blobs.intel(CASCADE_LAKE.ident, INTEL_MASK, REVISION, table, total=4096)
    older = blobs.intel(SKYLAKE.ident, INTEL_MASK, OLDER_REVISION)
    _intel_tree(directory, older, right)
    return Supply([directory], right)


def intel_made_other_platform(directory, _corpus):
    """The right signature under a mask that has every platform bit but the guest's."""
    right = blobs.intel(SKYLAKE.ident, 0xFF ^ INTEL_MASK, REVISION)
    _intel_tree(directory, right)
    return Supply([directory], right)


def amd_made(cpu, patch, size, served=True):
    """A container for `cpu` and the next stepping, or, not `served`, for the next stepping alone."""

    def supply(directory, _corpus):
        patches = {cpu.ident: blobs.amd(cpu.ident, patch, size)} if served else {}
        patches[cpu.ident + 1] = blobs.amd(cpu.ident + 1, patch + AMD_STEPPING, size)
        tree = directory / "amd-ucode"
        tree.mkdir()
        (tree / f"microcode_amd_{cpu.ident:x}.bin").write_bytes(blobs.amd_container(patches))
        return Supply([directory], next(iter(patches.values())))

    return supply


def intel_real(cpu):
    """Intel's whole release, as a machine would have it."""
    return lambda _directory, corpus: Supply([corpus.intel_tree], corpus.intel(cpu.ident, INTEL_MASK))


def amd_real(cpu):
    """All of AMD's containers."""
    return lambda _directory, corpus: Supply([corpus.amd_tree], corpus.amd(cpu.ident))


def all_real(cpu):
    """Everything of both vendors; the guest is `cpu`."""

    def supply(_directory, corpus):
        update = corpus.intel(cpu.ident, INTEL_MASK) if cpu.vendor == "intel" else corpus.amd(cpu.ident)
        return Supply([corpus.intel_tree, corpus.amd_tree], update)

    return supply


def fleet(cpu):
    """Everything of both vendors, and a fleet that has every CPU of the corpus' tables, of which the guest is one."""

    def supply(directory, corpus):
        records = []
        for vendor, signature, platform in corpus.cpus():
            made = {"vendor": VENDOR_IDS[vendor], "signature": f"{signature:#010x}"}
            records.append(made | ({"platform_flags": f"{platform:#04x}"} if platform else {}))
        lines = [json.dumps({"schema": 1, "report": "host", "cpus": [it]}) for it in records]
        (directory / FLEET).write_text("\n".join(lines) + "\n")
        return all_real(cpu)(directory, corpus)

    return supply
