"""The little of a 64-bit ELF file that is asked for here: the segments of its program header table."""

import struct
from dataclasses import dataclass

from fault import require

LOAD, INTERPRETER = 1, 3  # segment types
EXECUTABLE = 1  # segment flag


@dataclass(frozen=True)
class Segment:
    """`address` is virtual; `data` is what the file has of the segment."""

    kind: int
    flags: int
    address: int
    data: bytes


def segments(file):
    """All segments of `file`, in table order."""
    require(file[:5] == b"\x7fELF\x02", "not a 64-bit ELF file")
    (table,) = struct.unpack_from("<Q", file, 0x20)
    entry_size, entries = struct.unpack_from("<HH", file, 0x36)
    result = []
    for index in range(entries):
        fields = struct.unpack_from("<IIQQQQ", file, table + index * entry_size)
        kind, flags, offset, address, _physical, size = fields
        result.append(Segment(kind, flags, address, file[offset : offset + size]))
    return result
