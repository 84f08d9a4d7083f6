"""The compressors that kernels know, and forms of theirs that kernels refuse: bytes in, bytes out."""

import bz2 as bz2_module
import gzip as gzip_module
import lzma
import subprocess

import guest
from fault import require


def raw(data):
    """Not compressed."""
    return data


def zstd(data):
    """One frame."""
    return guest.zstd("-9", data=data)


def zstd_sized(data):
    """One frame whose header states the size, as for a file."""
    return guest.zstd("-9", f"--stream-size={len(data)}", data=data)


def zstd_skippable(data):
    """A skippable frame in front, as some programs put their own notes there."""
    return b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note" + zstd(data)


def gzip(data):
    """Without name and time."""
    return gzip_module.compress(data, mtime=0)


def bz2(data):
    """One stream."""
    return bz2_module.compress(data)


def xz(data):
    """With the one check that the kernel's decoder has."""
    return lzma.compress(data, check=lzma.CHECK_CRC32)


def xz_crc64(data):
    """With xz's own default, which the kernel's decoder has not."""
    return lzma.compress(data, check=lzma.CHECK_CRC64)


def lzma_alone(data):
    """The format before .xz."""
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


def _lz4(option, data):
    done = subprocess.run(["lz4", "-9", option, "-c"], input=data, capture_output=True, check=False)
    require(done.returncode == 0, f"lz4: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def lz4_legacy(data):
    """The form that kernels read. It has no end mark."""
    return _lz4("-l", data)


def lz4_frame(data):
    """The form that the program writes unless told otherwise, and kernels do not read."""
    return _lz4("--content-size", data)
