"""The table of predictions that boots are held against: CPU, microcode, the revision that the BIOS left.

No row says what comes of it. `ucode-pack predict` does, of the very image, and the boot must then do so. Numbers
are the vendors' own where there are any: ids below and above each CPU's cutoff of AMD's signature bug (EntrySign,
AMD-SB-7033). Made bytes under an id whose digest kernels list are a digest mismatch, which has to be predicted,
too; that a listed patch loads is shown with real ones, from the corpus.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import blobs
import cpus
from cpus import INTEL_MASK, Cpu

# Before anything of AMD's signature bug, with nearly all of it, and with all.
USUAL = ("6.1", "6.12-cloud", "newest")
BOTH = USUAL[1:]
# Ends that lie between two changes: of the table of cutoffs and the list of digests; of what the newest do.
DIGESTS = ("6.12-cloud", "6.16-first", "6.16", "6.17-first", "6.17", "6.18", "newest")
NEWEST = ("6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "newest")

SIZES = {0x10: 960, 0x15: 2592, 0x16: 3424, 0x17: 3200, 0x19: 5568, 0x1A: 14368}  # of patches, by family


@dataclass(frozen=True)
class Microcode:
    """What the image's member holds: words for the table, and bytes (given the corpus, or None)."""

    words: str
    build: Callable
    needs_corpus: bool = False


@dataclass(frozen=True)
class PredictedCase:
    """One row on one kernel. `revision` is the one that the BIOS left, `told` the one that predict is given.

    Where the two are not the same this is a control: prediction and boot have to differ, and the judge to see it.
    """

    name: str
    cpu: Cpu
    microcode: Microcode
    revision: int
    kernel: str
    tier: str
    told: int

    @property
    def needs_corpus(self):
        """Whether it takes real microcode."""
        return self.microcode.needs_corpus


# --- CPUs beside those of cpus.py ------------------------------------------------------------------------

NAPLES, ROME, MATISSE, PICASSO, LUCIENNE = (
    cpus.amd(ident, "EPYC-v1") for ident in (0x800F12, 0x830F10, 0x870F10, 0x810F81, 0x860F81)
)
MILAN_B0, MILAN, MILAN_X, CEZANNE, VERMEER, GENOA, BERGAMO_A1, BERGAMO = (
    cpus.amd(ident, "EPYC-Milan")
    for ident in (0xA00F10, 0xA00F11, 0xA00F12, 0xA50F00, 0xA20F12, 0xA10F11, 0xAA0F01, 0xAA0F02)
)
TURIN, SHIMADA_PEAK, GRANITE_RIDGE, STRIX_HALO, UNAFFECTED = (
    cpus.amd(ident, "EPYC-Milan") for ident in (0xB00F21, 0xB00F81, 0xB40F41, 0xB70F00, 0xB50F00)
)
FAMILY_10H = cpus.amd(0x100F43, "qemu64,vendor=AuthenticAMD")
FAMILY_15H, FAMILY_16H = cpus.FAMILY_15H, cpus.FAMILY_16H
SKYLAKE, CASCADE_LAKE, ICE_LAKE = cpus.SKYLAKE, cpus.CASCADE_LAKE, cpus.ICE_LAKE
SAPPHIRE_E0, SAPPHIRE_E5 = cpus.SAPPHIRE_RAPIDS_E0, cpus.SAPPHIRE_RAPIDS_E5

# --- Microcode -------------------------------------------------------------------------------------------


def _patch(cpu, revision, base=0):
    family = (cpu.ident >> 20) + 15
    return blobs.amd(cpu.ident, revision, SIZES[family], base).data


def _made(cpu, *revisions, base=0, table=None):
    """A container with made patches in this order, and a table of the CPU, or of another one (`table`)."""
    words = "made " + ", ".join(f"{it:#010x}" for it in revisions)
    words += f" (minimum base {base:#010x})" if base else ""
    words += f" under a table of {table:#010x}" if table else ""
    patches = [_patch(cpu, it, base) for it in revisions]
    data = blobs.amd_sections([table or cpu.ident], patches)
    return Microcode(words, lambda _corpus: data)


def _real_and_made(cpu, tree, revision):
    """The corpus' patch for the CPU, and a made one behind it in the same container."""

    def build(corpus):
        return blobs.amd_sections([cpu.ident], [corpus.amd(cpu.ident, tree).data, _patch(cpu, revision)])

    return Microcode(f"real one of `{tree}`, made {revision:#010x}", build, needs_corpus=True)


def _container(name):
    """A whole container of the corpus."""
    return Microcode(f"`{name}`", lambda corpus: (corpus.root / name).read_bytes(), needs_corpus=True)


def _intel(*updates):
    """Made updates in this order, each (signature, mask, revision) or with an extended table behind."""
    words = "; ".join(
        f"made {it[2]:#010x} for {it[0]:#x}/{it[1]:#x}"
        + "".join(f" + {signature:#x}/{mask:#x}" for signature, mask in (it[3] if len(it) > 3 else ()))
        for it in updates
    )
    data = b"".join(blobs.intel(*it).data for it in updates)
    return Microcode(words, lambda _corpus: data)


# --- Rows ------------------------------------------------------------------------------------------------


def _rows(name, cpu, microcode, revisions, kernels=BOTH):
    """A row for each revision and kernel."""
    for revision in revisions:
        for kernel in kernels:
            full = f"predicted-{name}-{revision:#010x}@{kernel}"
            yield PredictedCase(full, cpu, microcode, revision, kernel, "all", revision)


def _before_zen():
    yield from _rows("10h", FAMILY_10H, _made(FAMILY_10H, 0x010000C8), (0x0100009F, 0x010000B6), USUAL)
    yield from _rows("15h", FAMILY_15H, _made(FAMILY_15H, 0x06000852), (0, 0x0600084F, 0x06000852, 0x06000853), USUAL)
    yield from _rows("16h", FAMILY_16H, _made(FAMILY_16H, 0x07030106), (0, 0x07030105, 0x07030106, 0x07030107), USUAL)


def _zen_1_and_2():
    naples = _made(NAPLES, 0x0800126F, 0x08001279)
    yield from _rows("naples-pair", NAPLES, naples, (0, 0x0800126E, 0x08001278, 0x08001279, 0x0800127A))
    # Between the two cutoffs that kernels have had for this CPU (0x0800126f, later 0x08001277).
    yield from _rows("naples-between", NAPLES, _made(NAPLES, 0x08001279), (0x08001277,), DIGESTS)
    yield from _rows("naples-real", NAPLES, _container("amd-ucode-vendor/microcode_amd_fam17h.bin"), (0x08001213,))
    yield from _rows("rome-pair", ROME, _made(ROME, 0x0830107C, 0x0830107F), (0x08301055, 0x0830107C, 0x0830107D))
    yield from _rows("rome-real", ROME, _container("amd-ucode/microcode_amd_fam17h.bin"), (0x0830107C, 0x0830107D))
    yield from _rows("matisse", MATISSE, _made(MATISSE, 0x08701035), (0x08701034, 0x08701035))
    yield from _rows("lucienne", LUCIENNE, _made(LUCIENNE, 0x08608108), (0x08608103,))
    picasso = _made(PICASSO, 0x0810810E)
    yield from _rows("picasso", PICASSO, picasso, (0, 0x08108102, 0x0810810E, 0x0810810F), USUAL)


def _zen_3_and_4():
    pair = _made(MILAN, 0x0A0011D5, 0x0A0011DE)
    revisions = (0, 0x0A0011CE, 0x0A0011D5, 0x0A0011DA, 0x0A0011DB, 0x0A0011DE, 0x0A0011DF)
    yield from _rows("milan-pair", MILAN, pair, revisions, USUAL)
    # Only kernels that choose between updates from before and after the fix pass over the newer one.
    yield from _rows("milan-pair", MILAN, pair, (0x0A0011CE,), NEWEST[:3])
    yield from _rows("milan-swapped", MILAN, _made(MILAN, 0x0A0011DE, 0x0A0011D5), (0x0A0011CE, 0x0A0011DB))
    yield from _rows("milan-swapped", MILAN, _made(MILAN, 0x0A0011DE, 0x0A0011D5), (0x0A0011DB,), NEWEST[:1])
    yield from _rows("milan-unlisted", MILAN, _made(MILAN, 0x0A0011D4), (0x0A0011CE, 0x0A0011DB))
    # Which update a Zen is given goes by the table in old kernels, by the patch's id in newer ones.
    yield from _rows("milan-table", MILAN, _made(MILAN, 0x0A0011DE, table=0xA00F12), (0x0A0011DB,), USUAL)
    yield from _rows("milan-real", MILAN, _container("amd-ucode/microcode_amd_fam19h.bin"), (0x0A0011CE, 0x0A0011DB))
    b0 = _real_and_made(MILAN_B0, "amd-ucode", 0x0A001084)  # the real one is listed, and is the cutoff
    yield from _rows("milan-b0-real", MILAN_B0, b0, (0x0A001075, 0x0A00107A, 0x0A00107B), USUAL)
    yield from _rows("milan-b0-real", MILAN_B0, b0, (0,), ("6.16-first", *NEWEST, "7.2-first"))
    yield from _rows("milan-x-pair", MILAN_X, _made(MILAN_X, 0x0A001238, 0x0A001247), (0x0A001243, 0x0A001244))
    # Its digest came with a later change than the first list.
    yield from _rows("cezanne", CEZANNE, _made(CEZANNE, 0x0A500012), (0x0A500008,))
    vermeer = _made(VERMEER, 0x0A201210, 0x0A201213)
    yield from _rows("vermeer-pair", VERMEER, vermeer, (0, 0x0A201205, 0x0A201212, 0x0A201213))
    genoa = _made(GENOA, 0x0A101148, 0x0A101158, base=0x0A101153)
    yield from _rows("genoa-pair", GENOA, genoa, (0x0A101140, 0x0A101153, 0x0A101154))
    bergamo = _made(BERGAMO, 0x0AA00215, 0x0AA0021C)
    yield from _rows("bergamo-pair", BERGAMO, bergamo, (0x0AA00210, 0x0AA00218, 0x0AA00219))
    a1 = _container("amd-ucode/microcode_amd_fam19h.bin")
    yield from _rows("bergamo-real", BERGAMO_A1, a1, (0, 0x0AA00110, 0x0AA00116, 0x0AA00117))


def _zen_5():
    turin = _made(TURIN, 0x0B002161, base=0x0B002140)
    yield from _rows("turin", TURIN, turin, (0, 0x0B002146, 0x0B002147, 0x0B002161, 0x0B002162))
    yield from _rows("turin", TURIN, turin, (0x0B00213F,), USUAL)  # below what the CPU asks for, too
    shimada = _made(SHIMADA_PEAK, 0x0B008121)
    yield from _rows("shimada-peak", SHIMADA_PEAK, shimada, (0x0B008111, 0x0B008112))
    granite = _made(GRANITE_RIDGE, 0x0B404108)
    yield from _rows("granite-ridge", GRANITE_RIDGE, granite, (0x0B404101,))
    yield from _rows("granite-ridge", GRANITE_RIDGE, granite, (0x0B404102,), DIGESTS)
    yield from _rows("strix-halo", STRIX_HALO, _made(STRIX_HALO, 0x0B700037), (0x0B700032,))
    yield from _rows("strix-halo", STRIX_HALO, _made(STRIX_HALO, 0x0B700037), (0x0B700031,), DIGESTS)
    # No CPU of this model is known to have the bug.
    yield from _rows("unaffected", UNAFFECTED, _made(UNAFFECTED, 0x0B500010), (0x0B500001,), DIGESTS)


def _from_intel():
    plain = _intel((SKYLAKE.ident, INTEL_MASK, 0x7F000001))
    yield from _rows("skylake", SKYLAKE, plain, (0, 0x7F000000, 0x7F000001, 0x7F000002, 0x80000001), USUAL)
    extended = _intel((CASCADE_LAKE.ident, INTEL_MASK, 0x7F000001, ((SKYLAKE.ident, 0xB7),), 4096))
    yield from _rows("skylake-extended", SKYLAKE, extended, (0x7F000000, 0x7F000001), USUAL)
    table = ((0x806F5, 0x87), (SAPPHIRE_E0.ident, 0x87))
    extended = _intel((SAPPHIRE_E5.ident, 0x87, 0x2B000643, table, 4096))
    yield from _rows("sapphire-extended", SAPPHIRE_E0, extended, (0, 0x2B000642, 0x2B000643))
    yield from _rows("sapphire-real", SAPPHIRE_E0, _container("intel-ucode/06-8f-08"), (0, 0x7F000000), USUAL)
    other = _intel((ICE_LAKE.ident, 0xFE, 0x0D000400), (ICE_LAKE.ident + 1, INTEL_MASK, 0x0D000401))
    yield from _rows("ice-lake-other", ICE_LAKE, other, (0x0D000100,), USUAL)
    zero = _intel((ICE_LAKE.ident, 0, 0x0D000400))
    yield from _rows("ice-lake-no-mask", ICE_LAKE, zero, (0x0D000100,), ("6.1", "6.12-cloud", *NEWEST, "7.1-first"))
    table = ((ICE_LAKE.ident, 0),)
    zero = _intel((SKYLAKE.ident, INTEL_MASK, 0x0D000400, table, 4096))
    yield from _rows("ice-lake-extended-no-mask", ICE_LAKE, zero, (0x0D000100,), ("6.1", "7.0", "7.1", "newest"))


STANDARD = {
    f"predicted-{name}"
    for name in (
        "milan-pair-0x0a0011ce@newest", "turin-0x0b002146@6.12-cloud", "skylake-extended-0x7f000000@newest",
    )
}  # fmt: skip


def _controls():
    """Milan with both updates loads on 6.12 what has the fix over a BIOS that has it, and nothing made over others."""
    pair = _made(MILAN, 0x0A0011D5, 0x0A0011DE)
    for name, revision, told in (("loads", 0x0A0011DB, 0x0A0011CE), ("refuses", 0x0A0011CE, 0x0A0011DB)):
        yield PredictedCase(f"predicted-control-{name}", MILAN, pair, revision, "6.12-cloud", "standard", told)


def table():
    """All cases in running order."""
    cases = [*_controls(), *_before_zen(), *_zen_1_and_2(), *_zen_3_and_4(), *_zen_5(), *_from_intel()]
    return [replace(it, tier="standard") if it.name in STANDARD else it for it in cases]
