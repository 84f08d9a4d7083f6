"""Debian 13 and later: systemd's kernel-install in C, ukify, dracut-ng, real kernels and modules; what is made is booted.

The CPU is one of AMD's: QEMU tells the kernel which revision runs, and the kernel says that it applied the update (proof A
of tests/boot), also where a unified image was started by UEFI. /e2e/init is in every initrd, by dracut's own settings.
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "realmodules"))

import build
import chroots
import cpus
import goods
import guest
import kernels
import machine
import module_tree
import proof
import uefi
import updates
from fault import require
from system import GENERATED, MODULES, TOKEN, System

BOOTED, SECOND = "6.12-cloud", "6.1"
OLD, NEW = (updates.POOL[name].revision for name in ("milan-old", "milan"))
MODULE = "kip_test_top"
ODD = f"{goods.FIRMWARE}/amd-ucode/microcode_amd_fam19h.bin"
_CMDLINE = "console=ttyS0 panic=-1 rdinit=/e2e/init"
_DRACUT = """hostonly=no
reproducible=yes
early_microcode=no
compress=zstd
dracutmodules+=" base kernel-modules "
drivers+=" dm-mod "
install_items+=" /e2e/init /e2e/busybox /usr/sbin/modprobe "
"""
_INIT = """#!/e2e/busybox sh
b=/e2e/busybox
$b mkdir -p /proc /sys
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys
$b dmesg -n 1
echo "@@ kernel $($b uname -r)"
$b dmesg | $b grep -i microcode | $b sed 's/^/@@ dmesg /'
/usr/sbin/modprobe kip_test_top; echo "@@ asked $?"
$b cut -d ' ' -f 1 /proc/modules | $b sed 's/^/@@ loaded /'
$b dmesg | $b sed -n 's/^.*kip_test: number/@@ said number/p'
$b poweroff -f
"""

_COUNTED = """#!/bin/sh
for word; do case "$word" in [0-9]*.*.*-*) echo "$word" >>/LOG ;; esac; done
exec /usr/bin/dracut "$@"
"""


@dataclass(frozen=True)
class Debian:
    """A release with its generator."""

    release: chroots.Release
    version: str

    def check(self):
        """Raises a Fault where it is not to be had."""
        machine.Chroot(self.version, old=False, release=self.release).check()
        require(not guest.missing(), guest.missing())

TRIXIE = Debian(chroots.TRIXIE_DRACUT, "257")
FORKY = Debian(chroots.FORKY_DRACUT, "262")

def blank(at, programs, debian, layout):
    """A machine of the release with nothing but its generator's settings."""
    usr = chroots.get(debian.release) / "usr"
    system = System(at, programs, usr=usr, layout=layout, esp="efi", conf="BOOT_ROOT=/efi\ninitrd_generator=dracut\n")
    (system.path("efi") / "EFI/Linux").mkdir(parents=True)
    system.write("etc/dracut.conf.d/10-test.conf", _DRACUT)
    system.write("etc/kernel/cmdline", f"{_CMDLINE}\n")
    system.write("etc/ld.so.conf", "/usr/lib/x86_64-linux-gnu\n")
    if layout == "uki":
        system.write("etc/kernel/install.conf", system.path("etc/kernel/install.conf").read_text() + "uki_generator=ukify\n")
    # Beside the real one, which writes nothing down.
    system.write("usr/local/bin/dracut", _COUNTED.replace("LOG", GENERATED), 0o755)
    system.write("e2e/init", _INIT, 0o755)
    system.write("e2e/busybox", guest.static_busybox(), 0o755)
    return system

def furnish(system):
    """Microcode and settings before the first kernel."""
    goods.settings(system, modules="", cpu="milan")
    goods.microcode(system, "milan-old", file=ODD)
    system.write(f"{goods.FIRMWARE}/{module_tree.FIRMWARE_NAME}", module_tree.FIRMWARE)

def release(key):
    """The name of a kernel."""
    return kernels.get(key).release

def kernel(system, key):
    """A real kernel's package."""
    found = kernels.get(key)
    stock = build.stock(found)
    system.write(f"boot/vmlinuz-{found.release}", found.image.read_bytes())
    system.write(f"boot/config-{found.release}", (stock / f"boot/config-{found.release}").read_bytes())
    # The links `build` and `source` lead to headers that are not there.
    shutil.copytree(stock / "lib/modules" / found.release, system.path(f"{MODULES}/{found.release}"), symlinks=True,
                    ignore=shutil.ignore_patterns("build", "source"))  # fmt: skip
    system.depmod(found.release)

def modules(system, key, signed=False):
    """Our out-of-tree ones, as DKMS puts them."""
    found = kernels.get(key)
    built = build.modules(found)
    for name in ("kip_test_base", MODULE):
        data = (built / ("signed" if signed else ".") / f"{name}.ko").read_bytes()
        system.write(f"{MODULES}/{found.release}/updates/dkms/{name}.ko", data)
    system.depmod(found.release)

def boot(system, layout, revision, number=None):
    """Boots what is installed: the kernel must apply this update, and load the module with that number, or not have it."""
    name = release(BOOTED)
    cpu = cpus.MILAN.qemu(revision, hypervisor=False)
    if layout == "uki":
        with tempfile.TemporaryDirectory() as directory:
            image = system.path(f"efi/EFI/Linux/{TOKEN}-{name}.efi").read_bytes()
            seen = guest.run(uefi._options(Path(directory), image), cpu)
    else:
        image = system.path(f"efi/{TOKEN}/{name}/initrd").read_bytes()
        seen = guest.boot(system.path(f"efi/{TOKEN}/{name}/linux"), image, cpu, words=("rdinit=/e2e/init",))
    require(seen.lines("kernel") == [name], f"guest: runs {seen.lines('kernel')}, not {name}")
    require(proof.applied(seen) == [revision], f"guest: applied {proof.applied(seen)}, should be {revision:#x}")
    require(seen.lines("asked") == ["1" if number is None else "0"], f"guest: modprobe ends with {seen.lines('asked')}")
    require((MODULE in seen.lines("loaded")) == (number is not None), f"guest: loaded are {seen.lines('loaded')}")
    said = [line.split()[0] for line in seen.lines("said")]
    require(said == ([] if number is None else [f"number={number}"]), f"guest: the module says {said}")
