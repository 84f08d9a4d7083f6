"""newc archives with every field free, for what ordinary tools would not write.

Written from the kernel's page driver-api/early-userspace/buffer-format, apart from the project's own code.
"""

import random
import stat
from dataclasses import dataclass, replace

DIRECTORY, FILE, LINK = stat.S_IFDIR | 0o755, stat.S_IFREG | 0o644, stat.S_IFLNK | 0o777
_TRAILER = "TRAILER!!!"


@dataclass(frozen=True)
class Node:
    """One member; `data` is a link's target, too. `inode` 0: a number of its own."""

    name: str | bytes
    mode: int = FILE
    data: bytes = b""
    uid: int = 0
    gid: int = 0
    links: int = 1
    mtime: int = 1_700_000_000
    inode: int = 0
    device: tuple = (0, 0)
    name_padding: int = 0  # further NULs behind the name


def _up4(data):
    return data + bytes(-len(data) % 4)


def _member(node, inode, summed):
    name = node.name if isinstance(node.name, bytes) else node.name.encode()
    name += bytes(1 + node.name_padding)
    check = sum(node.data) & 0xFFFFFFFF if summed else 0
    fields = (inode, node.mode, node.uid, node.gid, node.links, node.mtime, len(node.data), 8, 1, *node.device,
              len(name), check)  # fmt: skip
    head = (b"070702" if summed else b"070701") + b"".join(b"%08x" % field for field in fields)
    return _up4(head + name) + _up4(node.data)


def write(nodes, summed=False):
    """An archive with its trailer, padded to 4 only."""
    nodes = list(nodes)
    out = [_member(node, node.inode or 1000 + number, summed) for number, node in enumerate(nodes)]
    return b"".join(out) + _member(Node(_TRAILER, 0, mtime=0), 0, summed)


def noise(size, seed):
    """Bytes that do not compress, the same each time."""
    return random.Random(seed).randbytes(size)


def text(size, seed):
    """Bytes that do compress, with matches near and far."""
    words = [noise(length, seed + length) for length in range(3, 40)]
    chooser, out, length = random.Random(seed), [], 0
    while length < size:
        out.append(chooser.choice(words))
        length += len(out[-1])
    return b"".join(out)[:size]


def parents(path):
    """Directories down to a file."""
    steps = path.split("/")[:-1]
    return [Node("/".join(steps[: number + 1]), DIRECTORY, links=2) for number in range(len(steps))]


def early(data, *also, vendor="GenuineIntel"):
    """What a generator puts in front, padded to 512."""
    path = f"kernel/x86/microcode/{vendor}.bin"
    archive = write([Node(".", DIRECTORY), *also, *parents(path), Node(path, data=data)])
    return archive + bytes(-len(archive) % 512)


def root():
    """A small root file system: odd sizes, a link, a program with a special mode."""
    return [
        Node(".", DIRECTORY, links=4), Node("bin", LINK, b"usr/bin"),
        Node("usr", DIRECTORY), Node("usr/bin", DIRECTORY),
        Node("usr/bin/busybox", stat.S_IFREG | 0o4755, text(20011, 1)), Node("usr/bin/sh", LINK, b"busybox"),
        Node("init", stat.S_IFREG | 0o755, b"#!/bin/sh\n"), Node("etc", DIRECTORY), Node("etc/empty"),
        Node("etc/noise", data=noise(3001, 2)),
    ]  # fmt: skip


def modules(release="6.12.0-test"):
    """Modules that are compressed already, as initramfs-tools 0.148 puts them in front."""
    names = [f"usr/lib/modules/{release}/kernel/drivers/md/{name}.ko.xz" for name in ("dm-mod", "raid1")]
    return [*parents(names[0]), *(Node(name, data=noise(2003, number)) for number, name in enumerate(names))]


def hard_links():
    """Groups with their data at the last name (GNU cpio), at the first, at every one; the second group is apart."""
    last = [Node(f"last-{number}", links=3, inode=7) for number in range(2)]
    first = Node("first-0", data=b"at the first name", links=2, inode=8)
    return [
        *last, Node("last-2", data=b"at the last name", links=3, inode=7), first,
        replace(first, name="first-1", data=b""), Node("apart", data=b"links 1, same inode", inode=7),
        Node("empty-0", links=2, inode=9), Node("empty-1", links=2, inode=9),
    ]  # fmt: skip


def nodes():
    """One of each type, with numbers at their limits."""
    return [
        Node("dev", DIRECTORY), Node("dev/null", stat.S_IFCHR | 0o666, device=(1, 3)),
        Node("dev/sda", stat.S_IFBLK | 0o660, gid=6, device=(8, 0)),
        Node("dev/big", stat.S_IFCHR | 0o600, device=(511, 1048575)),
        Node("pipe", stat.S_IFIFO | 0o644), Node("socket", stat.S_IFSOCK | 0o755),
        Node("tmp", stat.S_IFDIR | 0o1777), Node("setgid", stat.S_IFREG | 0o2711, b"x"),
        Node("none", stat.S_IFREG, b"secret"), Node("owned", data=b"y", uid=65534, gid=100000),
        Node("old", data=b"z", mtime=0), Node("late", data=b"z", mtime=0x7FFFFFFF),
    ]  # fmt: skip


def odd_names():
    """Names that quoting, globbing and options of tools stumble over."""
    names = [
        b"sp ace", b"-dash", b"tab\tin", b"new\nline", b'quo"te', b"apo'strophe", b"back\\slash", b"st*r[a]?",
        b"\xc3\xa9", b"\xff\xfe", b"\x1b[31m", b"a -> b", b"...", b"~", b"$HOME", b"#", b"trailing ",
        b"\xe2\x80\xae", b"TRAILER!!",
    ]  # fmt: skip
    return [Node(name, data=b"<" + name + b">") for name in names] + [Node("odd -> link", LINK, b"to -> \n\xff")]


def long_names():
    """Names and targets up to the kernel's limits, of every length modulo 4, and one stretched with NULs."""
    limit = 4095  # of bytes, without the NUL
    deep = "/".join(["d" * 200] * 25)
    return [
        *(Node("n" * length, data=b"%d" % length) for length in (1, 2, 3, 4, 251, 252, 253, 254, 255)),
        Node(deep[:limit], data=b"deep"), Node("to", LINK, deep[: limit - 1].encode()),
        Node("stretched", data=b"16", name_padding=11),
    ]  # fmt: skip
