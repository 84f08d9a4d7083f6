"""A sandbox for one situation: what is on the machine before, kernel-install's runs, what they leave behind.

    DIR/conf      kernel-install's configuration, and below it kip's (KIP_ROOT), with modules and kip's own records
    DIR/usr, etc  plugins: ours, the stand-in for a generator, and observers that copy the staging area
    DIR/stage     what the generator stages; DIR/outside what it links to; DIR/entry what it puts on $BOOT
    DIR/args      initrds given on the command line; DIR/firmware; DIR/vmlinuz*
    DIR/boot      $BOOT, with another kernel's entry in it
    DIR/seen      the staging area as the observers saw it: 57 (or 85) before our image step, 59 after it, 99 at last
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

import pe
from updates import SPECS, by_vendor, file_of

KVER = "6.12.0-example"  # of make-example-modules
TOKEN = "0123456789abcdef0123456789abcdef"
IMAGE_STEP, LATE_STEP, EARLY_STEP = "58-kip-image", "86-kip-image", "45-kip-microcode"
RECORD_STEP = "95-kip-record"
BEFORE, AFTER, LAST, LATE = "57", "59", "99", "85"
_INPUTS = ("conf", "stage", "outside", "entry", "args", "firmware", "slash-boot", "vmlinuz.efi")

KERNEL = pe.write({".text": b"\xf4" * 300})
UKI = pe.write({".linux": KERNEL, ".osrel": b"ID=kip\nVERSION_ID=1\n", ".uname": KVER.encode()})

_OBSERVER = """#!/bin/sh
[ "$1" = add ] || exit 0
rm -rf {sandbox}/seen/{moment}; exec cp -a "$KERNEL_INSTALL_STAGING_AREA" {sandbox}/seen/{moment}
"""
_GENERATOR = """#!/bin/sh
set -e
[ "$1" = add ] || exit 0
cp {how} {sandbox}/stage/. "$KERNEL_INSTALL_STAGING_AREA"
[ ! -f {sandbox}/entry/initrd ] || install -m 0600 {sandbox}/entry/initrd "$3/initrd"
"""


@dataclass(frozen=True)
class Link:
    """A staged file that is a link to one outside the staging area, which holds `data` or, by None, is missing."""

    data: bytes | None


@dataclass(frozen=True)
class Setup:
    """The machine before: generator, microcode, settings."""

    staged: dict = field(default_factory=dict)  # by name, what the generator stages: bytes or Link
    arguments: dict = field(default_factory=dict)  # by name, explicit INITRD arguments
    entry_initrd: bytes | None = None  # what the generator writes into the entry directory (dracut until 059)
    slash_boot: bytes | None = None  # /boot/initrd.img-KVER, for Debian's own plugin in a chroot
    late: bool = False  # the generator is 85, not 50
    hard_links: bool = False  # Links are hard ones
    firmware: tuple = ("skylake-old", "cascade", "skylake")  # names of updates
    cpus: tuple | None = ("skylake",)  # KIP_CPU; None: neither it nor KIP_FIRMWARE is set
    conf: str = ""  # a file of kip.conf.d
    modules: bool = False  # there are some below KIP_ROOT
    missing: tuple = ()  # names of those that are not built yet
    masks: tuple = ()  # plugins of ours that are masked
    kernel: bytes = KERNEL
    umask: int = 0o022  # of the second run; the first one has the usual one
    pause: float = 0  # seconds between the runs
    environment: dict = field(default_factory=dict)  # besides what the fields above say
    cmdline: str = "quiet"


def snapshot(directory):
    """Everything below a directory: {path: (type, mode, bytes or link target)}."""
    found = {}
    for path in sorted(directory.rglob("*")):
        mode = path.lstat().st_mode & 0o7777
        if path.is_symlink():
            kind, content = "link", os.readlink(path).encode()
        elif path.is_dir():
            kind, content = "directory", b""
        elif path.is_file():
            kind, content = "file", path.read_bytes()
        else:
            kind, content = "special", b""
        found[str(path.relative_to(directory))] = (kind, mode, content)
    return found


@dataclass(frozen=True)
class Run:
    """One kernel-install. `seen`: snapshots of the staging area by moment; a run that failed lacks the later ones."""

    exit: int
    stdout: str
    stderr: str
    seen: dict
    boot: dict
    left_over: list  # in TMPDIR
    inputs_kept: bool


class Scene:
    """The sandbox. `layout` is kernel-install's."""

    def __init__(self, directory, machine, layout, setup, programs):
        self.at, self.machine, self.layout, self.setup, self.programs = directory, machine, layout, setup, programs
        directory.chmod(0o755)
        for name in ("conf", "usr", "etc", "stage", "outside", "entry", "args", "firmware", "boot", "seen", "tmp",
                     "programs", "slash-boot"):
            (directory / name).mkdir()
        self._write_inputs()
        self._write_boot()
        if setup.modules:
            self.take_modules()
        machine.lay_out(directory, self._plugins())

    def _write_inputs(self):
        """Everything that kernel-install, generator and plugins read."""
        setup = self.setup
        kip = self.at / "conf/etc/kip/kip.conf.d"
        kip.mkdir(parents=True)
        if setup.conf:
            (kip / "50-test.conf").write_text(setup.conf.replace("FIRMWARE", str(self.at / "firmware")))
        settings = {"install.conf": f"layout={self.layout}\n", "cmdline": f"{setup.cmdline}\n", "entry-token": f"{TOKEN}\n"}
        for name, text in settings.items():
            (self.at / "conf" / name).write_text(text)
        (self.at / "vmlinuz.efi").write_bytes(setup.kernel)
        for name, content in setup.staged.items():
            self._write_staged(name, content)
        files = {f"args/{name}": data for name, data in setup.arguments.items()}
        files |= {"entry/initrd": setup.entry_initrd, f"slash-boot/initrd.img-{KVER}": setup.slash_boot}
        for name, data in files.items():
            if data is not None:
                (self.at / name).write_bytes(data)
        for vendor, names in by_vendor(setup.firmware).items():
            directory = self.at / "firmware" / f"{vendor}-ucode"
            directory.mkdir()
            (directory / "microcode.bin").write_bytes(file_of(vendor, names))

    def complete_modules(self):
        """Every module is built, and in depmod's index."""
        if self.setup.modules:
            self._write_modules(())

    def take_modules(self):
        """The tree as it is before the missing ones are built."""
        self._write_modules(self.setup.missing)

    def _write_modules(self, missing):
        conf = self.at / "conf"
        shutil.rmtree(conf / "usr", ignore_errors=True)
        subprocess.run([self.programs / "make-example-modules", conf], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(conf / "usr/lib/dracut")
        (conf / "etc/kip/kip.conf.d/50-laptop.conf").unlink()
        for name in missing:
            (conf / f"usr/lib/modules/{KVER}/extra/{name}.ko").unlink()
        if missing:
            depmod = next(path for path in ("/sbin/depmod", "/usr/sbin/depmod") if Path(path).exists())
            subprocess.run([depmod, "-b", conf, KVER], check=True)

    def _write_staged(self, name, content):
        """A file for the generator to copy: its own, 0644, or a link to one outside."""
        if isinstance(content, Link):
            outside = self.at / "outside" / f"{name}-outside"
            if content.data is not None:
                outside.write_bytes(content.data)
            if self.setup.hard_links:
                os.link(outside, self.at / "stage" / name)
            else:
                (self.at / "stage" / name).symlink_to(outside)
        else:
            (self.at / "stage" / name).write_bytes(content)
            (self.at / "stage" / name).chmod(0o644)

    def _write_boot(self):
        """$BOOT with another kernel in it, so that its directories exist before and must be there after."""
        for name in (f"{TOKEN}/6.1.0-other/initrd", f"loader/entries/{TOKEN}-6.1.0-other.conf", "EFI/Linux/other.efi"):
            (self.at / "boot" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.at / "boot" / name).write_text("another kernel's\n")

    def _plugins(self):
        """{file name: script, Path of a program, or None: masked}."""
        programs = self.machine.programs_as_seen(self.at, self.programs)
        ours = {EARLY_STEP: EARLY_STEP, IMAGE_STEP: IMAGE_STEP, LATE_STEP: IMAGE_STEP, RECORD_STEP: RECORD_STEP}
        plugins = {
            f"{name}.install": None if name in self.setup.masks else programs / program
            for name, program in ours.items()
        }
        for moment in (BEFORE, AFTER, LATE, LAST):
            plugins[f"{moment}-zz-look.install"] = _OBSERVER.format(sandbox=self.at, moment=moment)
        how = "-al" if self.setup.hard_links else "-a"
        number = "85" if self.setup.late else "50"
        plugins[f"{number}-generator.install"] = _GENERATOR.format(sandbox=self.at, how=how)
        return plugins

    def _environment(self):
        told = {}
        if self.setup.cpus is not None:
            told["KIP_CPU"] = " ".join(SPECS[name] for name in self.setup.cpus)
            told["KIP_FIRMWARE"] = str(self.at / "firmware")
        return told | {
            "KERNEL_INSTALL_CONF_ROOT": str(self.at / "conf"),
            "KERNEL_INSTALL_READ_MACHINE_INFO": "no",
            "KIP_ROOT": str(self.at / "conf"),
            "BOOT_ROOT": str(self.at / "boot"),
            "MACHINE_ID": TOKEN,
            "TMPDIR": str(self.at / "tmp"),
        } | self.setup.environment

    def boot(self):
        """What is on $BOOT now."""
        return snapshot(self.at / "boot")

    def records(self):
        """The manifests that are there now: {file name: manifest}."""
        directory = self.at / "conf/var/lib/kip/manifests"
        return {path.name: json.loads(path.read_text()) for path in directory.glob("*")}

    def _inputs(self):
        found = {name: snapshot(self.at / name) for name in _INPUTS if (self.at / name).is_dir()}
        for name in [name for name in found["conf"] if name.split("/")[0] == "var"]:
            del found["conf"][name]  # kip's own
        return found | {"vmlinuz": (self.at / "vmlinuz.efi").read_bytes()}

    def _run(self, arguments, umask):
        inputs = self._inputs()
        for path in (self.at / "seen").iterdir():
            shutil.rmtree(path)
        done = self.machine.run(self.at, self.programs, self._environment(), arguments, umask)
        seen = {path.name: snapshot(path) for path in (self.at / "seen").iterdir()}
        left_over = sorted(str(path.name) for path in (self.at / "tmp").iterdir())
        return Run(done.returncode, done.stdout, done.stderr, seen, self.boot(), left_over, inputs == self._inputs())

    def add(self, umask=0o022):
        """kernel-install add, with the initrds that are arguments."""
        initrds = [self.at / "args" / name for name in self.setup.arguments]
        return self._run(["add", KVER, self.at / "vmlinuz.efi", *initrds], umask)

    def remove(self):
        """kernel-install remove."""
        return self._run(["remove", KVER], 0o022)

    def age(self):
        """Gives the firmware another date: what is made of it may not show it."""
        for path in (self.at / "firmware").rglob("*"):
            os.utime(path, (1_000_000_000, 1_000_000_000))


def following(setup, initrd):
    """The setup of a generator that stages this initrd instead."""
    return replace(setup, staged={"initrd": initrd})
