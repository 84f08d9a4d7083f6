"""Parts of images that are told apart in the guest: each leaves files of its own in the root file system.

The main part has /init and, like a merged system, a link `lib` to `usr/lib`; a further part brings one file
for `lib` without an entry for `lib` itself, as an overlay of modules has to, and so is seen to meet that link.
"""

import random
from dataclasses import dataclass

import compressors
import generators
import guest
import installed
import newc


PADDING = "padding"


@dataclass(frozen=True)
class Part:
    """One stretch of an image."""

    name: str
    data: bytes
    tree: dict  # what comes out of it, as newc.write() takes it
    update: bytes = b""  # the one in it that the guest's CPU could take
    front: int = 0  # bytes at its start that join may not leave: an early part

    @property
    def kept(self):
        """What join must leave as it is."""
        return self.data[self.front :]


def mark(name):
    """A sentinel's content, of an odd length: 333 bytes to be known by."""
    return random.Random(name).randbytes(333)


def part(name, tree, compress=compressors.zstd):
    """A part made of a tree."""
    return Part(name, compress(newc.write(tree)), tree)


def lib_layout():
    """A system whose `lib` is a link, with one file behind it."""
    return {"usr": None, "usr/lib": None, "lib": newc.Link("usr/lib"), "usr/lib/main": mark("usr/lib/main")}


def further_tree(name="further"):
    """One file of its own and one for whatever `lib` is."""
    return {"parts": None, f"parts/{name}": mark(name), f"lib/{name}": mark(f"lib/{name}")}


def main_tree():
    """Our own init, and sentinels."""
    return guest.base_tree() | lib_layout() | {"parts": None, "parts/main": mark("main")}


def main(compress=compressors.zstd):
    """The main part."""
    return part("main", main_tree(), compress)


def further(name="further", compress=compressors.zstd):
    """A part behind the main one."""
    return part(name, further_tree(name), compress)


def waker():
    """A raw archive that boots by itself, for in front of a main part that will not arrive."""
    return part("waker", guest.base_tree() | lib_layout(), compressors.raw)


def mute(compress):
    """What stands behind a waker: sentinels, and no init."""
    return part("main", {"parts": None, "parts/main": mark("main")}, compress)


def padding(size):
    """Zero bytes between parts."""
    return Part(PADDING, bytes(size), {})


def aligned(image_parts, to=4, rest=0):
    """The parts with zeros behind them up to a multiple of `to`, and `rest` bytes more."""
    size = sum(len(it.data) for it in image_parts)
    return [*image_parts, padding(-size % to + rest)]


def stale():
    """An early part as dracut makes it, with an older update for Skylake."""
    data = installed.stale_early()
    tree = newc.tree(data)
    return Part("stale", data, tree, tree["kernel/x86/microcode/GenuineIntel.bin"])


def on_stale(rest):
    """The part with a stale early part in front, as dracut's initrds have one."""
    front = stale().data
    return Part(rest.name, front + rest.data, rest.tree, front=len(front))


def generated(generator, kernel):
    """A generator's initrd, which is one zstd frame behind its own early part, if it has one."""
    data = generators.initrd(generator, kernel)
    main_data = installed.rest(data)
    tree = newc.tree(guest.zstd("-d", data=main_data))
    return Part(generator, data, tree, front=len(data) - len(main_data))


def wake_generated():
    """The part that goes behind a generator's initrd: our init, and sentinels."""
    return part("further", generators.init_tree() | further_tree())
