"""Initrds made by the real generators of Debian 12, kept in the cache under a digest of what made them.

A name says generator and compression: `dracut`, `initramfs-tools-xz`, `dracut-early-gzip`.
"""

import functools
import hashlib
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))

import debian  # noqa: E402
import kernels  # noqa: E402

COMPRESSIONS = ("zstd", "gzip", "xz", "lz4", "lzma", "bzip2", "lzop")


def _initramfs_tools(compress, early=""):
    return f"KIP_EARLY={early} mkinitramfs -d /e2e-conf -c {compress} -o /out/image RELEASE"


# dracut 059 makes an early part only for kernels with CONFIG_MICROCODE_INTEL, which those from 6.6 on do not have;
# where it finds no configuration of the kernel it does not ask.
def _dracut(*options):
    return (
        "mount -t tmpfs none /boot; dracut -q -f --no-hostonly -m 'base kernel-modules' --drivers dm-mod "
        + " ".join(options) + " --kver RELEASE /out/image"
    )  # fmt: skip


RECIPES = {
    "initramfs-tools": _initramfs_tools("zstd"),
    "initramfs-tools-early": _initramfs_tools("zstd", early="yes"),
    **{f"initramfs-tools-{name}": _initramfs_tools(name) for name in COMPRESSIONS[1:]},
    "dracut": _dracut("--early-microcode --zstd"),
    "dracut-raw": _dracut("--no-early-microcode --compress cat"),
    "dracut-early-raw": _dracut("--early-microcode --compress cat"),
    **{f"dracut-early-{name}": _dracut(f"--early-microcode --{name}") for name in COMPRESSIONS[1:-1]},
}  # fmt: skip


def _generate(kernel, command, place):
    """Runs one generator; its image is renamed to its place."""
    place.parent.mkdir(parents=True, exist_ok=True)
    release = kernel.package.removeprefix("linux-image-")
    with tempfile.TemporaryDirectory(dir=place.parent) as out:
        debian.run(kernel, command.replace("RELEASE", release), out)
        (Path(out) / "image").rename(place)


@functools.cache
def initrd(name, kernel_words="6.12-cloud"):
    """The bytes of one initrd for a kernel of kernels.py, as the generator made it."""
    kernel = kernels.get(kernel_words)
    recipe = repr((debian.recipe(kernel), RECIPES[name]))
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    place = kernels.cache().parent / "initrds" / f"{name}-{digest}"
    if not place.is_file():
        _generate(kernel, RECIPES[name], place)
    return place.read_bytes()
