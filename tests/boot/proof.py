"""Two proofs that the kernel took our bytes, both read from outside of the guest.

A, AMD only: QEMU's `ucode-rev` is the revision the guest's CPU reports. Given the id of the patch in the
image, the kernel writes the patch, reads that id back and logs its success line. It does so exactly if it
found a patch with this id for this CPU. (An equal revision is applied again on AMD; Intel's loader passes
over it in silence, so there is no such proof.)

B, both vendors: the loader ends in one `wrmsr` that hands the CPU a pointer. We find these instructions in
the kernel's own code and have QEMU log the registers of the block of code that follows each of them. QEMU
ends a block at every wrmsr, so the registers are still those of the write: ecx names the MSR, edx:eax is
the pointer. A pointer is an address in the kernel's direct map of memory; minus the map's start, minus the
place where the boot loader put the image (the kernel prints it), it is an offset in the image file.
"""

import functools
import lzma
import re
import struct
import zlib
from dataclasses import dataclass

import elf
import guest
from fault import require

# MSR written with the pointer, and where that points: Intel's to the data behind the 48-byte header
# (IA32_BIOS_UPDT_TRIG, SDM vol. 4), AMD's to the patch itself (MSR_AMD64_PATCH_LOADER, linux msr-index.h).
MSRS = {0x79: ("intel", 48), 0xC0010020: ("amd", 0)}

# Start of the direct map with four and with five levels of page tables (x86/x86_64/mm.rst). A guest has at
# most a few GiB, so the pointer's upper bits tell which one it is.
DIRECT_MAPS = (0xFFFF888000000000, 0xFF11000000000000)

MOV_TO_ECX, WRMSR = b"\xb9", b"\x0f\x30"
# Between the two stand at most the instructions that split the pointer into eax and edx.
MOV_WRMSR_REACH = 26


@dataclass(frozen=True)
class Load:
    """One microcode write of the guest; `offset` is the update's first byte in the image, None if elsewhere."""

    vendor: str
    pointer: int
    offset: int | None


def vmlinux(bzimage):
    """The ELF kernel inside a bzImage. Offsets: x86/boot.rst, "The Real-Mode Kernel Header"."""
    require(bzimage[0x202:0x206] == b"HdrS", "kernel: not a bzImage")
    setup_sectors = bzimage[0x1F1] or 4
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = bzimage[start : start + length]
    # The build appends the unpacked size to every payload, gzip's trailer ends in it anyway: our check that
    # the whole kernel was unpacked.
    (size,) = struct.unpack_from("<I", payload, length - 4)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        kernel = guest.zstd("-d", data=payload[:-4])
    elif payload.startswith(b"\xfd7zXZ\0"):
        kernel = lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(payload)
    elif payload.startswith(b"\x1f\x8b"):
        kernel = zlib.decompressobj(wbits=31).decompress(payload)
    else:
        require(False, f"kernel: payload of unknown compression ({payload[:4].hex()})")
    require(len(kernel) == size, f"kernel: unpacked to {len(kernel)} bytes, should be {size}")
    return kernel


@functools.cache
def sites(image):
    """Where the kernel file `image` goes on after a microcode write: a mapping of address to MSR number."""
    found = {}
    # Debian's kernels have no symbols to ask, so all code is searched.
    for segment in elf.segments(vmlinux(image.read_bytes())):
        for msr in MSRS if segment.kind == elf.LOAD and segment.flags & elf.EXECUTABLE else ():
            load = re.escape(MOV_TO_ECX + struct.pack("<I", msr))
            pattern = load + b".{0,%d}?" % MOV_WRMSR_REACH + re.escape(WRMSR)
            for match in re.finditer(pattern, segment.data, re.DOTALL):
                found[segment.address + match.end()] = msr
    missing = [vendor for msr, (vendor, _) in MSRS.items() if msr not in found.values()]
    require(not missing, f"kernel: no microcode write found for {' and '.join(missing)}")
    return found


def _image_place(serial, size):
    """The image's physical address as the kernel prints it, with the size as a check that it is ours."""
    match = re.search(r"RAMDISK: \[mem (0x[0-9a-f]+)-(0x[0-9a-f]+)\]", serial)
    require(match, "guest: the kernel does not tell where the image lies")
    first, last = (int(number, 16) for number in match.groups())
    # The boot loader may round up to whole pages, never down.
    require(size <= last + 1 - first < size + 4096, "guest: the kernel's image has another size than ours")
    return first


def loads(boot, watched, image_size):
    """Every microcode write of a boot as a Load, in order."""
    place = _image_place(boot.serial, image_size)
    result = []
    for dump in re.split(r"^(?=RAX=)", boot.log, flags=re.MULTILINE)[1:]:
        register = {name: int(value, 16) for name, value in re.findall(r"\b(R[A-Z]{2})=([0-9a-f]{16})", dump)}
        msr = watched.get(register["RIP"])
        if msr is None or register["RCX"] & 0xFFFFFFFF != msr:
            continue  # reached the address by another way than through the write before it
        pointer = (register["RDX"] & 0xFFFFFFFF) << 32 | register["RAX"] & 0xFFFFFFFF
        vendor, header = MSRS[msr]
        offsets = [pointer - start - place - header for start in DIRECT_MAPS]
        inside = [offset for offset in offsets if 0 <= offset < image_size]
        result.append(Load(vendor, pointer, inside[0] if inside else None))
    return result


def applied(boot):
    """Proof A: the revisions in the kernel's lines about early success, in 6.12's words or 6.1's.

    6.12 names the revision it came from, 6.1 the new one: with proof A's guests these are the same.
    """
    words = r"[Uu]pdated early (?:from:|to new patch_level=|to revision) ?(0x[0-9a-f]+)"
    return [int(revision, 16) for revision in re.findall(words, "\n".join(boot.lines("dmesg")))]
