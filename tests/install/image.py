"""A boot image, read as far as it is not compressed: leading newc archives, their members, what follows.

Written from the kernel's documentation (driver-api/early-userspace/buffer-format, arch/x86/microcode) and
kept apart from the project's own code, so that a shared misunderstanding cannot hide. Zero bytes may stand
between archives; an archive begins at a multiple of 4; the first thing that is neither ends the region in
which a kernel looks for microcode.
"""

from dataclasses import dataclass

from fault import require

MAGIC = b"070701"
HEADER = 6 + 13 * 8
TRAILER = "TRAILER!!!"
MICROCODE = {
    "intel": "kernel/x86/microcode/GenuineIntel.bin",
    "amd": "kernel/x86/microcode/AuthenticAMD.bin",
}
# Marks and parents that packers of early parts write around the microcode; they say nothing by themselves.
_SCAFFOLD = {".", "early_cpio", "kernel", "kernel/x86", "kernel/x86/microcode"}


@dataclass(frozen=True)
class Member:
    """An entry of any type. `header` are its bytes up to the name; `start` is where its data is in the image."""

    name: str
    header: bytes
    start: int
    data: bytes


@dataclass(frozen=True)
class Archive:
    """`end` is behind the trailer, with the trailer's own padding to 4."""

    start: int
    end: int
    members: tuple


@dataclass(frozen=True)
class Image:
    """`rest` is the offset of whatever is no leading archive: a compressed stream, or the image's end."""

    data: bytes
    archives: tuple
    rest: int

    @property
    def members(self):
        """Of all leading archives, in order."""
        return [member for archive in self.archives for member in archive.members]

    def of_name(self, name):
        """The members with this name, in order; a kernel looks at the first alone."""
        return [member for member in self.members if member.name == name]

    def behind(self, count):
        """Offset of what follows the first `count` archives and the zeros behind them."""
        return self.archives[count].start if len(self.archives) > count else self.rest


def _up4(offset):
    return (offset + 3) & ~3


def _archive(data, at):
    """The archive that begins at `at`."""
    members, begin = [], at
    while True:
        require(data[at : at + 6] == MAGIC, f"image: no newc header at offset {at:#x}")
        try:
            size, name_size = (int(data[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in (6, 11))
        except ValueError:
            require(False, f"image: the newc header at offset {at:#x} has no hexadecimal numbers")
        # A name ends at its first NUL: packers stretch names with NULs to align data.
        name = data[at + HEADER : at + HEADER + name_size].split(b"\0")[0].decode(errors="replace")
        start = _up4(at + HEADER + name_size)
        require(start + size <= len(data), f"image: member '{name}' runs over the end")
        if name == TRAILER:
            return Archive(begin, min(_up4(start + size), len(data)), tuple(members))
        members.append(Member(name, data[at : at + HEADER], start, data[start : start + size]))
        at = _up4(start + size)


def read(data):
    """The whole image. What looks like an archive must be one; what does not is the rest."""
    archives, at = [], 0
    while True:
        zeros = len(data) - at - len(data[at:].lstrip(b"\0"))
        at += zeros
        if data[at : at + 6] != MAGIC or at % 4:
            return Image(data, tuple(archives), at)
        archives.append(_archive(data, at))
        at = archives[-1].end


def concatenate(files):
    """What a boot loader hands over for several initrd files: each padded to 4."""
    return b"".join(data + bytes(-len(data) % 4) for data in files)


def essence(image, vendors, own=0):
    """What must survive when the microcode of `vendors` is replaced: other members whole, and the rest's bytes.

    `own`: so many archives in front are ours, and their manifest, which bears our name, is left out, too.
    """
    dropped = _SCAFFOLD | {MICROCODE[vendor] for vendor in vendors}
    kept = []
    for number, archive in enumerate(image.archives):
        for member in archive.members:
            manifest = number < own and "kip" in member.name
            if member.name not in dropped and not manifest:
                kept.append((member.name, member.header, member.data))
    return kept, concatenate([image.data[image.rest :]])
