"""The listers that people have, on an image that they do not see the whole of: real programs, in the chroot."""

import tempfile
from pathlib import Path

import debian
import kernels
from fault import require

_KERNEL = "6.12-cloud"


def lsinitrd(image):
    """The names that dracut's own lister prints, complaints and all."""
    with tempfile.TemporaryDirectory(prefix="kip-images-") as out:
        (Path(out) / "image").write_bytes(image)
        text = debian.run(kernels.get(_KERNEL), "lsinitrd /out/image", out)
    lines = [line.split(maxsplit=8) for line in text.decode(errors="replace").splitlines()]
    return {words[8] for words in lines if len(words) == 9 and len(words[0]) == 10}


def require_blind(image, seen, unseen):
    """lsinitrd has the one names and not the others: else this image proves nothing about us."""
    names = lsinitrd(image)
    for name in seen:
        require(name in names, f"lsinitrd does not list '{name}' of this image")
    for name in unseen:
        require(name not in names, f"lsinitrd lists '{name}': it is not blind for this image")
