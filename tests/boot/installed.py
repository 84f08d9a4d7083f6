"""Early parts that the plugins made: a real kernel-install writes an entry, and its initrd is what boots.

The packers here run kernel-install of this machine in a scratch root, with a stub that stages the base as a
generator would, our plugins, and systemd's own plugin that writes the entry. They return the installed
initrd up to what stays of the base, so that what boots is the installed file, byte for byte.
"""

import os
import shutil
import subprocess

import blobs
import guest
import newc
from cpus import INTEL_MASK, SKYLAKE
from fault import require

MACHINE = "0123456789abcdef0123456789abcdef"
RELEASE = "6.12.0-test"
STALE_REVISION = 0x60000001
ENTRY_PLUGIN = "/usr/lib/kernel/install.d/90-loaderentry.install"
STAGE = """#!/bin/sh
[ "$1" != add ] || cp "$KIP_TEST_BASE" "$KERNEL_INSTALL_STAGING_AREA/initrd"
"""


def _plugins(programs, scratch):
    """The plugins in their order. kernel-install takes them by path, under names that sort as installed."""
    directory = scratch / "plugins"
    directory.mkdir()
    for name in ("45-kip-microcode", "58-kip-image"):
        shutil.copy2(programs / name, directory / f"{name}.install")
    stage = directory / "50-stage.install"
    stage.write_text(STAGE)
    stage.chmod(0o755)
    return [*sorted(str(path) for path in directory.iterdir()), ENTRY_PLUGIN]


def _entry_initrd(programs, specs, supply, scratch, base):
    """The initrd of the entry that `kernel-install add` wrote, twice: the second run must change nothing."""
    require(shutil.which("kernel-install"), "needs systemd (kernel-install)")
    conf, boot, kernel, staged = (scratch / name for name in ("conf", "boot", "vmlinuz", "base"))
    conf.mkdir()
    (conf / "install.conf").write_text("layout=bls\n")
    (conf / "cmdline").write_text("quiet\n")
    (boot / MACHINE).mkdir(parents=True)
    kernel.write_bytes(b"kernel")
    staged.write_bytes(base)
    environment = os.environ | {
        "KERNEL_INSTALL_CONF_ROOT": str(conf), "BOOT_ROOT": str(boot), "MACHINE_ID": MACHINE,
        "TMPDIR": str(scratch), "KERNEL_INSTALL_PLUGINS": " ".join(_plugins(programs, scratch)),
        "KIP_ROOT": str(conf), "KIP_CPU": " ".join(specs), "KIP_TEST_BASE": str(staged),
        "KIP_FIRMWARE": " ".join(str(path) for path in supply.firmware),
    }  # fmt: skip
    images = []
    for _ in range(2):
        done = subprocess.run(
            ["kernel-install", "add", RELEASE, str(kernel)],
            env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        require(done.returncode == 0, f"kernel-install: exit {done.returncode}: {done.stderr[-300:]}")
        images.append((boot / MACHINE / RELEASE / "initrd").read_bytes())
    require(images[0] == images[1], "kernel-install: the second run wrote other bytes")
    return images[0]


def rest(base):
    """A base without the raw archives at its front and the zeros behind them."""
    at = newc.end(base) if base.startswith(newc.MAGIC) else 0
    return base[at:].lstrip(b"\0")


def over(base):
    """A packer: the early part of the entry that is made of base(), a generator's initrd."""

    def packer(programs, specs, supply, scratch):
        initrd = base()
        image = _entry_initrd(programs, specs, supply, scratch, initrd)
        kept = rest(initrd)
        require(image.endswith(kept), "the installed initrd does not end in the generator's")
        early = image[: -len(kept)]
        require(early.count(b"\0early_cpio\0") <= 1, "the base's own early part is still there")
        return early

    return packer


def stale():
    """A base that begins as dracut's do, with an early part of its own: an older update for Skylake."""
    old = blobs.intel(SKYLAKE.ident, INTEL_MASK, STALE_REVISION)
    tree = {".": None, "early_cpio": b"1\n", "kernel": None, "kernel/x86": None, "kernel/x86/microcode": None,
            "kernel/x86/microcode/GenuineIntel.bin": old.data}  # fmt: skip
    early = newc.write(tree)
    return early + bytes(-len(early) % 512) + guest.base()
