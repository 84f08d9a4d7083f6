"""Early parts that the plugins made: a real kernel-install writes an entry, and its initrd is what boots.

The scenes are those of tests/install: kernel-install of this machine or of another release in a chroot, stock
plugins and ours, a stub that stages the base as a generator would. The packers here return the installed
initrd up to what stays of the base, so that what boots is the installed file, byte for byte.
"""

import shutil
import sys
from pathlib import Path

import blobs
import guest
import newc
from cpus import INTEL_MASK, SKYLAKE
from fault import require

sys.path.append(str(Path(__file__).resolve().parent.parent / "install"))

import machine  # noqa: E402
import scene  # noqa: E402

STALE_REVISION = 0x60000001


def _installed(programs, specs, supply, scratch, setup, release, layout):
    """$BOOT after `kernel-install add`, which runs twice: the second run must change nothing."""
    release.check()
    at = scratch / "scene"
    at.mkdir()
    # A chroot sees nothing but the scene, so the firmware is copied there.
    told = {"KIP_CPU": " ".join(specs), "KIP_FIRMWARE": str(at / "firmware")}
    stage = scene.Scene(at, release, layout, setup(told), programs)
    for number, path in enumerate(supply.firmware):
        shutil.copytree(path, at / "firmware" / str(number))
    first, second = stage.add(), stage.add()
    for run in (first, second):
        require(run.exit == 0, f"kernel-install: exit {run.exit}: {run.stderr[-300:]}")
    require(first.boot == second.boot, "kernel-install: the second run wrote something else")
    return second.boot


def rest(base):
    """A base without the raw archives at its front and the zeros behind them."""
    at = newc.end(base) if base.startswith(newc.MAGIC) else 0
    return base[at:].lstrip(b"\0")


def over(base, release=machine.HOST):
    """A packer: the early part of the entry that is made of base(), a generator's initrd."""

    def packer(programs, specs, supply, scratch):
        initrd = base()

        def setup(told):
            return scene.Setup(staged={"initrd": initrd}, cpus=None, firmware=(), environment=told)

        boot = _installed(programs, specs, supply, scratch, setup, release, "bls")
        image = boot[f"{scene.TOKEN}/{scene.KVER}/initrd"][2]
        kept = rest(initrd)
        require(image.endswith(kept), "the installed initrd does not end in the generator's")
        early = image[: -len(kept)]
        require(early.count(b"\0early_cpio\0") <= 1, "the base's own early part is still there")
        return early

    return packer


def unified(programs, specs, supply, scratch, kernel):
    """The unified image that 60-ukify built of the merged initrd, for a serial console."""

    def setup(told):
        return scene.Setup(
            staged={"initrd": guest.base()}, cpus=None, firmware=(), environment=told,
            kernel=kernel.read_bytes(), cmdline="console=ttyS0 panic=-1",
        )  # fmt: skip

    boot = _installed(programs, specs, supply, scratch, setup, machine.TRIXIE, "uki")
    return boot[f"EFI/Linux/{scene.TOKEN}-{scene.KVER}.efi"][2]


def stale_early():
    """An early part as dracut makes it, with an older update for Skylake."""
    old = blobs.intel(SKYLAKE.ident, INTEL_MASK, STALE_REVISION)
    tree = {".": None, "early_cpio": b"1\n", "kernel": None, "kernel/x86": None, "kernel/x86/microcode": None,
            "kernel/x86/microcode/GenuineIntel.bin": old.data}  # fmt: skip
    early = newc.write(tree)
    return early + bytes(-len(early) % 512)


def stale():
    """A base that begins as dracut's do, with an early part of its own."""
    return stale_early() + guest.base()
