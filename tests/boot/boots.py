"""The table of boots: which firmware, which CPU, which order of parts, and what the kernel must do.

Standard is what every change runs: each way of finding an update once, each way of losing one once, on the
quick kernel, and one boot on the loader as it was before its rework. Everything else is in `all`.
"""

from dataclasses import replace

import cpus
import generators
import guest
import installed
import machine
import parts
import supplies
from case import Case

OLD_KERNEL = "6.1"

# Past the cutoff of AMD's signature bug (0x0a0011da), below which newer kernels take only patches whose
# digest they know; sizes are the families' own.
MILAN_MADE = supplies.amd_made(cpus.MILAN, patch=0x0A0011FF, size=5568)
MILAN_NEXT = supplies.amd_made(cpus.MILAN, patch=0x0A0011FF, size=5568, served=False)
FAMILY_16H_MADE = supplies.amd_made(cpus.FAMILY_16H, patch=0x07030199, size=3424)


def _case(name, cpu, supply, **more):
    """A case whose settings are the usual ones but for `more`."""
    usual = {
        "specs": (cpu.spec,),
        "packer": parts.ucode_pack,
        "damage": parts.untouched,
        "image": parts.in_front,
    }
    return Case(name, cpu, supply=supply, **(usual | more))


def _real(name, cpu, **more):
    """A case with the corpus' whole tree for the CPU's vendor."""
    tree = supplies.intel_real(cpu) if cpu.vendor == "intel" else supplies.amd_real(cpu)
    return _case(name, cpu, tree, needs_corpus=True, **more)


def _lost(name, supply=supplies.intel_made, cpu=cpus.SKYLAKE, **more):
    """A case that must load nothing."""
    return _case(name, cpu, supply, loads=False, **more)


def _everything(name, cpu, **more):
    """A case with all that the corpus has, for all CPUs."""
    return _case(name, cpu, supplies.all_real(cpu), specs=("all",), needs_corpus=True, **more)


def _generated(name, generator, kernel="6.12-cloud"):
    """An entry over a real generator's initrd for the kernel that boots; dracut's begins with stale microcode."""

    def base():
        return generators.initrd(generator, kernel)

    return _case(
        name, cpus.SKYLAKE, supplies.intel_made, kernel=kernel, packer=installed.over(base),
        base=lambda: installed.rest(base()) + generators.our_init(), words=(f"rdinit={generators.INIT}",),
    )  # fmt: skip


def _fleet(name, cpu):
    """A guest that is one machine of a fleet with every CPU of the corpus, and gets the image that all of it gets."""
    return _case(f"fleet-{name}", cpu, supplies.fleet(cpu), specs=("all",), packer=parts.fleet, needs_corpus=True)


def _split(name, cpu):
    """The same with the early part for this CPU alone, found by the index."""
    return _case(f"split-{name}", cpu, supplies.fleet(cpu), packer=parts.fleet_split(cpu), needs_corpus=True)


FLEET = {
    "skylake": cpus.SKYLAKE, "cascade-lake": cpus.CASCADE_LAKE, "ice-lake": cpus.ICE_LAKE,
    "sapphire-rapids": cpus.SAPPHIRE_RAPIDS_E5, "milan": cpus.MILAN, "rome": cpus.ROME,
}  # fmt: skip

STANDARD = [
    _case("intel-made", cpus.SKYLAKE, supplies.intel_made),
    _case("amd-made-milan", cpus.MILAN, MILAN_MADE),
    # No update has this signature in its main header.
    _real("intel-extended", cpus.SAPPHIRE_RAPIDS_E0),
    _everything("everything-intel", cpus.SKYLAKE),
    _real("amd-milan", cpus.MILAN),
    _case("installed-over-stale", cpus.SKYLAKE, supplies.intel_made, packer=installed.over(installed.stale)),
    _fleet("skylake", cpus.SKYLAKE),
    _split("milan", cpus.MILAN),
    _lost("lost-flipped-bit", damage=parts.flipped_bit),
    _lost("lost-behind-base", image=parts.behind),
]

MORE = [
    _case("intel-made-extended", cpus.SKYLAKE, supplies.intel_made_extended),
    _case("amd-made-16h", cpus.FAMILY_16H, FAMILY_16H_MADE),
    *(_fleet(name, cpu) for name, cpu in FLEET.items() if name != "skylake"),
    *(_split(name, cpu) for name, cpu in FLEET.items() if name != "milan"),
    _case("installed-intel", cpus.SKYLAKE, supplies.intel_made, packer=installed.over(guest.base)),
    _case("installed-amd", cpus.MILAN, MILAN_MADE, packer=installed.over(guest.base)),
    _generated("installed-initramfs-tools", "initramfs-tools"),
    _generated("installed-dracut", "dracut"),
    _case("installed-257", cpus.SKYLAKE, supplies.intel_made, packer=installed.over(guest.base, machine.TRIXIE)),
    _case("installed-257-unified", cpus.MILAN, MILAN_MADE, unified=True),
    _real("intel-skylake", cpus.SKYLAKE),
    _real("intel-cascade-lake", cpus.CASCADE_LAKE),
    _real("intel-denverton", cpus.DENVERTON),
    _real("intel-ice-lake", cpus.ICE_LAKE),
    _real("intel-sapphire-rapids", cpus.SAPPHIRE_RAPIDS_E5),
    _real("amd-15h", cpus.FAMILY_15H),
    _real("amd-16h", cpus.FAMILY_16H),
    _real("amd-naples", cpus.NAPLES),
    _real("amd-rome", cpus.ROME),
    _real("amd-turin", cpus.TURIN),
    _everything("everything-amd", cpus.MILAN),
    _lost("lost-other-cpu", supplies.intel_made_other_cpu, specs=(cpus.CASCADE_LAKE.spec,)),
    _lost("lost-compressed", image=parts.compressed),
    _lost("lost-other-platform", supplies.intel_made_other_platform, specs=(f"{cpus.SKYLAKE.ident:#x}",)),
    _lost("lost-same-revision", ahead=0),
    _lost("lost-loader-disabled", words=("dis_ucode_ldr",), loader_on=False),
    _lost("lost-hypervisor", hypervisor=True, loader_on=False),
    # The running revision is Milan's own, so only the stepping stands between the patch and the CPU.
    _lost("lost-amd-other-cpu", MILAN_NEXT, cpus.MILAN, specs=("cpu00A00F12",), ahead=-supplies.AMD_STEPPING),
    _lost("lost-amd-newer-running", MILAN_MADE, cpus.MILAN, ahead=1),
    _lost("lost-amd-behind-base", MILAN_MADE, cpus.MILAN, image=parts.behind),
    _case("control-gnu-cpio", cpus.SKYLAKE, supplies.intel_made, packer=parts.gnu_cpio, control=True),
    _case("control-iucode-tool", cpus.SKYLAKE, supplies.intel_made, packer=parts.iucode_tool, control=True),
]


def _on_old_kernel(case, tier):
    return replace(case, name=f"{case.name}@{OLD_KERNEL}", kernel=OLD_KERNEL, tier=tier)


def table():
    """All cases in running order; the standard tier's come first."""
    first, *rest = STANDARD
    cases = STANDARD + [_on_old_kernel(first, "standard")]
    cases += [replace(case, tier="all") for case in MORE]
    # Generators' initrds are made for one kernel; a unified image holds its own.
    old = [case for case in rest + MORE if case.base is guest.base and not case.unified]
    return cases + [_on_old_kernel(case, "all") for case in old]
