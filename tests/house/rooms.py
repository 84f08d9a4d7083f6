"""The rooms of the tree and who may include whom: docs/design.md, section "The house", as one table."""

from pathlib import PurePosixPath

# room -> rooms it may include, floor by floor from the ground up. A room may always include itself.
MAY_INCLUDE = {
    "base": "",
    # Bytes to values and back; nothing that opens files or prints is in reach.
    "ucode": "base",
    "cpio": "base",
    "codec": "base",
    "digest": "base",
    "host": "digest codec cpio ucode base",
    "modules": "digest codec cpio ucode base",
    "segments": "digest codec cpio ucode base",
    "policy": "host modules segments digest codec cpio ucode base",
    "catalog": "host modules segments digest codec cpio ucode base",
    "image": "catalog host modules segments digest codec cpio ucode base",
    "checks": "image policy catalog host modules segments digest codec cpio ucode base",
    "state": "image policy catalog host modules segments digest codec cpio ucode base",
    "boot": "image policy catalog host modules segments digest codec cpio ucode base",
    "cli": "checks state boot image policy catalog host modules segments digest codec cpio ucode base",
    # A program links only its rooms: no libkmod behind ucode-pack, no policy behind initrd-pack.
    "ucode-pack": "cli checks boot image policy catalog host segments digest codec cpio ucode base",
    "kmod-pack": "cli checks boot image policy catalog host modules segments digest codec cpio ucode base",
    "initrd-pack": "cli checks image catalog host segments digest codec cpio ucode base",
    "kip": "cli checks state boot image policy catalog host modules segments digest codec cpio ucode base",
    "plugins": "cli checks state boot image policy catalog host modules segments digest codec cpio ucode base",
}

PROGRAMS = {"ucode-pack", "kmod-pack", "initrd-pack", "kip", "plugins"}
MAY_EXIT_AND_PRINT = PROGRAMS | {"cli"}
IN_ROOT = {"ucode", "cpio", "plugins"}  # rooms that are not below src/
FREE = {"tests", "bench"}  # may include anything, may print

# header -> who alone may include it: a directory (ends in "/") or a file. `single` adds: one file only of a directory.
# JSON: reports in src/cli, and the manifest, which src/state writes and reads back without what prints.
GUARDED_HEADERS = {
    "libkmod.h": {"allowed": ["src/modules/kmod.cc"]},
    "nlohmann/": {"allowed": ["src/cli/", "src/state/json_fields.h"], "single": True},
    "CLI/": {"allowed": ["src/cli/"] + [f"src/{program}/" for program in sorted(PROGRAMS - {"plugins"})]},
}


def room_of(path: str) -> str | None:
    """The room a file lies in; None for tests, bench and everything that is not ours to judge."""
    parts = PurePosixPath(path).parts
    if len(parts) >= 2 and parts[0] in IN_ROOT:
        return parts[0]
    if len(parts) >= 3 and parts[0] == "src":
        return parts[1]
    return None


def namespace_of(room: str) -> str:
    if room == "base":
        return "kip"
    if room == "kip":  # src/kip holds the program of that name: kip::kip would hide the root
        return "kip::program"
    return "kip::" + room.replace("-", "_")


def is_free(path: str) -> bool:
    return PurePosixPath(path).parts[0] in FREE
