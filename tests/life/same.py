"""Whether a machine that lived on is the same as one that was made today of the same things."""

import subprocess

import newc
import snapshot
from fault import require
from system import TOKEN

BOOTING = (TOKEN, "loader", "EFI")  # what of $BOOT the boot loader reads
_WORDS = "kip/modules"  # the overlay's member that tells rules by file and line


def _overlay(data):
    """Members of an overlay but for its words."""
    if not data.startswith(newc.MAGIC):
        done = subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=False)
        require(done.returncode == 0, "the overlay is no zstd stream")
        data = done.stdout
    tree = newc.tree(data)
    return {path: content for path, content in tree.items() if path != _WORDS}


def _parts(system, kernel):
    """The recorded parts of a kernel's one image, by kind."""
    (file,) = system.manifests()[f"{TOKEN}@{kernel}.json"]["files"]
    data = system.path(file["path"].lstrip("/")).read_bytes()
    parts = {part["kind"]: data[part["offset"] : part["offset"] + part["size"]] for part in file["parts"]}
    return {kind: _overlay(content) if kind == "overlay" else content for kind, content in parts.items()}


def judge_images(system, new, kernels=None, reworded=()):
    """Every file that boots (of these kernels) is, byte for byte, what the new machine has; of `reworded` ones, but for
    words of rules."""
    ours, theirs = (snapshot.contents(snapshot.of(it.path(it.esp))) for it in (system, new))
    different = [path for path in snapshot.differences(ours, theirs) if path.split("/")[0] in BOOTING]
    if kernels is not None:
        different = [path for path in different if any(kernel in path for kernel in kernels)]
    for kernel in reworded:
        image = system.initrd(kernel).partition("/")[2]
        if image in different:
            different.remove(image)
            alike = _parts(system, kernel) == _parts(new, kernel)
            require(alike, f"the image of {kernel} is not as on a new machine, beside words")
    require(not different, f"not as on a new machine: {different}")


def judge_manifests(system, new, kernels):
    """What is recorded of these kernels is what the new machine records, but for times."""
    ours, theirs = system.manifests(), new.manifests()
    for kernel in kernels:
        name = f"{TOKEN}@{kernel}.json"
        require(name in ours and name in theirs, f"no manifest of {kernel}")
        found = snapshot.first_difference(snapshot.without_times(ours[name]), snapshot.without_times(theirs[name]))
        require(not found, f"manifest of {kernel}: not as on a new machine: {found}")
