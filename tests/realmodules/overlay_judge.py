"""Whether an overlay is right, asked of depmod's and modprobe's own programs over the base and the overlay together.

An overlay may hold nothing but the modules that are expected, their firmware, their lines for modprobe, indexes and
what it says of itself; and modprobe has to find in the initrd what it finds on the host.
"""

import re
import subprocess
import tempfile
from pathlib import Path

import guest
import module_base
import module_tree
import newc
import rootfs
from fault import require

_MANIFEST, _MODPROBE = "kip/modules", "etc/modprobe.d/kip-modules.conf"


def decompressed(overlay):
    """The archive in an overlay, which is raw, or one stream of what kmod-pack may write."""
    if overlay.startswith(newc.MAGIC):
        return overlay
    programs = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zXZ\0": "xz", b"\x1f\x8b": "gzip"}
    program = next((name for magic, name in programs.items() if overlay.startswith(magic)), None)
    require(program, "overlay: begins as no stream that was asked for")
    done = subprocess.run([program, "-dc"], input=overlay, capture_output=True, check=False)
    require(done.returncode == 0, f"overlay: {program}: {done.stderr.decode(errors='replace')[-200:]}")
    return done.stdout


def modprobe(root, release, name):
    """What modprobe would do for a name, a line each, places relative to the modules directory; None: not found."""
    config = root / "etc/modprobe.d"
    command = ["/sbin/modprobe", "-d", root, "-S", release, *(["-C", config] if config.is_dir() else []),
               "--show-depends", name]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return [re.sub(rf"^insmod .*/lib/modules/{re.escape(release)}/", "", line).rstrip()
            for line in done.stdout.splitlines() if not line.startswith("builtin ")]  # fmt: skip


def _bare(path):
    """Without what a module is compressed with."""
    return re.sub(r"\.(xz|zst|gz)$", "", path)


def _place(kind, release):
    """Where modules and firmware have to be, by the base's kind."""
    lib = "lib" if kind == "split" else "usr/lib"
    return f"{lib}/modules/{release}/", f"{lib}/firmware/"


class Overlay:
    """An overlay over a base, with differences from what it should be."""

    def __init__(self, tree, base, kind, overlay):
        """`base`: its files, as newc.write() takes them; `overlay`: bytes."""
        self.tree, self.base, self.kind = tree, base, kind
        self.release = tree.kernel.release
        self.files = newc.tree(decompressed(overlay))
        self.modules_at, self.firmware_at = _place(kind, self.release)

    def _members(self, expected, firmware):
        """Whatever is there too much, or too little."""
        paths = [path for path in self.files if re.search(r"\.ko(\.\w+)?$", path)]
        modules = {_bare(path.removeprefix(self.modules_at)) for path in paths}
        yield from (f"lacks module '{path}'" for path in sorted(set(expected) - modules))
        yield from (f"has module '{path}'" for path in sorted(modules - set(expected)))
        blobs = {path for path, data in self.files.items() if data is not None and "/firmware/" in path}
        wanted = {self.firmware_at + module_tree.FIRMWARE_NAME} if firmware else set()
        yield from (f"firmware is {sorted(blobs)}, not {sorted(wanted)}" for _ in [0] if blobs != wanted)
        known = re.compile(rf"{re.escape(self.modules_at)}(modules\.[\w.]+|.*\.ko(\.\w+)?)$")
        for path, data in self.files.items():
            if isinstance(data, bytes) and not known.match(path) and path not in blobs | {_MANIFEST, _MODPROBE}:
                yield f"has '{path}'"
            if data is None and path in self.base and path not in ("usr", "usr/lib"):
                yield f"has directory '{path}', as the base"
        if "lib" in self.files and (self.kind != "nolib" or self.files["lib"] != newc.Link("usr/lib")):
            yield "has an entry for lib"

    def _contents(self):
        """Whether each module is the tree's own file, byte for byte."""
        for path, data in self.files.items():
            if path.startswith(self.modules_at) and isinstance(data, bytes) and ".ko" in path:
                place = self.tree.modules / path.removeprefix(self.modules_at)
                if not place.is_file() or place.read_bytes() != data:
                    yield f"'{path}' is not the file of the tree"

    def _resolved(self, names, absent):
        """What modprobe finds in base and overlay, against what it finds on the host."""
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch)
            module_base.write_tree(rootfs.unpack([self.base, self.files]), root)
            for name in names:
                here, there = modprobe(root, self.release, name), modprobe(self.tree.root, self.release, name)
                # Which of two that do not need each other comes first is by depmod's numbers for them.
                if here is None or there is None or sorted(here) != sorted(there):
                    yield f"modprobe {name}: {here}, on the host {there}"
                for line in here or ():
                    path = root / "lib/modules" / self.release / line.split(" ")[0]
                    if not path.is_file():
                        yield f"modprobe {name}: there is no '{line}'"
            for name in absent:
                if modprobe(root, self.release, name) is not None:
                    yield f"modprobe {name}: is there"

    def differences(self, expected, firmware, names, absent):
        """`expected`: bare paths of all modules; `names`: what modprobe must find as on the host; `absent`: not."""
        yield from self._members(expected, firmware)
        yield from self._contents()
        yield from self._resolved(names, absent)


def unpacked(data):
    """The files of a base that is one zstd frame."""
    return newc.tree(guest.zstd("-d", data=data))
