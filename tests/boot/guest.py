"""The guest: a base initrd that tells what the kernel did, and a QEMU run that ends by itself.

The base holds a static busybox and one script. The script prints lines beginning with `@@` and powers
off; the kernel's own last words, "reboot: Power down", are the marker that the boot went to its end. There
are no sleeps and no retries: a boot without the marker has failed, at the latest when the guard ends it.
"""

import functools
import re
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import elf
import newc
from fault import Fault, require

END_MARKER = "reboot: Power down"
GUARD_SECONDS = 120
MEMORY_MIB = 1024

TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "busybox": "busybox-static",
    "zstd": "zstd",
    "lz4": "lz4",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
}

SYSFS = "/sys/devices/system/cpu/cpu0/microcode"
# Every applet by its full call: Debian's busybox has no installer for links, its shell does not look inside.
# From `dmesg -n 1` on the kernel's lines cannot stand in the middle of ours, but for its last words.
_INIT = f"""#!@BUSYBOX@ sh
b=@BUSYBOX@
$b mkdir -p /proc /sys
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys
$b dmesg -n 1
echo "@@ kernel $($b uname -r)"
echo "@@ loader $($b cat {SYSFS}/version) $($b cat {SYSFS}/processor_flags)"
$b find / -xdev -type f -exec $b sha256sum {{}} + | $b sed 's/^/@@ file /'
$b dmesg | $b grep -i microcode | $b sed 's/^/@@ dmesg /'
$b poweroff -f
"""


def init(busybox="/bin/busybox"):
    """The script, for a busybox at that path."""
    return _INIT.replace("@BUSYBOX@", busybox).encode()


def static_busybox():
    """The program's bytes; a Fault where it needs libraries."""
    busybox = Path(shutil.which("busybox")).read_bytes()
    dynamic = any(segment.kind == elf.INTERPRETER for segment in elf.segments(busybox))
    require(not dynamic, "needs busybox-static ('busybox' is linked dynamically)")
    return busybox


@dataclass(frozen=True)
class Boot:
    """What one boot left behind: the serial line, and QEMU's log of the places that were watched."""

    serial: str
    log: str

    def complaints(self):
        """What the kernel said of the image when it gave up unpacking it."""
        return re.findall(r"Initramfs unpacking failed: (.*?)\s*$", self.serial, re.MULTILINE)

    def lines(self, word):
        """The rest of each line that our init script printed under `word`."""
        return re.findall(rf"^@@ {word} (.*?)\s*$", self.serial, re.MULTILINE)


def missing():
    """Which Debian packages are not installed, as words for a report; "" if all are there."""
    packages = [package for tool, package in TOOLS.items() if not shutil.which(tool)]
    return "needs " + ", ".join(packages) if packages else ""


def zstd(*options, data):
    """Runs zstd as a filter. It is a program and not a module because Python 3.11 has none for it."""
    done = subprocess.run(["zstd", "-q", "-c", *options], input=data, capture_output=True, check=False)
    require(done.returncode == 0, f"zstd: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def base_tree():
    """What the base holds, as newc.write() takes it."""
    tree = {"bin": None, "proc": None, "sys": None, "dev": None}
    return tree | {"bin/busybox": static_busybox(), "init": init()}


@functools.cache
def base():
    """The compressed base initrd. It must be compressed: nothing behind it is an early part any more."""
    return zstd("-9", data=newc.write(base_tree()))


def _command(options, cpu, watched, log):
    """QEMU's command line. `-accel tcg` always: proof B reads a log that only TCG writes."""
    watch = []
    if watched:
        # One byte at each address: the block of code that begins there is logged, at full speed elsewhere.
        spans = ",".join(f"{address:#x}+1" for address in watched)
        watch = ["-d", "cpu,exec", "-dfilter", spans, "-D", str(log)]
    return [
        "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", cpu, "-m", str(MEMORY_MIB),
        "-smp", "1", "-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio",
        "-no-reboot", *watch, *options,
    ]  # fmt: skip


def run(options, cpu, watched=(), end=END_MARKER):
    """A guest with these options of QEMU's and its Boot, or a Fault if it did not come to the end expected."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "log")
        command = _command(options, cpu, watched, log)
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as qemu:
            guard = threading.Timer(GUARD_SECONDS, qemu.kill)
            guard.start()
            serial = qemu.stdout.read().decode(errors="replace").replace("\r", "")
            qemu.wait()
            guard.cancel()
        if end not in serial:
            how = "guard ended it" if qemu.returncode < 0 else f"QEMU exited {qemu.returncode}"
            raise Fault(f"boot: no '{end}' ({how}, {GUARD_SECONDS} s allowed)", log=serial)
        return Boot(serial, log.read_text() if log.exists() else "")


def boot(kernel, image, cpu, watched=(), words=(), end=END_MARKER):
    """Boots `image` (bytes) on the kernel file, without any firmware's part in it."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "image")
        file.write_bytes(image)
        # nokaslr: watched addresses and the direct map are then where the ELF file and the ABI say.
        append = " ".join(["console=ttyS0 panic=-1 nokaslr", *words])
        return run(["-kernel", str(kernel), "-initrd", str(file), "-append", append], cpu, watched, end)
