"""cpio "newc" archives, just enough of them to build a base and to find a member's place in an image.

Written from the format's page in the kernel documentation (driver-api/early-userspace/buffer-format) and
kept apart from the project's own cpio code, so that a shared misunderstanding cannot hide.
A header is the magic 070701 and 13 fields of 8 hex digits; names and data are padded to 4 from the
archive's start.
"""

from dataclasses import dataclass

from fault import require

MAGIC = b"070701"
HEADER = 6 + 13 * 8
TRAILER = b"TRAILER!!!"
DIRECTORY, FILE = 0o040755, 0o100755


@dataclass(frozen=True)
class Member:
    """One file of an archive: `start` is the offset of its first data byte from the archive's first byte."""

    name: str
    start: int
    data: bytes


def _up4(offset):
    return (offset + 3) & ~3


def _entry(name, mode, data, inode):
    """One header with name and data. The two padded parts start at multiples of 4 because entries do."""
    encoded = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    head = MAGIC + b"".join(b"%08x" % field for field in fields) + encoded
    head += bytes(_up4(len(head)) - len(head))
    return head + data + bytes(_up4(len(data)) - len(data))


def write(tree):
    """An archive of `tree`, a mapping of path to bytes (an executable file) or None (a directory)."""
    parts = [
        _entry(path, DIRECTORY if data is None else FILE, data or b"", inode)
        for inode, (path, data) in enumerate(tree.items(), start=1)
    ]
    return b"".join(parts) + _entry(TRAILER.decode(), 0, b"", 0)


def read(archive):
    """The files of one whole archive in order; directories are passed over, anything odd is a Fault."""
    return _walk(archive)[0]


def end(archive):
    """The offset behind the archive's trailer."""
    return _walk(archive)[1]


def _walk(archive):
    members, at = [], 0
    while True:
        require(archive[at : at + 6] == MAGIC, f"archive: no newc header at offset {at:#x}")
        mode, size, name_size = (
            int(archive[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in (1, 6, 11)
        )
        # The kernel takes the name up to its first NUL: packers stretch names with NULs to align data.
        name = archive[at + HEADER : at + HEADER + name_size].split(b"\0")[0]
        start = _up4(at + HEADER + name_size)
        require(start + size <= len(archive), f"archive: member '{name.decode()}' runs over the end")
        if name == TRAILER:
            return members, start
        if mode & 0o170000 == 0o100000:
            members.append(Member(name.decode(), start, archive[start : start + size]))
        at = _up4(start + size)
