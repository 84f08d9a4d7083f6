"""Microcode that no vendor made: right headers and checksums around random bodies.

Real updates may not be put into a repository, and need not be. Before it hands an update to the CPU,
Linux checks structure, sums, signature and platform mask (Intel), or structure and equivalence id (AMD);
only the silicon checks the vendor's signature, and QEMU's is not interested. Layouts: Intel SDM vol. 3A,
"Microcode Update Facilities"; Linux arch/x86/kernel/cpu/microcode/amd.c.
"""

import random
import struct
from dataclasses import dataclass

MAIN_HEADER = 48
EXTENDED_HEADER, EXTENDED_ENTRY = 20, 12
DATE = 0x01022024  # BCD mmddyyyy; tools that check dates want a real one
AMD_HEADER = 64


@dataclass(frozen=True)
class Update:
    """One update as the CPU gets it. For AMD `data` is the patch alone, without any container around it."""

    vendor: str  # "intel" or "amd"
    revision: int
    data: bytes


def _noise(size, seed):
    """Random but repeatable bytes: a failure must be the same failure tomorrow."""
    return random.Random(seed).randbytes(size)


def _sum32(data):
    return sum(struct.unpack(f"<{len(data) // 4}I", data)) & 0xFFFFFFFF


def _negated(value):
    return -value & 0xFFFFFFFF


def _extended_table(entries, signature, mask, checksum):
    """The table after the data. An entry's sum is the main one's, with its own pair put in place."""
    rows = b"".join(
        struct.pack("<3I", sig, pf, (checksum + signature + mask - sig - pf) & 0xFFFFFFFF)
        for sig, pf in entries
    )
    unsummed = struct.pack("<5I", len(entries), 0, 0, 0, 0) + rows
    return struct.pack("<2I", len(entries), _negated(_sum32(unsummed))) + unsummed[8:]


def intel(signature, mask, revision, extended=(), total=2048):
    """An update of `total` bytes (a multiple of 1024) for `signature` and the platforms in `mask`.

    `extended` lists further (signature, mask) pairs served through the extended signature table.
    """
    table = EXTENDED_HEADER + EXTENDED_ENTRY * len(extended) if extended else 0
    body = _noise(total - MAIN_HEADER - table, seed=revision ^ signature)

    def header(checksum):
        return struct.pack(
            "<9I3I", 1, revision, DATE, signature, checksum, 1, mask, len(body), total, 0, 0, 0
        )

    checksum = _negated(_sum32(header(0) + body))
    data = header(checksum) + body
    if extended:
        data += _extended_table(extended, signature, mask, checksum)
    return Update("intel", revision, data)


def amd_equivalence(cpuid):
    """The 16-bit id that stands for a CPUID in AMD's containers: its family, model and stepping squeezed."""
    family, model = cpuid >> 20 & 0xF, cpuid >> 16 & 0xF
    return family << 12 | model << 8 | cpuid & 0xFF


def amd(cpuid, revision, size, base=0):
    """One patch. From family 17h on, kernels read the CPUID back out of `revision`, so the two must agree.

    `base` is the oldest revision that the CPU takes the patch on top of; 0: any.
    """
    head = struct.pack("<IIHBBIIIH", DATE, revision, 0x8004, 0, 0, base, 0, 0, amd_equivalence(cpuid))
    head = head.ljust(AMD_HEADER, b"\0")
    return Update("amd", revision, head + _noise(size - AMD_HEADER, seed=revision))


def amd_container(patches):
    """A container of `patches`, a mapping of CPUID to Update, with its equivalence table and terminator."""
    return amd_sections(patches, [patch.data for patch in patches.values()])


def amd_sections(cpuids, patches):
    """A container with a table of these CPUIDs, and these patches (bytes) in this order."""
    rows = [struct.pack("<IIIHH", cpuid, 0, 0, amd_equivalence(cpuid), 0) for cpuid in cpuids]
    table = b"".join(rows) + bytes(16)
    sections = [struct.pack("<II", 1, len(patch)) + patch for patch in patches]
    return b"DMA\0" + struct.pack("<II", 0, len(table)) + table + b"".join(sections)
