"""The guests' CPUs: each once, as QEMU's -cpu and as ucode-pack's --cpu.

QEMU's platform id is always 0, so an Intel guest fits platform mask 0x1 and no other. Models whose stepping
no real update exists for get one that has.
"""

from dataclasses import dataclass

INTEL_MASK = 0x1
# Where the CPU reports its revision, Intel's has it in the upper half of the register and AMD's in all of it.
REVISION_SHIFT = {"intel": 32, "amd": 0}
# QEMU takes 0 for "not given": for revision 0, a bit in the half of the register that nobody reads.
REVISION_ZERO = {"intel": 1, "amd": 1 << 32}


@dataclass(frozen=True)
class Cpu:
    """`ident` is the signature: eax of CPUID leaf 1."""

    vendor: str
    ident: int
    model: str

    @property
    def spec(self):
        """The CPU for --cpu: signature and mask, or AMD's name for a CPUID."""
        return f"{self.ident:#x},{INTEL_MASK:#x}" if self.vendor == "intel" else f"cpu{self.ident:08X}"

    def qemu(self, revision, hypervisor):
        """The CPU for -cpu, running a microcode revision already (None: whichever QEMU gives it).

        `hypervisor` is the CPUID bit that tells a guest it is one. Linux then switches its loader off, so
        nearly every boot has to do without it.
        """
        bit = "" if hypervisor else ",-hypervisor"
        if revision is None:
            return self.model + bit
        register = revision << REVISION_SHIFT[self.vendor] or REVISION_ZERO[self.vendor]
        return f"{self.model}{bit},ucode-rev={register:#x}"


def _plain(vendor, family, model, stepping):
    """QEMU's plain 64-bit CPU under other numbers: enough where only the numbers count."""
    return f"qemu64,vendor={vendor},family={family},model={model},stepping={stepping}"


def amd(ident, model):
    """An AMD CPU with this signature, made of a model of QEMU's (its features) under other numbers."""
    family, number = (ident >> 20) + 15, ident >> 12 & 0xF0 | ident >> 4 & 0xF
    return Cpu("amd", ident, f"{model},family={family},model={number},stepping={ident & 0xF}")


SKYLAKE = Cpu("intel", 0x50654, "Skylake-Server-v1")
CASCADE_LAKE = Cpu("intel", 0x50657, "Skylake-Server-v1,stepping=7")
DENVERTON = Cpu("intel", 0x506F1, "Denverton-v1")
ICE_LAKE = Cpu("intel", 0x606A6, "Icelake-Server-v1,model=106,stepping=6")
# Ice Lake's model has five levels of page tables, and with them the direct map's other start.
SAPPHIRE_RAPIDS_E0 = Cpu("intel", 0x806F4, "Icelake-Server-v1,model=143,stepping=4")
SAPPHIRE_RAPIDS_E5 = Cpu("intel", 0x806F8, "Icelake-Server-v1,model=143,stepping=8")

FAMILY_15H = Cpu("amd", 0x600F20, "EPYC-v1,family=21,model=2,stepping=0")  # Opteron_G5 hangs under TCG
FAMILY_16H = Cpu("amd", 0x730F01, _plain("AuthenticAMD", 22, 48, 1))
NAPLES = Cpu("amd", 0x800F12, "EPYC-v1")
ROME = Cpu("amd", 0x830F10, "EPYC-Rome")
MILAN = Cpu("amd", 0xA00F11, "EPYC-Milan")
TURIN = Cpu("amd", 0xB00F21, "EPYC-Milan,family=26,model=2,stepping=1")
