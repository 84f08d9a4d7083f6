"""Initrds of real generators for boots.

A generator's init wants a root file system that a test does not have. Behind the initrd stands a further
archive with our own init, which the kernel's command line names (`rdinit=`).
"""

import sys
from pathlib import Path

import guest
import newc

sys.path.append(str(Path(__file__).resolve().parent.parent / "generators"))

from initrds import initrd  # noqa: E402, F401

INIT = "/e2e/init"


def init_tree():
    """Our init and what it needs, out of the way of the generator's."""
    return {"e2e": None, "e2e/busybox": guest.static_busybox(), INIT[1:]: guest.init("/e2e/busybox")}


def our_init():
    """The archive with our init, for behind an initrd that ends compressed."""
    return guest.zstd("-9", data=newc.write(init_tree()))
