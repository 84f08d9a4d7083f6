"""Parts of images with modules: bases of generators and by hand, our init behind them, and a crooked overlay."""

import re
import sys
from pathlib import Path

import generators
import guest
import image_parts
import installed
import newc
from image_parts import Part

sys.path.append(str(Path(__file__).resolve().parent.parent / "realmodules"))

import module_base  # noqa: E402
import overlay_judge  # noqa: E402

INIT = generators.INIT
# kmod's modprobe by its full path: busybox' shell would take its own. Of the kernel's modules, those in /proc/modules.
_SCRIPT = """#!/e2e/busybox sh
b=/e2e/busybox
$b mkdir -p /proc /sys
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys
$b dmesg -n 1
ask() { /sbin/modprobe "$@"; echo "@@ asked $* -> $?"; }
echo "@@ kernel $($b uname -r)"
ASKS
$b cut -d ' ' -f 1 /proc/modules | $b sed 's/^/@@ loaded /'
$b dmesg | $b sed -n 's/^.*kip_test: number/@@ said number/p'
$b find / -xdev -type f -exec $b sha256sum {} + | $b sed 's/^/@@ file /'
$b poweroff -f
"""


def init(asks):
    """The part with our init, which asks the image's modprobe one by one."""
    script = _SCRIPT.replace("ASKS", "\n".join(f"ask {words}" for words, _ in asks))
    tree = {"e2e": None, "e2e/busybox": guest.static_busybox(), INIT[1:]: script.encode()}
    return image_parts.part("init", tree)


def generated(generator):
    """The initrd of a generator, made for the same kernel."""

    def base(tree):
        data = generators.initrd(generator, tree.key)
        main = installed.rest(data) or data  # dracut's own early part does not stay as it is
        return Part(generator, data, newc.tree(overlay_judge.decompressed(main)), front=len(data) - len(main))

    return base


def by_hand(kind):
    """A base with kmod, dm-mod and nothing else."""

    def base(tree):
        return image_parts.part(kind, module_base.base_files(tree, kind) | module_base.kmod_files(kind))

    return base


def untouched(overlay):
    """As it was packed."""
    return overlay


def with_lib_entry(overlay):
    """The overlay by the other name of a merged system's libraries, with an entry for each directory."""
    files = newc.tree(overlay_judge.decompressed(overlay))
    named = {re.sub(r"^usr/lib\b", "lib", path): data for path, data in files.items() if path != "usr"}
    return newc.write(module_base.with_parents(named))
