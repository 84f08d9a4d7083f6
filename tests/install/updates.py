"""The microcode of these tests: synthetic updates by name, and members taken apart into them again."""

import struct

import blobs
from cpus import CASCADE_LAKE, INTEL_MASK, MILAN, SKYLAKE
from fault import Fault, require

_OLD, _NEW, _NEWER = 0x70000001, 0x7F000001, 0x7F000002
_MILAN_SIZE = 5568  # of every patch of the family

# The revisions of Milan are past the cutoff of AMD's signature bug (0x0a0011da), so the newest one does alone.
POOL = {
    "skylake-old": blobs.intel(SKYLAKE.ident, INTEL_MASK, _OLD),
    "skylake": blobs.intel(SKYLAKE.ident, INTEL_MASK, _NEW),
    "skylake-newer": blobs.intel(SKYLAKE.ident, INTEL_MASK, _NEWER),
    "cascade": blobs.intel(CASCADE_LAKE.ident, INTEL_MASK, _NEW),
    "milan-old": blobs.amd(MILAN.ident, 0x0A0011F0, _MILAN_SIZE),
    "milan": blobs.amd(MILAN.ident, 0x0A0011FF, _MILAN_SIZE),
}
_NAMES = {update.data: name for name, update in POOL.items()}
VENDORS = {name: update.vendor for name, update in POOL.items()}
SPECS = {"skylake": SKYLAKE.spec, "cascade": CASCADE_LAKE.spec, "milan": MILAN.spec}


def file_of(vendor, names):
    """The bytes of a firmware file, or of a microcode member, that holds these updates of one vendor."""
    if vendor == "intel":
        return b"".join(POOL[name].data for name in names)
    return blobs.amd_container({MILAN.ident: POOL[name] for name in names})


def by_vendor(names):
    """Names of updates as {vendor: names}."""
    return {
        vendor: [name for name in names if VENDORS[name] == vendor]
        for vendor in ("intel", "amd")
        if any(VENDORS[name] == vendor for name in names)
    }


def _intel(data):
    """The updates of an Intel stream, by the total size in their headers; any residue is a Fault."""
    at = 0
    while at < len(data):
        require(len(data) - at >= blobs.MAIN_HEADER, f"{len(data) - at} bytes are left over")
        total = struct.unpack_from("<I", data, at + 32)[0] or 2048
        require(at + total <= len(data), "the last update is cut off")
        yield data[at : at + total]
        at += total


def _amd(data):
    """The patches of AMD containers, one after the other; each must have its row in its container's table."""
    at = 0
    while at < len(data):
        require(data[at : at + 8] == b"DMA\0" + bytes(4), f"no container begins at {at:#x}")
        size = struct.unpack_from("<I", data, at + 8)[0]
        rows = [struct.unpack_from("<IIIHH", data, at + 12 + row) for row in range(0, size, 16)]
        known = {row[3] for row in rows if row[0]}
        at += 12 + size
        while at < len(data) and data[at : at + 4] == struct.pack("<I", 1):
            length = struct.unpack_from("<I", data, at + 4)[0]
            patch = data[at + 8 : at + 8 + length]
            require(len(patch) == length, "the last patch is cut off")
            require(struct.unpack_from("<H", patch, 24)[0] in known, "a patch has no row in the table")
            yield patch
            at += 8 + length


def names_in(vendor, data):
    """The updates of a microcode member by name, sorted; what is no update of ours is told in its place."""
    found = []
    try:
        for update in (_intel if vendor == "intel" else _amd)(data):
            found.append(_NAMES.get(update, f"unknown update of {len(update)} bytes"))
    except (Fault, struct.error) as fault:
        found.append(f"broken: {fault}")
    return tuple(sorted(found))
