"""The same final state gives the same bytes: whatever the order of installation, the cores, the file system.

Each row is a set of ways to come to one state. All overlays of a row must be equal, and none may be empty.
"""

import hashlib
import itertools
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import guest
import module_base
import newc
from fault import require
from module_tree import FILES, ModuleTree
from policy_cases import KIP

POLICY = "[Modules]\nInclude=kip_test_top kip_test_spare\n"
BULK = 24 * 1024 * 1024  # bytes of firmware: several pieces of work for a compressor with threads
TMPFS = Path("/dev/shm")


@dataclass(frozen=True)
class Case:
    """`ways`: (key, scratch) -> pairs of a name and a function that makes a tree and says how to run there."""

    name: str
    ways: Callable
    key: str = "6.12-cloud"
    tier: str = "standard"


def _finish(tree):
    tree.add_companions()
    tree.write(KIP, POLICY)


def _rebuild(tree, file):
    """As a package's trigger does: the module is made again, over what an older version left."""
    place = tree.modules / file.path
    place.write_bytes(b"not a module any more")
    place.unlink()
    tree.add_module(file)


def _install(root, key, steps):
    """A tree by steps: "kernel", "depmod", a File, or ("again", a File)."""
    tree = ModuleTree(root, key, merged=key != "6.1")
    for step in steps:
        if step == "kernel":
            tree.add_kernel()
        elif step == "depmod":
            tree.depmod()
        elif isinstance(step, tuple):
            _rebuild(tree, step[1])
        else:
            tree.add_module(step)
    _finish(tree)
    return tree


def _with_depmod(steps):
    """depmod after each step, as dkms does, once there is a kernel."""
    started = False
    for step in steps:
        yield step
        started = started or step == "kernel"
        if started:
            yield "depmod"


def _orders(key, every):
    """(name, steps)"""
    files = FILES[key]
    permutations = list(itertools.permutations(files)) if len(files) < 4 else [files, files[::-1]]
    for number, order in enumerate(permutations):
        again = [("again", file) for file in order[::-1][: None if every else 1]]
        yield f"{number}: kernel, modules, depmod", ["kernel", *order, "depmod"]
        yield f"{number}: modules, kernel, depmod", [*order[::-1], "kernel", "depmod"]
        yield f"{number}: kernel, modules, again", [*_with_depmod(["kernel", *order, *again])]
        if not every:
            return
        yield f"{number}: kernel among modules, again", [*_with_depmod([order[0], "kernel", *order[1:], *again])]


def orders(every):
    """Ways that differ in the order of installation."""

    def ways(key, scratch):
        for name, steps in _orders(key, every):
            root = scratch / "tree"
            yield name, _install(root, key, steps), ()
            shutil.rmtree(root)

    return ways


def cores(key, scratch):
    """Ways that differ in the number of cores, with enough to compress for more than one."""
    tree = _install(scratch / "tree", key, ["kernel", *FILES[key], "depmod"])
    tree.write("lib/firmware/kip/test.bin", b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(BULK // 32)))
    tree.write(KIP, POLICY + "[Image]\nCompression=zstd\n")
    yield "one core", tree, ("taskset", "-c", str(min(os.sched_getaffinity(0))))
    yield "all cores", tree, ()
    yield "all cores, again", tree, ()


def file_systems(key, scratch):
    """Ways that differ in what the tree lies on."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    require(any(line.split(" ")[1:3] == [str(TMPFS), "tmpfs"] for line in mounts), f"needs a tmpfs on {TMPFS}")
    steps = ["kernel", *FILES[key], "depmod"]
    yield "disk", _install(scratch / "tree", key, steps), ()
    place = TMPFS / f"kip-realmodules-{os.getpid()}"
    try:
        yield "tmpfs", _install(place, key, [*FILES[key][::-1], "kernel", "depmod"]), ()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def differences(case, make_program, scratch):
    """Overlays of a row that are not like its first."""
    first, found, base = None, [], None
    for name, tree, before in case.ways(case.key, scratch):
        if base is None:  # of the stock kernel's module, so of any of the trees
            files = module_base.base_files(tree, "merged")
            base = scratch / "base"
            base.write_bytes(guest.zstd("-9", data=newc.write(files)))
        program = make_program(tree, before)
        _, overlay = program.pack(base, scratch / "overlay")
        require(overlay, f"{name}: the overlay is empty")
        digest = hashlib.sha256(overlay).hexdigest()
        first = first or (name, digest)
        if digest != first[1]:
            found.append(f"{name}: sha256 {digest}, and of '{first[0]}' {first[1]}")
    require(first, "no way led to an overlay")
    return found


def table():
    """All rows."""
    return [
        Case("order", orders(every=False)),
        Case("cores", cores),
        Case("file-systems", file_systems),
        Case("order-every", orders(every=True), tier="all"),
        Case("order-old", orders(every=True), key="6.1", tier="all"),
        Case("cores-old", cores, key="6.1", tier="all"),
    ]
