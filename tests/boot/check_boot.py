"""The table of boots after which `ucode-pack check-boot` is run in the guest: what its lines and its exit status have to be.

QEMU's CPU takes an update and goes on reporting the revision it was started with. So "taken" is a CPU that runs what is
packed from the start (AMD's loader then says that it loaded it), and a sound update with a newer revision looks as
one that the CPU has refused.
"""

import re
from dataclasses import dataclass

import blobs
import cpus
from cpus import INTEL_MASK, Cpu

OLDER, PACKED, NEWER = 0x7F000000, 0x7F000001, 0x7F000002
# Of Milan, where the EntrySign fix is above 0x0a0011da. No kernel lists the digest of the second.
OLD_BIOS, UNLISTED, OLD_SIDE, FIXED_SIDE = 0x0A0011CE, 0x0A0011D4, 0x0A0011D5, 0x0A0011DE


@dataclass(frozen=True)
class CheckBootCase:
    """One boot. `said` is a pattern for the whole standard output; on standard error there is nothing."""

    name: str
    cpu: Cpu
    microcode: bytes  # the image's member
    revision: int  # that the CPU reports
    code: int
    said: str
    logged: str = ""  # a pattern for the kernel's lines about microcode
    hypervisor: bool = False
    words: tuple = ()  # for the kernel's command line
    recorded: bool = False  # the image is found by kip's record, not by its name
    written_later: bool = False  # the file is younger than the boot
    kernel: str = "6.12-cloud"
    tier: str = "all"
    needs_corpus: bool = False


SKYLAKE, MILAN, FAMILY_16H = cpus.SKYLAKE, cpus.MILAN, cpus.FAMILY_16H
_INTEL = blobs.intel(SKYLAKE.ident, INTEL_MASK, PACKED).data
_JAGUAR = blobs.amd_sections([FAMILY_16H.ident], [blobs.amd(FAMILY_16H.ident, 0x07030106, 3424).data])


def _milan(*revisions):
    return blobs.amd_sections([MILAN.ident], [blobs.amd(MILAN.ident, it, 5568).data for it in revisions])


def _line(cpu, revision, text):
    """A pattern for one line; what stands in `text` is one already."""
    names = {SKYLAKE: "06-55-04", cpus.CASCADE_LAKE: "06-55-07", MILAN: "19-01-01", FAMILY_16H: "16-30-01"}
    name = names[cpu]
    platform = ",0x01" if cpu.vendor == "intel" else ""
    return re.escape(f"{name} {cpu.ident:#010x}{platform}, 1 CPU: runs {revision:#010x}: ") + text


_INTEL_TAKEN = _line(SKYLAKE, PACKED, "taken")
_SHOULD = "is in the image, and the kernel should have loaded it .*"
_NO_DIGEST = r'is refused: its digest is not in the kernel\'s list \("No sha256 digest for patch ID"\)'
_PASSED = "is passed over without a word: it has the EntrySign fix, and the BIOS, which left 0x0a0011ce, has not"
_BIOS = r" \(install a BIOS that brings a revision later than 0x0a0011da.*\)"


def _standard():
    yield CheckBootCase("taken", FAMILY_16H, _JAGUAR, 0x07030106, 0, _line(FAMILY_16H, 0x07030106, "taken"),
                        logged="(?i)updated early .*0x07030106")  # fmt: skip
    yield CheckBootCase("refused", MILAN, _milan(UNLISTED), OLD_BIOS, 1, _line(MILAN, OLD_BIOS, f"0x0a0011d4 {_NO_DIGEST}"),
                        logged="No sha256 digest for patch ID: 0xa0011d4")  # fmt: skip
    yield CheckBootCase("hypervisor", SKYLAKE, _INTEL, OLDER, 0,
                        _line(SKYLAKE, OLDER, "a hypervisor owns the microcode").replace(",0x01", ""), hypervisor=True)  # fmt: skip


def _others():
    yield CheckBootCase("taken-intel", SKYLAKE, _INTEL, PACKED, 0, _INTEL_TAKEN)
    yield CheckBootCase("no-update", cpus.CASCADE_LAKE, _INTEL, OLDER, 0,
                        _line(cpus.CASCADE_LAKE, OLDER, "the image has nothing for this CPU"))  # fmt: skip
    yield CheckBootCase("not-accepted", SKYLAKE, _INTEL, OLDER, 1, _line(SKYLAKE, OLDER, f"0x7f000001 {_SHOULD}"))
    yield CheckBootCase("newer-bios", SKYLAKE, _INTEL, NEWER, 0,
                        _line(SKYLAKE, NEWER, "the image's 0x7f000001 is not newer"))  # fmt: skip
    off = r"0x7f000001 is not looked at: dis_ucode_ldr turns the loader off \(take it off the kernel's command line\)"
    yield CheckBootCase("off", SKYLAKE, _INTEL, OLDER, 1, _line(SKYLAKE, OLDER, off).replace(",0x01", ""),
                        words=("dis_ucode_ldr",))  # fmt: skip
    later = r"0x7f000001 is for the next boot: the image was written after this one \(reboot\)"
    yield CheckBootCase("written-later", SKYLAKE, _INTEL, OLDER, 0, _line(SKYLAKE, OLDER, later), written_later=True)
    yield CheckBootCase("recorded", SKYLAKE, _INTEL, PACKED, 0, _INTEL_TAKEN, recorded=True)
    void = _INTEL[:-1] + bytes([_INTEL[-1] ^ 1])
    yield CheckBootCase("void", SKYLAKE, void, OLDER, 1,
                        _line(SKYLAKE, OLDER, r"nothing is loaded: the file that the loader takes is void .*"))  # fmt: skip
    yield CheckBootCase("refused-fix", MILAN, _milan(FIXED_SIDE), OLD_BIOS, 1,
                        _line(MILAN, OLD_BIOS, f"0x0a0011de {_NO_DIGEST}{_BIOS}"), kernel="6.17",
                        logged="No sha256 digest for patch ID: 0xa0011de")  # fmt: skip
    yield CheckBootCase("passed-over", MILAN, _milan(FIXED_SIDE), OLD_BIOS, 1,
                        _line(MILAN, OLD_BIOS, f"0x0a0011de {_PASSED}{_BIOS}"), kernel="newest")  # fmt: skip
    yield CheckBootCase("old-side-of-two", MILAN, _milan(OLD_SIDE, FIXED_SIDE), 0x0A0011DA, 0,
                        _line(MILAN, 0x0A0011DA, "the image's 0x0a0011d5 is not newer"), kernel="newest")  # fmt: skip
    yield CheckBootCase("last-of-two", MILAN, _milan(OLD_SIDE, FIXED_SIDE), FIXED_SIDE, 0,
                        _line(MILAN, FIXED_SIDE, "taken"), logged="(?i)updated early .*0x0a0011de", kernel="6.1")  # fmt: skip
    yield CheckBootCase("taken-intel", SKYLAKE, _INTEL, PACKED, 0, _INTEL_TAKEN, kernel="6.1")


def table():
    """All cases in running order."""
    cases = []
    for tier, found in (("standard", _standard()), ("all", _others())):
        cases += [CheckBootCase(**{**vars(it), "name": f"check-boot-{it.name}@{it.kernel}", "tier": tier}) for it in found]
    return cases
