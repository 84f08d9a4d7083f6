"""The table of images: crooked ones, which inspect must see as kernels do, and ones that join made.

A row says of each crooked image which parts never reach the root file system, whose update the CPU is handed, what
the kernel says of it, and the rule that inspect has to name. inspect, the row and the boot must agree in all of it.
Standard is one image of each kind of loss; everything else is in `all`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import blobs
import compressors
import cpus
import generators
import image_parts
import newc
import supplies
from boots import MILAN_MADE, OLD_KERNEL
from cpus import INTEL_MASK, SKYLAKE
from image_parts import Part, aligned, further, main, mute, padding, part, waker

INTEL = "kernel/x86/microcode/GenuineIntel.bin"

MAGIC = "invalid magic at start of compressed archive"
BROKEN_PADDING = "broken padding"
JUNK = "junk at the end of compressed archive"
LZ4 = "Decoding failed"
XZ = "Input was encoded with settings that are not supported by this XZ decoder"


@dataclass(frozen=True)
class ImageCase:
    """One image, and what a kernel makes of it."""

    name: str
    parts: Callable  # (early Part as ucode-pack made it) -> list of Part
    joined: bool = False  # initrd-pack makes the image of the parts; else they stand one behind the other
    lost: tuple = ()  # names of parts of which nothing reaches the root
    loads: str | None = "early"  # the part with the update that the CPU is handed
    rules: tuple = ()  # of inspect's warnings and errors, these and no others
    message: str = ""  # the kernel's own, where it gives up unpacking
    crash: str = ""  # the kernel does not get past unpacking: the function it faults in
    words: tuple = ()  # for the kernel's command line
    cpu: cpus.Cpu = SKYLAKE
    supply: Callable = supplies.intel_made
    kernel: str = "6.12-cloud"
    tier: str = "all"
    needs_corpus: bool = False


# --- Crooked: the early part ---------------------------------------------------------------------------


def _changed(early, change):
    """The early part with other bytes as its member, nothing else different."""
    tree = dict(early.tree)
    tree[INTEL] = change(bytearray(tree[INTEL]))
    data = newc.write(tree)
    return Part(early.name, data + bytes(-len(data) % 512), tree, early.update)


def _flipped(data):
    data[1024] ^= 0x01
    return bytes(data)


def _behind_main(early):
    return [*aligned([main()]), early]


def _doubled(early):
    return [image_parts.stale(), early, main()]


def _flipped_byte(early):
    return [_changed(early, _flipped), main()]


def _stray_bytes(early):
    return [_changed(early, lambda data: bytes(data) + b"\r\n\r\n"), main()]


def _wrong_cpu(_early):
    other = blobs.intel(cpus.CASCADE_LAKE.ident, INTEL_MASK, supplies.REVISION)
    tree = image_parts.stale().tree | {INTEL: other.data}
    return [*aligned([part("early", tree, compressors.raw)], 512), main()]


def _two_zeros(early):
    return [early, *aligned([waker()], rest=2), mute(compressors.gzip)]


def _cut_trailer(early):
    first = waker()
    assert first.data.endswith(newc.TRAILER + bytes(4))
    return [early, replace(first, data=first.data[:-3]), mute(compressors.gzip)]


# --- Crooked: what stands behind -----------------------------------------------------------------------


def _directory_over_link(early):
    tree = {"lib": None, "lib/further": image_parts.mark("lib/further")}
    return [early, main(), part("further", tree)]


def _behind_lz4(zeros, last=further):
    """A further archive behind legacy lz4 data and some zero bytes."""
    return lambda early: [early, main(compressors.lz4_legacy), padding(zeros), last()]


def _short_text():
    """An archive that the lz4 decoder reads in full, as literals, once a zero byte has led it into it."""
    tree = {"parts": None, "parts/further": b"one line of text\n" * 10000}
    made = part("further", tree, compressors.zstd_sized)
    assert len(made.data) < 180 and made.data[4] == 0xA4
    return made


def _lz4_end(zeros):
    return lambda early: [early, main(compressors.lz4_legacy), padding(zeros)]


def _main_as(compress):
    return lambda early: [early, waker(), mute(compress), further()]


def _further_as(compress):
    return lambda early: [early, main(), further(compress=compress), further("last")]


def _split(early):
    """One archive in two frames, cut in the middle of its last file."""
    tree = image_parts.further_tree("split")
    archive = newc.write(tree)
    cut = archive.index(tree["lib/split"]) + 100
    came_out = tree | {"lib/split": tree["lib/split"][:100] + bytes(len(tree["lib/split"]) - 100)}
    first = Part("split", compressors.zstd(archive[:cut]), came_out)
    return [early, main(), first, Part("second", compressors.zstd(archive[cut:]), {}), further()]


def _misaligned(early):
    return [early, *aligned([main()], rest=2), further(compress=compressors.raw)]


def _stray_between(early):
    return [early, main(), Part("stray", b"stray", {}), further()]


CROOKED = [
    ImageCase("crooked-behind-main", _behind_main, loads=None, rules=("early-unreachable",), tier="standard"),
    ImageCase("crooked-doubled", _doubled, loads="stale", rules=("early-shadowed",)),
    ImageCase("crooked-flipped-byte", _flipped_byte, loads=None, rules=("early-void",)),
    ImageCase("crooked-stray-bytes", _stray_bytes, loads=None, rules=("early-void",)),
    ImageCase("crooked-wrong-cpu", _wrong_cpu, loads=None),
    ImageCase("crooked-two-zeros", _two_zeros, lost=("main",), rules=("segment-misaligned",),
              message=BROKEN_PADDING),
    ImageCase("crooked-cut-trailer", _cut_trailer, lost=("main",),
              rules=("segment-misaligned", "segment-unknown"), message=BROKEN_PADDING),
    ImageCase("crooked-directory-over-link", _directory_over_link, rules=("unpack-directory-over-link",)),
    ImageCase("crooked-lz4-0", _behind_lz4(0), lost=("further",), rules=("segment-lz4-tail",), message=LZ4),
    ImageCase("crooked-lz4-1", _behind_lz4(1), lost=("further",), rules=("segment-lz4-tail",), message=LZ4),
    ImageCase("crooked-lz4-3", _behind_lz4(3), lost=("further",), rules=("segment-lz4-tail",), message=LZ4),
    ImageCase("crooked-lz4-1-stops", _behind_lz4(1, _short_text), lost=("further",), rules=("segment-lz4-tail",),
              crash="LZ4_decompress_safe", words=("oops=panic",)),
    ImageCase("straight-lz4-4", _behind_lz4(4)),
    ImageCase("straight-lz4-end-1", _lz4_end(1)),
    ImageCase("straight-lz4-end-3", _lz4_end(3)),
    ImageCase("crooked-xz-crc64", _main_as(compressors.xz_crc64), lost=("main", "further"),
              rules=("segment-not-for-kernels",), message=XZ),
    ImageCase("crooked-lz4-frame", _further_as(compressors.lz4_frame), lost=("further", "last"),
              rules=("segment-unknown",), message=MAGIC),
    ImageCase("crooked-zstd-skippable", _further_as(compressors.zstd_skippable), lost=("further", "last"),
              rules=("segment-unknown",), message=MAGIC),
    ImageCase("crooked-split", _split, lost=("second", "further"), rules=("segment-split",), message=JUNK),
    ImageCase("crooked-misaligned", _misaligned, lost=("further",), rules=("segment-misaligned",), message=MAGIC),
    ImageCase("crooked-stray-between", _stray_between, lost=("stray", "further"),
              rules=("segment-unknown",), message=MAGIC),
]  # fmt: skip

# --- Joined --------------------------------------------------------------------------------------------


def _joined(name, base, last=further, **more):
    return ImageCase(name, lambda early: [early, base(), last()], joined=True, **more)


def _over_generated(generator, kernel, **more):
    return _joined(
        f"joined-{generator}", lambda: image_parts.generated(generator, kernel), image_parts.wake_generated,
        words=(f"rdinit={generators.INIT}",), kernel=kernel, **more,
    )  # fmt: skip


def _raw():
    return further(compress=compressors.raw)


JOINED = [
    _joined("joined-zstd-zstd", main, tier="standard"),
    _joined("joined-lz4-raw", lambda: main(compressors.lz4_legacy), _raw),
    _joined("joined-lz4-zstd", lambda: main(compressors.lz4_legacy)),
    _joined("joined-xz-raw", lambda: main(compressors.xz), _raw),
    _joined("joined-raw-gzip", lambda: main(compressors.raw), lambda: further(compress=compressors.gzip)),
    _joined("joined-bz2-lzma", lambda: main(compressors.bz2), lambda: further(compress=compressors.lzma_alone)),
    _joined("joined-stale", lambda: image_parts.on_stale(main(compressors.gzip))),
    _joined("joined-amd", main, cpu=cpus.MILAN, supply=MILAN_MADE),
    _over_generated("initramfs-tools", "6.12-cloud", tier="standard"),
    _over_generated("dracut", "6.12-cloud", tier="standard"),
]  # fmt: skip


def _on_old_kernel(case):
    return replace(case, name=f"{case.name}@{OLD_KERNEL}", kernel=OLD_KERNEL, tier="all")


def table():
    """All cases in running order; the standard tier's come first."""
    cases = sorted(CROOKED + JOINED, key=lambda case: case.tier != "standard")
    cases += [_on_old_kernel(case) for case in CROOKED + JOINED if generators.INIT not in "".join(case.words)]
    return cases + [
        replace(_over_generated(name, OLD_KERNEL), name=f"joined-{name}@{OLD_KERNEL}")
        for name in ("initramfs-tools", "dracut")
    ]
