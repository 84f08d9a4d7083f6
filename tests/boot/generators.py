"""Initrds made by the real generators of Debian 12, in a Debian of their own: initramfs-tools and dracut.

mkinitramfs and dracut look at the system that they run in, so they get one: a small Debian made by
mmdebstrap, with the modules of the kernel that will boot, and with microcode that is older than what our
plugins add: dracut puts that into an early part of its own. The initrds are kept in the cache under a
digest of all that went into them.

A generator's init wants a root file system that a test does not have. Behind the initrd stands a further
archive with our own init, which the kernel's command line names (`rdinit=`).
"""

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import blobs
import guest
import kernels
import newc
from cpus import INTEL_MASK, SKYLAKE
from fault import Fault, require

STALE_REVISION = 0x60000001
INIT = "/e2e/init"
_PACKAGES = "initramfs-tools-core,dracut-core,busybox,cpio,kmod,udev,zstd"
_TIMEOUT = 900  # seconds

# A private mount namespace: without /run dracut gives up its host-only mode without a word.
_IN_CHROOT = """
r=$1; shift
mount -t proc proc "$r/proc"; mount -t sysfs -o ro sysfs "$r/sys"; mount --rbind /dev "$r/dev"
mount -t tmpfs tmpfs "$r/run"
exec chroot "$r" "$@"
"""
_INITRAMFS_CONF = "MODULES=list\nBUSYBOX=auto\nCOMPRESS=zstd\nDEVICE=\nNFSROOT=auto\nRUNSIZE=10%\nFSTYPE=auto\n"

_GENERATORS = {
    "initramfs-tools": "mkinitramfs -d /e2e-conf -o /out/image {release}",
    "dracut": (
        "dracut -q -f --no-hostonly --early-microcode --zstd -m 'base kernel-modules' --drivers dm-mod"
        " --kver {release} /out/image"
    ),
}


def _run(*command):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=_TIMEOUT, check=False, env=os.environ | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )  # fmt: skip
    if done.returncode:
        raise Fault(f"generators: {command[0]} exited {done.returncode}", log=done.stdout)


def _debian(directory):
    """A small Debian 12 with both generators."""
    require(os.geteuid() == 0, "needs root, for a chroot")
    require(shutil.which("mmdebstrap"), "needs mmdebstrap")
    _run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", directory)
    (directory / "e2e-conf").mkdir()
    (directory / "e2e-conf/initramfs.conf").write_text(_INITRAMFS_CONF)
    (directory / "e2e-conf/modules").write_text("dm-mod\n")
    for hooks in ("hooks", "scripts", "conf.d"):
        (directory / "e2e-conf" / hooks).mkdir()
    firmware = directory / "lib/firmware/intel-ucode"
    firmware.mkdir(parents=True)
    (firmware / "06-55-04").write_bytes(blobs.intel(SKYLAKE.ident, INTEL_MASK, STALE_REVISION).data)
    (directory / "out").mkdir()


def _generate(kernel, place):
    """All generators' initrds for one kernel, beside their place and renamed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        root = Path(scratch) / "root"
        root.mkdir()
        _debian(root)
        release = kernels.modules(kernel, root)
        _run("chroot", root, "depmod", release)
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        for name, command in _GENERATORS.items():
            words = ["sh", "-c", command.format(release=release)]
            _run("unshare", "-m", "--propagation", "private", "sh", "-ec", _IN_CHROOT, "_", root, *words)
            (root / "out/image").rename(fresh / name)
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)


@functools.cache
def initrd(name, kernel_words):
    """The bytes of a generator's initrd for a kernel of kernels.py, as the generator made it."""
    kernel = kernels.get(kernel_words)
    recipe = repr((kernel.package, kernel.version, _PACKAGES, _INITRAMFS_CONF, _GENERATORS, STALE_REVISION))
    place = kernels.cache().parent / "initrds" / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    if not (place / name).is_file():
        _generate(kernel, place)
    return (place / name).read_bytes()


def our_init():
    """The archive with our init, for behind an initrd that ends compressed."""
    tree = {"e2e": None, "e2e/busybox": guest.static_busybox(), INIT[1:]: guest.init("/e2e/busybox")}
    return guest.zstd("-9", data=newc.write(tree))
