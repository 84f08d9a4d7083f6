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
DIRECTORY, FILE, LINK = 0o040755, 0o100755, 0o120777
TYPE = 0o170000
DIRECTORY_TYPE, FILE_TYPE, LINK_TYPE = DIRECTORY & TYPE, FILE & TYPE, LINK & TYPE


@dataclass(frozen=True)
class Link:
    """A symbolic link's content."""

    target: str


@dataclass(frozen=True)
class _Header:
    """What is asked for of one member's header; `inode` tells hard links, with the device in it."""

    name: str
    mode: int
    inode: tuple
    links: int
    start: int
    data: bytes


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


def _stored(data):
    """Mode and bytes of one value of a tree."""
    if isinstance(data, Link):
        return LINK, data.target.encode()
    return (DIRECTORY, b"") if data is None else (FILE, data)


def write(tree):
    """An archive of `tree`: a mapping of path to bytes (an executable file), None (a directory) or a Link."""
    parts = [
        _entry(path, *_stored(data), inode) for inode, (path, data) in enumerate(tree.items(), start=1)
    ]
    return b"".join(parts) + _entry(TRAILER.decode(), 0, b"", 0)


def read(archive):
    """The files of one whole archive in order; directories are passed over, anything odd is a Fault."""
    members = _walk(archive)[0]
    return [Member(it.name, it.start, it.data) for it in members if it.mode & TYPE == FILE_TYPE]


def end(archive):
    """The offset behind the archive's trailer."""
    return _walk(archive)[1]


def tree(archive):
    """One whole archive as write() takes it. What is no file, directory or symbolic link is left out."""
    result, linked = {}, {}
    for it in _walk(archive)[0]:
        if it.mode & TYPE == FILE_TYPE:
            result[it.name] = it.data
            if it.links > 1:
                linked.setdefault(it.inode, []).append(it)
        elif it.mode & TYPE == DIRECTORY_TYPE:
            result[it.name] = None
        elif it.mode & TYPE == LINK_TYPE:
            result[it.name] = Link(it.data.decode())
    for names in linked.values():  # the data is with one of the names only
        data = max((it.data for it in names), key=len)
        result.update((it.name, data) for it in names)
    return result


def trees(data):
    """tree() of each of several archives with nothing but zeros between them."""
    result = []
    while data := data.lstrip(b"\0"):
        result.append(tree(data))
        data = data[end(data) :]
    return result


def _walk(archive):
    members, at = [], 0
    while True:
        require(archive[at : at + 6] == MAGIC, f"archive: no newc header at offset {at:#x}")
        fields = [int(archive[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in range(13)]
        inode, mode, links, size, major, minor, name_size = (fields[i] for i in (0, 1, 4, 6, 7, 8, 11))
        # The kernel takes the name up to its first NUL: packers stretch names with NULs to align data.
        name = archive[at + HEADER : at + HEADER + name_size].split(b"\0")[0].decode()
        start = _up4(at + HEADER + name_size)
        require(start + size <= len(archive), f"archive: member '{name}' runs over the end")
        if name == TRAILER.decode():
            return members, start
        data = archive[start : start + size]
        members.append(_Header(name, mode, (major, minor, inode), links, start, data))
        at = _up4(start + size)
