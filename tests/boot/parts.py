"""Early parts and images: who packs, what is damaged afterwards, and in which order the parts stand."""

import hashlib
import json
import shutil
import subprocess

import guest
from cpus import INTEL_MASK
from fault import require

# --- Packers -------------------------------------------------------------------------------------------


def ucode_pack(programs, specs, supply, scratch):
    """The program under test, called in the way its manual shows."""
    out = scratch / "early.cpio"
    command = [programs / "ucode-pack"]
    for spec in specs:
        command += ["--cpu", spec]
    for path in supply.firmware:
        command += ["--firmware", path]
    done = subprocess.run([*command, "-o", out], capture_output=True, text=True, timeout=60, check=False)
    require(done.returncode == 0, f"ucode-pack: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return out.read_bytes()


def fleet(programs, _specs, supply, scratch):
    """One early part for all of a fleet."""
    return ucode_pack(programs, [f"@{scratch / 'firmware/fleet'}"], supply, scratch)


def fleet_split(cpu):
    """One early part a CPU of a fleet, of which the guest takes the one that the index has for it, as a provisioning system would."""

    def pack(programs, _specs, supply, scratch):
        directory = scratch / "archives"
        command = [programs / "ucode-pack", "--cpu", f"@{scratch / 'firmware/fleet'}", "--split", "cpu", "-d", directory]
        for path in supply.firmware:
            command += ["--firmware", path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        require(done.returncode == 0, f"ucode-pack: exit {done.returncode}: {done.stderr.strip()[-300:]}")
        wanted = {"vendor": cpu.vendor, "signature": f"{cpu.ident:#010x}"}
        if cpu.vendor == "intel":
            wanted["platform_flags"] = f"{INTEL_MASK:#04x}"
        rows = [row for row in json.loads((directory / "index.json").read_text())["cpus"] if wanted.items() <= row.items()]
        require(len(rows) == 1, f"index: {len(rows)} archives for the guest's CPU")
        early = (directory / rows[0]["file"]).read_bytes()
        require(hashlib.sha256(early).hexdigest() == rows[0]["sha256"], "index: the archive is not what it says")
        return early

    return pack


def gnu_cpio(_programs, _specs, supply, scratch):
    """A control: the usual recipe of wikis, GNU cpio around one Intel update, no alignment."""
    require(shutil.which("cpio"), "needs cpio")
    tree = scratch / "tree"
    directory = tree / "kernel/x86/microcode"
    directory.mkdir(parents=True)
    (directory / "GenuineIntel.bin").write_bytes(supply.update.data)
    names = "kernel\nkernel/x86\nkernel/x86/microcode\nkernel/x86/microcode/GenuineIntel.bin\n"
    command = ["cpio", "-o", "-H", "newc", "--quiet"]
    done = subprocess.run(command, cwd=tree, input=names.encode(), stdout=subprocess.PIPE, check=False)
    require(done.returncode == 0, "control: cpio failed")
    return done.stdout


def iucode_tool(_programs, _specs, supply, scratch):
    """A control: the peer's own early archive."""
    blob, out = scratch / "update", scratch / "early.cpio"
    blob.write_bytes(supply.update.data)
    program = shutil.which("iucode_tool", path="/usr/bin:/usr/sbin")
    require(program, "needs iucode-tool")
    done = subprocess.run([program, "-q", f"--write-earlyfw={out}", blob], check=False)
    require(done.returncode == 0, "control: iucode_tool failed")
    return out.read_bytes()


# --- Damage --------------------------------------------------------------------------------------------


def untouched(early, _place):
    """As it was packed."""
    return early


def flipped_bit(early, place):
    """One bit of the update's body changed: its checksum is wrong now, and nothing else is."""
    damaged = bytearray(early)
    damaged[place.offset + 1024] ^= 0x01
    return bytes(damaged)


# --- Order ---------------------------------------------------------------------------------------------


def in_front(early, base):
    """The one right order: the kernel looks for the early part at the image's very first byte."""
    return early + base


def behind(early, base):
    """Unpacked all the same (raw archives want an offset divisible by 4), but the loader never gets there."""
    return base + bytes(-len(base) % 4) + early


def compressed(early, base):
    """Unpacked like any other compressed part, and as opaque to the loader."""
    return guest.zstd("-3", data=early) + base
