"""A scratch root directory with a real kernel's modules, and out-of-tree ones among them as packages would put them.

Whoever installs decides about the order: kernel, modules, firmware, configuration and depmod are steps of their own.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import build
import compressors
import kernels
from fault import require

FIRMWARE_NAME, FIRMWARE = "kip/test.bin", b"kip's firmware\n"
MODPROBE_LINE = "options kip_test_top number=7"
_COMPRESS = {".xz": compressors.xz, ".zst": compressors.zstd, ".ko": compressors.raw}


@dataclass(frozen=True)
class File:
    """`path` is relative to the modules directory, `source` to the directory of what was built for the kernel `key`."""

    path: str
    source: str
    key: str | None = None  # None: the tree's own kernel

    @property
    def compressed(self):
        """Whether there is more to do than to read it."""
        return not self.path.endswith(".ko")


# Each tree has one module signed, one or two compressed, and every directory that modules are usually put into.
FILES = {
    "6.12-cloud": (
        File("extra/kip_test_base.ko.xz", "kip_test_base"),
        File("updates/kip_test_top.ko", "signed/kip_test_top"),
        File("updates/dkms/kip_test_spare.ko.zst", "kip_test_spare"),
    ),
    "6.1": (
        File("updates/dkms/kip_test_base.ko", "signed/kip_test_base"),
        File("updates/dkms/kip_test_top.ko.zst", "kip_test_top"),
        File("extra/kip-test-spare.ko", "kip_test_spare"),
        File("updates/dkms/dm-writeboost.ko", "dm-writeboost"),
        File("extra/thinkpad_ec.ko", "thinkpad_ec"),
        File("extra/tp_smapi.ko", "tp_smapi"),
        File("updates/hdaps.ko", "hdaps"),
    ),
}
# dkms' of another kernel, left behind by a copy.
FOREIGN = File("updates/dkms/dm-writeboost.ko", "dm-writeboost", "6.1")


def _link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


class ModuleTree:
    """`root` is what --root is given."""

    def __init__(self, root, key, merged=True):
        """`merged`: lib is a link to usr/lib, as in today's distributions."""
        self.root, self.key, self.kernel = Path(root), key, kernels.get(key)
        self.root.mkdir(parents=True, exist_ok=True)
        if merged:
            (self.root / "usr/lib").mkdir(parents=True)
            (self.root / "lib").symlink_to("usr/lib")
        self.modules = self.root / "lib/modules" / self.kernel.release
        self.modules.mkdir(parents=True)

    def add_kernel(self):
        """What the kernel's package brings."""
        stock = build.stock(self.kernel)
        for place in ("boot", f"lib/modules/{self.kernel.release}"):
            # The links `build` and `source` lead to headers that are not there.
            shutil.copytree(stock / place, self.root / place, copy_function=_link_or_copy, dirs_exist_ok=True,
                            symlinks=True, ignore=shutil.ignore_patterns("build", "source"))  # fmt: skip

    def add_module(self, file):
        """One out-of-tree module."""
        built = build.modules(kernels.get(file.key or self.key)) / f"{file.source}.ko"
        self._write(self.modules / file.path, _COMPRESS[Path(file.path).suffix](built.read_bytes()))

    def add_modules(self, files=None):
        """All that belong into such a tree."""
        for file in FILES[self.key] if files is None else files:
            self.add_module(file)

    def add_companions(self):
        """The firmware and the modprobe.d line that our module names."""
        self.write(f"lib/firmware/{FIRMWARE_NAME}", FIRMWARE)
        self.write("etc/modprobe.d/kip-test.conf", MODPROBE_LINE + "\n")

    def write(self, path, content):
        """A file below the root, of bytes or of text."""
        self._write(self.root / path, content if isinstance(content, bytes) else content.encode())

    def _write(self, place, content):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # it may be a hard link into the cache
        place.write_bytes(content)

    def depmod(self):
        """The indexes, by the tree's own depmod.d and not the host's."""
        (self.root / "etc/depmod.d").mkdir(parents=True, exist_ok=True)
        command = ["/sbin/depmod", "-b", self.root, "-C", self.root / "etc/depmod.d", self.kernel.release]
        done = subprocess.run(command, capture_output=True, text=True, timeout=build.TIMEOUT, check=False)
        require(done.returncode == 0 and not done.stderr, f"depmod: exit {done.returncode}: {done.stderr[-300:]}")

    def content(self, path):
        """A module's bytes as they are stored."""
        return (self.modules / path).read_bytes()


def whole(root, key, merged=True, files=None):
    """Everything, in the order of an ordinary installation."""
    tree = ModuleTree(root, key, merged)
    tree.add_kernel()
    tree.add_modules(files)
    tree.add_companions()
    tree.depmod()
    return tree
