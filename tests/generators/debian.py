"""A small Debian 12 with both generators of initrds, and with the modules of one kernel, to run them in.

mkinitramfs and dracut look at the system that they run in, so they get one, made by mmdebstrap. It holds microcode
for one CPU, older than what our plugins would add: dracut puts that into an early part of its own, and a hook
hands it to initramfs-tools. The system is kept in the cache under a digest of all that went into it, and whatever
runs in it finds it read-only.
"""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))

import blobs  # noqa: E402
import kernels  # noqa: E402
import newc  # noqa: E402
from cpus import INTEL_MASK, SKYLAKE  # noqa: E402
from fault import Fault, require  # noqa: E402

STALE_REVISION = 0x60000001
PACKAGES = (
    "initramfs-tools-core,dracut-core,busybox,cpio,kmod,udev,binutils,zstd,gzip,xz-utils,bzip2,lz4,lzop,file"
)
TIMEOUT = 900  # seconds
_MEMBER = "kernel/x86/microcode/GenuineIntel.bin"
_INITRAMFS_CONF = "MODULES=list\nBUSYBOX=auto\nDEVICE=\nNFSROOT=auto\nRUNSIZE=10%\nFSTYPE=auto\n"
# The way of intel-microcode's own hook: the function is initramfs-tools', the archive is ready.
_HOOK = """#!/bin/sh
[ "$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
[ -z "$KIP_EARLY" ] || prepend_earlyinitramfs /e2e-conf/early.cpio
"""

# ROOT OUT COMMAND: a private mount namespace. Without /run dracut gives up its host-only mode without a word.
_ENTER = """
r=$1 out=$2
mount --bind "$r" "$r"; mount -o remount,bind,ro "$r"
mount -t proc proc "$r/proc"; mount -t sysfs -o ro sysfs "$r/sys"; mount --rbind /dev "$r/dev"
for place in run tmp var/tmp; do mount -t tmpfs tmpfs "$r/$place"; done
mount --bind "$out" "$r/out"
exec chroot "$r" sh -c "$3"
"""


def _run(*command, wants=subprocess.STDOUT):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=wants, timeout=TIMEOUT, check=False,
        env=os.environ | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode:
        log = done.stdout.decode(errors="replace")
        raise Fault(f"generators: {Path(command[0]).name} exited {done.returncode}", log=log)
    return done.stdout


def _firmware(root):
    """Microcode where dracut looks, and as the archive that the hook hands over."""
    stale = blobs.intel(SKYLAKE.ident, INTEL_MASK, STALE_REVISION).data
    firmware = root / "lib/firmware/intel-ucode"
    firmware.mkdir(parents=True)
    (firmware / "06-55-04").write_bytes(stale)
    parents = {str(path): None for path in reversed(Path(_MEMBER).parents) if path.name}
    (root / "e2e-conf/early.cpio").write_bytes(newc.write(parents | {_MEMBER: stale}))


def _configure(root):
    """What the generators read and where they write."""
    for place in ("hooks", "scripts", "conf.d"):
        (root / "e2e-conf" / place).mkdir(parents=True)
    (root / "e2e-conf/initramfs.conf").write_text(_INITRAMFS_CONF)
    (root / "e2e-conf/modules").write_text("dm-mod\n")
    (root / "e2e-conf/hooks/early").write_text(_HOOK)
    (root / "e2e-conf/hooks/early").chmod(0o755)
    (root / "out").mkdir()


def _make(kernel, place):
    """Builds the system beside its place and renames it. Whoever comes second throws its own away."""
    require(os.geteuid() == 0, "needs root, for a chroot")
    require(shutil.which("mmdebstrap"), "needs mmdebstrap")
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".generators-", dir=place.parent))
    try:
        root = scratch / "root"
        _run("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", root)
        _configure(root)
        _firmware(root)
        _run("chroot", root, "depmod", kernels.modules(kernel, root))
        root.chmod(0o755)
        try:
            root.rename(place)
        except OSError:
            require(place.is_dir(), f"cannot rename '{root}' to '{place}'")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def recipe(kernel):
    """Words that change with whatever the system is made of."""
    return repr((kernel.package, kernel.version, PACKAGES, _INITRAMFS_CONF, _HOOK, STALE_REVISION))


@functools.cache
def root(kernel):
    """The system's directory."""
    name = "generators-" + hashlib.sha256(recipe(kernel).encode()).hexdigest()[:16]
    place = kernels.cache().parent / "chroots" / name
    if not place.is_dir():
        _make(kernel, place)
    return place


def run(kernel, command, out, wants=subprocess.STDOUT):
    """A shell command in the system, with the directory `out` as its /out; its stdout."""
    require(os.geteuid() == 0, "needs root, for a chroot")
    enter = ["unshare", "-m", "--propagation", "private", "sh", "-ec", _ENTER, "enter"]
    return _run(*enter, root(kernel), out, command, wants=wants)
