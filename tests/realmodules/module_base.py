"""Bases of modules made by hand: archives with some of a kernel's own modules, and directories to ask modprobe in.

A kind is how the base holds its libraries: `merged` (lib is a link to usr/lib), `split` (lib is a directory), `nolib`
(there is no lib, so no modules either). The modules of the other two have indexes of their own, as every generator
makes them.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import build
import guest
import newc
from fault import require

KINDS = ("merged", "split", "nolib")
DM_MOD = "kernel/drivers/md/dm-mod.ko"
_INPUTS = ("modules.order", "modules.builtin", "modules.builtin.modinfo")
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


def own(tree, path):
    """A module of the kernel's own under the name that it has in this tree, compressed or not."""
    (found,) = tree.modules.glob(path + "*")
    return str(found.relative_to(tree.modules))


def write_tree(files, directory):
    """A mapping as newc.write() takes it, as files. Links are kept inside, as a root directory's are."""
    for path, data in files.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            place.mkdir(exist_ok=True)
        elif isinstance(data, newc.Link):
            place.unlink(missing_ok=True)
            place.symlink_to(data.target.lstrip("/") if place.parent == directory else data.target)
        else:
            place.unlink(missing_ok=True)
            place.write_bytes(data)


def indexes(tree, files):
    """{name: bytes} of what depmod makes of these modules ({path: bytes}), as `modules.dep`."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "lib/modules", tree.kernel.release)
        inputs = {name: tree.content(name) for name in _INPUTS}
        write_tree(inputs | files, place)
        command = ["/sbin/depmod", "-b", scratch, "-C", tree.root / "etc/depmod.d", tree.kernel.release]
        done = subprocess.run(command, capture_output=True, text=True, timeout=build.TIMEOUT, check=False)
        require(done.returncode == 0, f"depmod: exit {done.returncode}: {done.stderr[-300:]}")
        return {file.name: file.read_bytes() for file in sorted(place.glob("modules.*"))}


def with_parents(files):
    """The mapping with an entry for each directory, in front of what it holds."""
    result = {}
    for path, data in files.items():
        for parent in reversed(Path(path).parents[:-1]):
            result.setdefault(str(parent), None)
        result[path] = data
    return result


def base_files(tree, kind, modules=(DM_MOD,)):
    """The files of a base of that kind, as newc.write() takes them, without any program."""
    if kind == "nolib":
        return {"etc": None, "etc/hostname": b"nolib\n"}
    chosen = {path: tree.content(path) for path in (own(tree, path) for path in modules)}
    lib = "usr/lib" if kind == "merged" else "lib"
    front = {"usr": None, "usr/lib": None, "lib": newc.Link("usr/lib")} if kind == "merged" else {}
    place = f"{lib}/modules/{tree.kernel.release}"
    content = {f"{place}/{name}": data for name, data in (chosen | indexes(tree, chosen)).items()}
    return front | with_parents(content | {f"{lib}/firmware/base": b"of the base\n"})


def base(tree, kind, modules=(DM_MOD,)):
    """The bytes of a base, one zstd frame."""
    return guest.zstd("-9", data=newc.write(base_files(tree, kind, modules)))


def kmod_files(kind):
    """kmod's modprobe with its libraries, for a base of that kind."""
    place = _LIBRARIES if kind != "split" else _LIBRARIES.removeprefix("usr/")
    done = subprocess.run(["ldd", "/sbin/modprobe"], capture_output=True, text=True, check=True)
    words = [word for line in done.stdout.splitlines() for word in line.split() if word.startswith("/")]
    require(words, "needs a kmod that is linked dynamically")
    files = {"sbin/modprobe": Path("/sbin/modprobe").read_bytes()}
    for word in words:
        name = os.path.basename(word)
        files[f"lib64/{name}" if name.startswith("ld-") else f"{place}/{name}"] = Path(word).read_bytes()
    return with_parents(files)
