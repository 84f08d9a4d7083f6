"""The initrds that generators make, in the shapes that matter here, around a few bytes of content."""

import functools
import random
import shutil
import subprocess

import newc
from fault import require
from image import MICROCODE
from updates import by_vendor, file_of

# Odd in size where a format allows it: alignment must not come by luck.
_TREE = {"bin": None, "bin/busybox": random.Random(1).randbytes(20011), "init": b"#!/bin/busybox sh\n"}
_MODULES = {
    "usr": None, "usr/lib": None, "usr/lib/modules": None, "usr/lib/modules/6.12.0-test": None,
    "usr/lib/modules/6.12.0-test/zram.ko.xz": random.Random(2).randbytes(3001),
}
_ACPI = {
    "kernel": None, "kernel/firmware": None, "kernel/firmware/acpi": None,
    "kernel/firmware/acpi/ssdt1.aml": random.Random(3).randbytes(501),
    "kernel/firmware/acpi/dsdt.aml": random.Random(4).randbytes(77),
}


def _padded(archive, multiple):
    return archive + bytes(-len(archive) % multiple)


def _piped(command, data):
    require(shutil.which(command[0]), f"needs {command[0]}")
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    require(done.returncode == 0, f"{command[0]} failed")
    return done.stdout


def zstd_of(more):
    """A compressed archive with more in it than the usual one."""
    return _piped(["zstd", "-q", "-c", "-"], newc.write(_TREE | more))


@functools.cache
def zstd():
    """The usual one: a compressed archive, nothing in front."""
    return zstd_of({})


@functools.cache
def lz4():
    """The legacy format, which has no end mark."""
    return _piped(["lz4", "-l", "-q", "-c", "-"], newc.write(_TREE))


def raw():
    """Not compressed at all (dracut --compress cat)."""
    return newc.write(_TREE)


def early(*names, also=()):
    """An early part as dracut makes it: a mark, no alignment of the data, padded to 512.

    `also`: further files of the same archive, which stand in front of the microcode.
    """
    tree = {".": None, "early_cpio": b"1\n", "kernel": None} | dict(also)
    tree |= {"kernel/x86": None, "kernel/x86/microcode": None}
    for vendor, chosen in by_vendor(names).items():
        tree[MICROCODE[vendor]] = file_of(vendor, chosen)
    return _padded(newc.write(tree), 512)


def with_early(*names):
    """What dracut leaves on a machine with microcode: early part, compressed main part."""
    return early(*names) + zstd()


def with_tables(*names):
    """ACPI tables and microcode in one early archive."""
    return early(*names, also=_ACPI) + zstd()


def with_modules():
    """initramfs-tools 0.148, mkinitcpio: a raw archive that is not about microcode, then the compressed one."""
    return newc.write(_MODULES) + zstd()


def modules_then_early(*names):
    """Microcode in the second archive: kernels search all leading ones."""
    return _padded(newc.write(_MODULES), 512) + early(*names) + zstd()


def early_behind(*names):
    """Microcode where no kernel looks: behind the compressed part."""
    return _padded(zstd(), 4) + early(*names)
