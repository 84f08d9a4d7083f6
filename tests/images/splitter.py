"""An image as its segments, by the rules of Linux init/initramfs.c, unpack_to_rootfs(): told again for the tests.

`0` at a multiple of 4 begins an archive, which ends behind its trailer; a zero byte is stepped over; anything else
must be a compressor's magic, and what the stream unpacks to is archives again, with zero bytes between them.
"""

from dataclasses import dataclass, field, replace

import streams
from fault import require

ARCHIVE, PADDING, COMPRESSED, UNKNOWN = "archive", "padding", "compressed", "unknown"
_MAGICS = (b"070701", b"070702")
_HEADER = 110
_TRAILER = b"TRAILER!!!"


@dataclass(frozen=True)
class Segment:
    """`archives`: the newc archives in it, each whole; empty for padding and for what is not read. `reached`: kernels
    unpack it."""

    kind: str
    offset: int
    size: int | None  # None: not read, so not known
    method: str | None = None
    plain: bytes = b""
    archives: tuple = field(default=(), repr=False)
    reached: bool = True


def _up4(number):
    return number + 3 & ~3


def archive_end(data, at):
    """Behind the trailer of the archive that begins at `at`."""
    while True:
        require(data[at : at + 6] in _MAGICS, f"oracle: no newc header at {at:#x}")
        size, name_size = (int(data[at + 6 + 8 * number :][:8], 16) for number in (6, 11))
        name = data[at + _HEADER : at + _HEADER + name_size].split(b"\0")[0]
        at = _up4(_up4(at + _HEADER + name_size) + size)
        require(at <= len(data) + 3, "oracle: a member runs over the end")
        if name == _TRAILER:
            return min(at, len(data))


def _zeros(data, at):
    end = at
    while end < len(data) and data[end] == 0:
        block = data[end : end + 4096]
        end += len(block) - len(block.lstrip(b"\0"))
    return end - at


def _inner(plain):
    """The archives of a stream's content."""
    archives, at = [], 0
    while at < len(plain):
        at += _zeros(plain, at)
        if at < len(plain):
            require(at % 4 == 0, f"oracle: an archive at {at:#x} of a stream's content")
            end = archive_end(plain, at)
            archives.append(plain[at:end])
            at = end
    return tuple(archives)


def _segment(image, at):
    if image[at] == 0:
        return Segment(PADDING, at, _zeros(image, at))
    if image[at : at + 1] == b"0" and at % 4 == 0:
        end = archive_end(image, at)
        return Segment(ARCHIVE, at, end - at, plain=image[at:end], archives=(image[at:end],))
    name = streams.method(image, at)
    if name is None:
        return Segment(UNKNOWN, at, None)
    stream = streams.read(name, image[at:])
    if stream is None:
        return Segment(COMPRESSED, at, None, name)
    size, plain = stream
    return Segment(COMPRESSED, at, size, name, plain, _inner(plain))


def split(image):
    """All segments in order; what comes behind one of unknown size is not looked at."""
    segments, at, reached = [], 0, True
    while at < len(image):
        found = _segment(image, at)
        reached = reached and found.kind != UNKNOWN and not streams.refused(found.method, image[at : at + 16])
        found = replace(found, reached=reached)
        segments.append(found)
        if found.size is None:
            break
        at += found.size
    return segments
