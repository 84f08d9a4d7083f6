"""What a boot is made of, as values: the firmware supplied, the case, the place of the update."""

from collections.abc import Callable
from dataclasses import dataclass

import guest
import newc
from blobs import Update
from cpus import Cpu


@dataclass(frozen=True)
class Supply:
    """The directories to pack from, and the update among them that the packed CPU must get."""

    firmware: list
    update: Update


@dataclass(frozen=True)
class Place:
    """Where the early part holds the update: its member, and the offset of its first byte."""

    member: newc.Member
    offset: int


@dataclass(frozen=True)
class Case:
    """One boot of the table in boots.py, which says what the settings are for."""

    name: str
    cpu: Cpu  # the guest's
    specs: tuple  # for --cpu
    supply: Callable  # (directory to write to, Corpus or None) -> Supply
    packer: Callable  # (directory of programs, specs, Supply, scratch directory) -> bytes of the early part
    damage: Callable  # (early part, Place) -> early part as it goes into the image, of the same length
    image: Callable  # (early part, base) -> bytes to boot
    base: Callable = guest.base  # () -> bytes for behind the early part
    unified: bool = False  # a unified image under UEFI: uefi.py
    loads: bool = True
    loader_on: bool = True  # False: the kernel is expected to switch its loader off
    ahead: int | None = None  # the guest's revision less the update's; None: AMD 0, Intel whatever QEMU gives
    hypervisor: bool = False  # whether the guest's CPU says that it is a guest's
    words: tuple = ()  # for the kernel's command line
    kernel: str = "6.12-cloud"
    tier: str = "standard"
    needs_corpus: bool = False
    control: bool = False  # the early part is another program's: what only ours promises is not asked
