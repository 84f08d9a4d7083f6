"""The table of overlays: bases of every make, and what the guest's own modprobe has to load of base and overlay.

Standard is each real generator once and a base whose lib is a directory; everything else is in `all`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import module_parts
from boots import OLD_KERNEL

# By alias, away with it, by name; a module of the base, found in the joined index; one that policy leaves out.
BY_ALIAS, AWAY, BY_NAME = ("kip-test:v1d7", True), ("-r kip_test_top", True), ("kip_test_top", True)
IN_BASE, LEFT_OUT = ("dm_mod", True), ("kip_test_spare", False)
USUAL = (LEFT_OUT, BY_ALIAS, AWAY, BY_NAME, IN_BASE)


@dataclass(frozen=True)
class ModuleCase:
    """`asks`: words for modprobe, and whether it is to succeed, in this order."""

    name: str
    base: Callable  # (ModuleTree) -> image_parts.Part
    include: str = "kip_test_top"
    asks: tuple = USUAL
    loads: tuple = ("kip_test_top", "dm_mod")  # what must be loaded in the end, with all that modprobe takes along
    says: int = 2  # how often kip_test_top reports
    damage: Callable = module_parts.untouched  # (overlay's bytes) -> bytes
    rules: tuple = ()  # of inspect's warnings and errors, these and no others
    kernel: str = "6.12-cloud"
    tier: str = "all"
    needs_corpus: bool = False


def _generated(generator, **more):
    return ModuleCase(f"modules-{generator}", module_parts.generated(generator), **more)


def _by_hand(kind, **more):
    return ModuleCase(f"modules-{kind}", module_parts.by_hand(kind), **more)


OTHER_COMPRESSIONS = [_generated("dracut-raw"), _generated("initramfs-tools-xz")]
CASES = [
    _generated("dracut", tier="standard"),
    _generated("initramfs-tools", tier="standard"),
    _by_hand("split"),
    _by_hand("merged"),
    # Without lib there are no modules, so dm_mod is not there to be found.
    _by_hand("nolib", asks=(LEFT_OUT, BY_ALIAS, AWAY, BY_NAME, ("dm_mod", False)), loads=("kip_test_top",)),
    *OTHER_COMPRESSIONS,
]
# The way in which an overlay must not be packed: lib is a directory then, and the base's modules are gone.
LIB_ENTRY = replace(
    _generated("dracut"), name="modules-lib-entry", damage=module_parts.with_lib_entry, loads=("kip_test_top",),
    asks=(BY_ALIAS, AWAY, BY_NAME, ("dm_mod", False)), rules=("unpack-directory-over-link",),
)  # fmt: skip


def _on_old_kernel(case):
    return replace(case, name=f"{case.name}@{OLD_KERNEL}", kernel=OLD_KERNEL, tier="all")


def _writeboost(generator):
    """Out-of-tree on in-tree ones: dm-mod is in the base, libcrc32c and what it asks for come along."""
    return _on_old_kernel(
        replace(_generated(generator), name=f"modules-writeboost-{generator}", include="dm-writeboost", says=0,
                asks=(("kip_test_top", False), ("dm-writeboost", True)), loads=("dm_writeboost",))
    )  # fmt: skip


def table():
    """All cases in running order; the standard tier's come first."""
    old = [_on_old_kernel(case) for case in CASES if case not in OTHER_COMPRESSIONS]
    return [*CASES, LIB_ENTRY, *old, _writeboost("dracut"), _writeboost("initramfs-tools")]
