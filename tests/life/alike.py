"""The same machine made under other circumstances: the images must be the same bytes, and nobody sets a time for that."""

import hashlib
import os
import random
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import goods
import scenes
from fault import require
from goods import OTHER, RUNNING
from system import TOKEN


@dataclass(frozen=True)
class Way:
    """One set of circumstances."""

    name: str
    kernels: tuple = (RUNNING, OTHER)
    before: bool = False  # modules and microcode are there before the kernels
    clock: int | None = None  # the time of every input; None: now
    environment: tuple = ()
    umask: int = 0o022
    prefix: tuple = ()  # of every command
    place: str = "/tmp"
    disk: str = ""  # a file system made in a file, for $BOOT


WAYS = (
    Way("usual"),
    Way("other order", kernels=(OTHER, RUNNING), before=True),
    Way("long ago", clock=86_400),
    Way("one core, other words", prefix=("taskset", "-c", "0"), umask=0o077, clock=2_000_000_000,
        environment=(("LC_ALL", "C.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("TZ", "Asia/Tokyo"))),
    Way("in memory", place="/dev/shm", umask=0),
    Way("$BOOT on ext4", disk="mkfs.ext4 -q -F", umask=0o027),
    Way("$BOOT on vfat", disk="mkfs.vfat"),
)  # fmt: skip
_DISK, _FIRMWARE_SIZE = 64 << 20, 6 << 20  # bytes


def _furnish(system, way):
    goods.furnish(system)
    # Enough for several jobs of a compressor that has several cores.
    system.write(goods.TOP_FIRMWARE, random.Random(7).randbytes(_FIRMWARE_SIZE))
    settings = ("[Modules]\nInclude=spare\n", "[Modules]\nInclude=last\n")
    for number in (1, 0) if way.before else (0, 1):
        goods.snippet(system, f"{30 + number}-more", settings[number])
    if not way.before:
        for name in ("cascade", "skylake"):
            goods.microcode(system, name, file=f"{goods.FIRMWARE}/intel-ucode/{name}")
    for kernel in way.kernels:
        goods.kernel(system, kernel)
        for name in ("last", "spare", "top") if way.before else ("top", "spare", "last"):
            goods.module(system, kernel, name)
    if way.before:
        for name in ("skylake", "cascade"):
            goods.microcode(system, name, file=f"{goods.FIRMWARE}/intel-ucode/{name}")


def _age(system, clock):
    for place in ("etc", "own", "boot"):
        for path in system.path(place).rglob("*"):
            if path.is_file() and not path.is_symlink():
                os.utime(path, (clock, clock))


def _mount(system, command):
    """A file system of its own for $BOOT, seen in the machine alone; whether the kernel knows it."""
    tool = command.split()[0]
    require(shutil.which(tool, path="/usr/sbin:/sbin:/usr/bin"), f"needs {'dosfstools' if 'vfat' in tool else 'e2fsprogs'}")
    disk = system.path("root/disk")
    with disk.open("wb") as file:
        file.truncate(_DISK)
    path = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
    subprocess.run([*command.split(), disk], check=True, stdout=subprocess.DEVNULL, env=path)
    for words in (("mount", "-o", "loop", "/root/disk", "/efi"), ("mkdir", "-p", "/efi/loader/entries")):
        done = system.run(*words)
        if "unknown filesystem type" in done.err:
            return False
        require(done.exit == 0, f"needs a loop device for $BOOT: {done}")
    return True


def images(programs, way):
    """{kernel: sha256 of its image}; nothing where the kernel that runs here has no such file system."""
    with tempfile.TemporaryDirectory(prefix="kip-life-", dir=way.place) as scratch:
        system = scenes.blank(Path(scratch) / "machine", programs, esp="efi")
        system.environment |= dict(way.environment)
        system.umask, system.prefix = way.umask, way.prefix
        with system:
            _furnish(system, way)
            if way.clock is not None:
                _age(system, way.clock)
            if way.disk and not _mount(system, way.disk):
                return {}
            found = {}
            for kernel in way.kernels:
                done = system.install(kernel)
                require(done.exit == 0, f"{way.name}: kernel-install: {done}")
                command = system.command("cat", f"/efi/{TOKEN}/{kernel}/initrd")
                image = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
                require(len(image) > _FIRMWARE_SIZE, f"{way.name}: the image of {kernel} has {len(image)} bytes only")
                found[kernel] = hashlib.sha256(image).hexdigest()
            scenes.expect_current(system, when=f" ({way.name})")
            return found


def _all_the_same(programs, ways, tell):
    found = {}
    for way in ways:
        found[way.name] = images(programs, way)
        digests = " ".join(digest[:16] for _, digest in sorted(found[way.name].items()))
        tell(f"{way.name}: {digests or 'no such file system here'}")
    absent = [name for name, it in found.items() if not it]
    first = found[ways[0].name]
    other = [name for name, it in found.items() if it and it != first]
    require(not other, f"other bytes than usual: {', '.join(other)}")
    words = f"{len(ways) - len(absent)} ways, {len(first)} images: the same bytes"
    return words + (f"; absent in this kernel: {', '.join(absent)}" if absent else "")


def some(programs, _scratch, tell):
    """Those that need no disk."""
    return _all_the_same(programs, [way for way in WAYS if not way.disk], tell)


def every(programs, _scratch, tell):
    """All of them."""
    return _all_the_same(programs, WAYS, tell)
