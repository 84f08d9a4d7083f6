"""A unified image that kernel-install wrote, booted by real UEFI firmware: OVMF, systemd's stub, the kernel.

Where the kernel finds the early part in memory is the stub's business here, so proof B, which wants an offset in
a file, is of no use. Proof A is: the guest runs the very revision that is packed, and the kernel says that it
applied it. AMD only, therefore.
"""

import shutil
import tempfile
from pathlib import Path

import guest
import installed
import kernels
import proof
from fault import require

FIRMWARE = Path("/usr/share/OVMF")
CODE, VARIABLES = FIRMWARE / "OVMF_CODE_4M.fd", FIRMWARE / "OVMF_VARS_4M.fd"


def _options(directory, image):
    """QEMU's options for the firmware and a FAT file system that has the image as its default boot loader."""
    variables, loader = directory / "variables", directory / "esp/EFI/BOOT"
    shutil.copyfile(VARIABLES, variables)
    loader.mkdir(parents=True)
    (loader / "BOOTX64.EFI").write_bytes(image)
    return [
        "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={CODE}",
        "-drive", f"if=pflash,unit=1,format=raw,file={variables}",
        "-drive", f"file=fat:rw:{directory / 'esp'},format=raw,if=none,id=esp",
        "-device", "virtio-blk-pci,drive=esp,bootindex=1", "-net", "none",
    ]  # fmt: skip


def run(case, programs, corpus, scratch):
    """Carries out one case; the evidence for its line, or a Fault."""
    require(CODE.is_file() and VARIABLES.is_file(), "needs ovmf")
    kernel = kernels.get(case.kernel)
    firmware = scratch / "firmware"
    firmware.mkdir()
    supply = case.supply(firmware, corpus)
    image = installed.unified(programs, case.specs, supply, scratch, kernel.image)
    with tempfile.TemporaryDirectory() as directory:
        boot = guest.run(_options(Path(directory), image), case.cpu.qemu(supply.update.revision, case.hypervisor))
    release = "".join(boot.lines("kernel"))
    require(release and kernel.package.endswith(release), f"guest: runs '{release}', not {kernel.package}")
    require(proof.applied(boot) == [supply.update.revision], "proof A: the kernel does not report success")
    return f"rev={supply.update.revision:#010x} A:updated unified image of {len(image)} bytes kernel={release}"
