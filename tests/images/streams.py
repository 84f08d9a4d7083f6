"""Where one compressed stream ends, and what is in it, by means that share nothing with our decoders.

The end comes from Python's decompressors (what they leave over) or from the format's own lengths, the content
from the ordinary tool, which gets exactly those bytes.
"""

import bz2
import lzma
import shutil
import struct
import subprocess
import zlib

from fault import Fault, require

MAGIC = (  # as in Linux lib/decompress.c; two bytes decide there
    (b"\x1f\x8b", "gzip"),
    (b"\x1f\x9e", "gzip"),
    (b"BZ", "bzip2"),
    (b"\x5d\x00", "lzma"),
    (b"\xfd7", "xz"),
    (b"\x89L", "lzo"),
    (b"\x02\x21", "lz4"),
    (b"\x28\xb5", "zstd"),
)
_TOOLS = {
    "gzip": ("gzip", "-dc"),
    "bzip2": ("bzip2", "-dc"),
    "lzma": ("xz", "-dc", "--format=lzma"),
    "xz": ("xz", "-dc", "--format=xz"),
    "lz4": ("lz4", "-dcq"),
    "zstd": ("zstd", "-dcq", "--long=31"),
}
_LZ4_MAGIC = b"\x02\x21\x4c\x18"


def method(data, at):
    """The name of the method whose stream begins there, or None."""
    return next((name for magic, name in MAGIC if data.startswith(magic, at)), None)


def pipe(command, data):
    """What a filter makes of bytes."""
    require(shutil.which(command[0]), f"needs {command[0]}")
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Fault(f"{' '.join(command)}: exit {done.returncode}", log=done.stderr.decode(errors="replace"))
    return done.stdout


def _left_over(decompressor):
    def size(data):
        decompressor_now = decompressor()
        decompressor_now.decompress(data)
        require(decompressor_now.eof, "oracle: a stream that does not end")
        return len(data) - len(decompressor_now.unused_data)

    return size


def _zstd_size(data):
    """One frame (RFC 8878, 3.1.1): the header by its descriptor, then blocks by their lengths."""
    descriptor = data[4]
    single, has_sum = descriptor >> 5 & 1, descriptor >> 2 & 1
    content = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    at = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3] + content
    while True:
        head = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        require(kind != 3 and at + 3 <= len(data), "oracle: no zstd block")
        at += 3 + (1 if kind == 1 else size)
        if last:
            return at + 4 * has_sum


def _lz4_size(data):
    """Chunks by their lengths (Linux lib/decompress_unlz4.c): ended by a length of 0 or by the image's end."""
    at = 4
    while at + 4 <= len(data):
        if data[at : at + 4] == _LZ4_MAGIC:
            at += 4
            continue
        (size,) = struct.unpack_from("<I", data, at)
        if size == 0:
            return at
        require(at + 4 + size <= len(data), "oracle: an lz4 chunk runs over the end")
        at += 4 + size
    return at


_SIZES = {
    "gzip": _left_over(lambda: zlib.decompressobj(31)),
    "bzip2": _left_over(bz2.BZ2Decompressor),
    "lzma": _left_over(lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
    "xz": _left_over(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)),
    "lz4": _lz4_size,
    "zstd": _zstd_size,
}


def read(name, data):
    """(bytes of the stream at the front of `data`, its content); None for a method that nothing here reads."""
    if name not in _TOOLS:
        return None
    size = _SIZES[name](data)
    return size, pipe(_TOOLS[name], data[:size])


def refused(name, head):
    """Whether kernels have no decoder for it: of xz they take the checks none (0) and CRC32 (1) only."""
    return name == "xz" and head[7] not in (0, 1)
