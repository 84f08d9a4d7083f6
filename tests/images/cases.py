"""The images: made by hand, piece by piece, and made by real generators.

Standard is what every change runs: each method and each way of putting parts together once, and one image of each
generator. `all` adds the generators' other compressions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import archives
import blobs
import initrds
import streams
from cpus import INTEL_MASK, SKYLAKE

BULK = 9 * 1024 * 1024  # bytes: more than one chunk of legacy lz4, more than a window of 8 MiB
_COMMANDS = {
    "gzip": ("gzip", "-9nc"),
    "bzip2": ("bzip2", "-c"),
    "lzma": ("xz", "-c", "--format=lzma"),
    "xz-crc32": ("xz", "-c", "--check=crc32"),
    "xz-crc64": ("xz", "-c", "--check=crc64"),
    "xz-none": ("xz", "-c", "--check=none"),
    "lz4": ("lz4", "-lqc"),
    "zstd": ("zstd", "-qc"),
    "zstd-long": ("zstd", "-qc", "--long=27"),
    "zstd-unsummed": ("zstd", "-qc", "--no-check"),
    "lzo": ("lzop", "-c"),
}
# What inspect must find of these; of all others nothing.
_RULES = {
    "raw-summed": {"archive-summed"},
    "xz-crc64": {"segment-not-for-kernels"},
    "every-method": {"segment-not-for-kernels"},
    "lzo": {"segment-method"},
}


@dataclass(frozen=True)
class Case:
    """One image."""

    name: str
    make: Callable  # () -> bytes
    tier: str = "standard"
    by_generator: bool = False  # needs a chroot
    rules: frozenset = frozenset()  # of the faults of segments and archives that inspect must find, and no others
    seen: tuple = ()  # members that the real lsinitrd lists
    unseen: tuple = ()  # and those that it must miss


def packed(how, data):
    """Data as one stream."""
    return streams.pipe(_COMMANDS[how], data)


def _ucode(revision=1):
    return blobs.intel(SKYLAKE.ident, INTEL_MASK, revision).data


def _main(how="zstd"):
    return packed(how, archives.write(archives.root()))


def _one_of(*names):
    """An archive with one file a name, whose data is the name."""
    return archives.write(archives.Node(name, data=name.encode()) for name in names)


def _up4(data):
    return data + bytes(-len(data) % 4)


def _bulk(how):
    """More than fits into one block of any method."""
    data = archives.text(BULK, 3) if how != "lz4" else archives.noise(BULK, 3)
    return packed(how, archives.write([*archives.root(), archives.Node("bulk", data=data), archives.Node("behind")]))


def _several_raw():
    """Archives with no byte between, one that is empty, zeros, and one more."""
    return _one_of("a", "same") + _one_of("b", "same") + archives.write([]) + bytes(508) + _one_of("c")


def _several_inside():
    """Archives in one stream, with zeros between and behind them."""
    inside = _one_of("a", "same") + _one_of("b", "same") + bytes(512) + archives.write([]) + _one_of("c") + bytes(7)
    return packed("gzip", inside)


def _three_parts():
    """Early part, main part, a further archive; zeros between, as many as no alignment would ask for."""
    return archives.early(_ucode()) + _main("zstd") + bytes(509) + packed("gzip", _one_of("overlay")) + bytes(3)


def _doubled_early():
    """An early part in front of a generator's own."""
    inner = archives.early(_ucode(1), archives.Node("early_cpio", data=b"1\n"))
    return archives.early(_ucode(2), archives.Node("kip", data=b"{}")) + inner + _main("zstd")


def _every_method():
    """One part of each, one behind the other; legacy lz4 wants zeros behind it."""
    methods = [how for how in _COMMANDS if how != "lzo"]
    return b"".join(packed(how, _one_of(f"by-{how}", "same")) + (bytes(4) if how == "lz4" else b"") for how in methods)


def _twice(nodes):
    """The same archive raw and compressed: offsets count from elsewhere."""
    return archives.write(nodes) + packed("zstd", archives.write(nodes))


def _raw_behind():
    """A raw archive behind compressed data, at the next multiple of 4."""
    return _up4(_main("xz-crc32")) + _one_of("behind", "init") + _main("bzip2")


def _by_hand():
    make = {
        "raw": lambda: archives.write(archives.root()),
        "raw-summed": lambda: archives.write(archives.root(), summed=True),
        **{how: (lambda how=how: _main(how)) for how in _COMMANDS},
        **{f"bulk-{how}": (lambda how=how: _bulk(how)) for how in ("lz4", "zstd-long", "gzip")},
        "several-raw": _several_raw,
        "several-inside": _several_inside,
        "modules-in-front": lambda: archives.write(archives.modules()) + _main("zstd"),
        "early-and-modules": lambda: archives.early(_ucode()) + archives.write(archives.modules()) + _main("xz-crc32"),
        "three-parts": _three_parts,
        "doubled-early": _doubled_early,
        "every-method": _every_method,
        "lz4-then-lz4": lambda: _main("lz4") + packed("lz4", _one_of("overlay")),
        "lz4-zeros-zstd": lambda: _main("lz4") + bytes(8) + packed("zstd", _one_of("overlay")),
        "raw-behind": _raw_behind,
        "zeros-in-front": lambda: bytes(512) + archives.early(_ucode()) + _main("gzip"),
        "hard-links": lambda: _twice(archives.hard_links()),
        "nodes": lambda: packed("zstd", archives.write(archives.nodes())),
        "odd-names": lambda: _twice(archives.odd_names()),
        "long-names": lambda: packed("zstd", archives.write(archives.long_names())),
    }  # fmt: skip
    yield from (Case(name, maker, rules=frozenset(_RULES.get(name, ()))) for name, maker in make.items())


def _blind():
    """What the lister of dracut 059 does not show: it takes each image for one early part and one main part."""
    further = {"tier": "all", "by_generator": True}
    yield Case("lsinitrd-doubled-early", _doubled_early, seen=("kip", "early_cpio"), unseen=("init", "bin"), **further)
    yield Case("lsinitrd-three-parts", _three_parts, seen=("init",), unseen=("overlay",), **further)


def _generated(name, tier="all"):
    return Case(
        f"real-{name}", lambda: initrds.initrd(name), tier, by_generator=True,
        rules=frozenset({"segment-method"} if name.endswith("lzop") else ()),
    )  # fmt: skip


def table():
    """All cases in order."""
    first = ("initramfs-tools", "dracut")
    real = [_generated(name, "standard" if name in first else "all") for name in initrds.RECIPES]
    return [*_by_hand(), *_blind(), *real]
