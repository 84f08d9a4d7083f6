"""One check after a boot: an early part with the row's microcode is booted, and our program runs in that guest.

It is the built program with the libraries it needs. The image it looks at is the early part of the one that was booted: whole, that
would have to be in itself.
"""

import functools
import json
import re
import shutil
import subprocess
from pathlib import Path

import guest
import kernels
import newc
from fault import Fault, require
from trial import MEMBERS

PROGRAM, IMAGE = "usr/bin/ucode-pack", "boot/initrd"
_SCRIPT = f"""#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /tmp
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys
$b dmesg -n 1
echo "@@ kernel $($b uname -r)"
TOUCH
/{PROGRAM} check-boot --textfile /tmp/figures ARGUMENTS > /tmp/out 2> /tmp/err
echo "@@ exit $?"
$b sed 's/^/@@ out /' /tmp/out
$b sed 's/^/@@ err /' /tmp/err
$b sed 's/^/@@ figure /' /tmp/figures
$b dmesg | $b grep -i microcode | $b sed 's/^/@@ dmesg /'
$b poweroff -f
"""


def _run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"{command[0]}: {done.stderr.strip()[-200:]}")
    return done.stdout


def _needed(file):
    """What the loader of programs opens for it."""
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", _run("ldd", file))}


@functools.cache
def _program(programs):
    """The program and its libraries, as newc.write() takes them: those that it names, and the one it opens for digests."""
    listed = _run(shutil.which("ldconfig") or "/sbin/ldconfig", "-p")
    crypto = re.search(r"libcrypto\.so\.3 \(libc6,x86-64\) => (\S+)", listed)
    require(crypto, "needs libssl3 (libcrypto.so.3)")
    files = {Path(crypto[1])} | _needed(programs / "ucode-pack") | _needed(crypto[1])
    tree = {str(path)[1:]: path.read_bytes() for path in files}
    return tree | {PROGRAM: (programs / "ucode-pack").read_bytes()}


def _with_directories(tree):
    """The same with every directory in front of what is in it."""
    result = {}
    for name, data in tree.items():
        for parent in reversed(Path(name).parents):
            if str(parent) != ".":
                result.setdefault(str(parent), None)
        result[name] = data
    return result


def _record(kernel):
    """kip's manifest of an entry with this image, with nothing in it that does not matter here."""
    call = dict.fromkeys(("caller", "layout", "initrd_generator", "uki_generator", "entry_directory", "boot_root"), "")
    file = {"name": "initrd", "path": f"/{IMAGE}", "size": 0, "mtime": 0, "parts": []}
    settings = {"compression": "", "conflict": "union", "holds": [], "pins": []}
    manifest = {
        "schema": 1, "token": "token", "kernel": kernel, "kip_version": "0", "zstd_version": "", "entry": "", "files": [file],
        "call": call | {"arguments": []},
        "inputs": {"modules": {"in_image": [], "firmware": [], "decisions": []}, "settings": settings},
    }  # fmt: skip
    return {f"var/lib/kip/manifests/token@{kernel}.json": json.dumps(manifest).encode()}


def _image(case, programs, release):
    """What is booted: the early part, and a base that has the program, and the early part once more as a file."""
    early = newc.write(_with_directories({MEMBERS[case.cpu.vendor]: case.microcode}))
    script = _SCRIPT.replace("ARGUMENTS", "" if case.recorded else f"/{IMAGE}")
    script = script.replace("TOUCH", f"$b touch /{IMAGE}" if case.written_later else ":")
    tree = guest.base_tree() | _program(programs) | {IMAGE: early, "init": script.encode()}
    tree |= _record(release) if case.recorded else {}
    return early + guest.zstd("-3", data=newc.write(_with_directories(tree)))


def _judge(case, boot):
    """The lines, the exit status, what the kernel said, and that the figures agree."""
    out, err = "\n".join(boot.lines("out")), boot.lines("err")
    require(boot.lines("exit") == [str(case.code)], f"check-boot: exit {boot.lines('exit')}, should be {case.code}: {out} {err}")
    require(re.fullmatch(case.said, out), f"check-boot: says '{out}'")
    require(not err, f"check-boot: standard error has {err}")
    log = "\n".join(boot.lines("dmesg"))
    require(re.search(case.logged, log), f"the kernel does not say '{case.logged}'")
    figures = dict(re.findall(r"^(kip_\w+)\S* (\d+)$", "\n".join(boot.lines("figure")), re.MULTILINE))
    require(figures["kip_microcode_checked"] == "1", f"figures: {figures}")
    require((figures.get("kip_microcode_taken") == "0") == (case.code == 1), f"figures: {figures}")
    require(figures["kip_microcode_running_revision"] == str(case.revision), f"figures: {figures}")
    return f"exit={case.code} said='{out}'"


def run(case, programs, _corpus, _scratch):
    """Carries out one case; the evidence for its line, or a Fault."""
    kernel = kernels.get(case.kernel)
    image = _image(case, programs, kernel.release)
    boot = guest.boot(kernel.image, image, case.cpu.qemu(case.revision, case.hypervisor), words=case.words)
    try:
        require(boot.lines("kernel") == [kernel.release], f"guest: runs '{boot.lines('kernel')}', not {kernel.release}")
        return f"{_judge(case, boot)} kernel={kernel.release}"
    except Fault as fault:
        fault.log = boot.serial
        raise
