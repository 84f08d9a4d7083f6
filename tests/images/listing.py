"""What two ordinary tools say is in an archive: GNU cpio and bsdtar (libarchive).

    members = listing.of(archive)     # both, and they must agree

cpio gives names, modes, owners, links, device numbers and contents, bsdtar the same by its own reader and the
time: as an mtree, which has one line a name, the last one's.
"""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from dataclasses import dataclass

from fault import Fault, require

_TYPES = {"file": stat.S_IFREG, "dir": stat.S_IFDIR, "link": stat.S_IFLNK, "char": stat.S_IFCHR,
          "block": stat.S_IFBLK, "fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK}  # fmt: skip
_MTREE = "mtree:all,!md5,!rmd160,!sha1,!sha384,!sha512,!cksum,!flags,!uname,!gname"
_LINE = re.compile(rb"(\S{10}) +(\d+) (\d+) +(\d+) +(?:(\d+), *)?(\d+) \w{3} .{8} ")


@dataclass(frozen=True)
class Member:
    """One line of a listing. `target`: of a symbolic link; `device`: of a node; `digest`: of a regular file's data."""

    name: bytes
    mode: int
    uid: int
    gid: int
    links: int
    size: int
    mtime: int
    target: bytes = b""
    device: tuple = ()
    digest: str = ""


def run(*command, data):
    """A tool's stdout; one that fails or complains is a Fault."""
    require(shutil.which(command[0]), f"needs {command[0]}")
    done = subprocess.run(
        command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        env=os.environ | {"LC_ALL": "C", "TZ": "UTC"},
    )  # fmt: skip
    if done.returncode or done.stderr:
        raise Fault(f"{command[0]}: exit {done.returncode}", log=done.stderr.decode(errors="replace"))
    return done.stdout


def _mode(letters):
    """`-rwsr-xr-x` as a number: the one whose letters these are."""
    kind = {stat.filemode(bits)[0]: bits for bits in _TYPES.values()}[letters[0]]
    bits = sum(
        1 << 8 - at for at, letter in enumerate(letters[1:]) if letter not in "-ST"
    )
    for at, extra in ((3, stat.S_ISUID), (6, stat.S_ISGID), (9, stat.S_ISVTX)):
        bits |= extra if letters[at] in "sStT" else 0
    require(stat.filemode(kind | bits) == letters, f"cpio: mode '{letters}'")
    return kind | bits


def _split(text):
    """NUL-terminated words."""
    return text.split(b"\0")[:-1]


def by_cpio(archive):
    """Members as `cpio -itv` lists them, each line found by the name that `cpio -it0` gives; all data in one run."""
    names = _split(run("cpio", "-it0", "--quiet", data=archive))
    lines = run("cpio", "-itvn", "--quiet", data=archive)
    contents = run("cpio", "-i", "--to-stdout", "--quiet", data=archive)
    members, at, data_at = [], 0, 0
    for name in names:
        found = _LINE.match(lines, at)
        require(found and lines.startswith(name, found.end()), f"cpio: no line for {name!r}")
        mode, size = _mode(found[1].decode()), int(found[6])
        at = found.end() + len(name)
        target, device, digest = b"", (), ""
        if stat.S_ISLNK(mode):
            target = lines[at + 4 : at + 4 + size]
            at += 4 + size
        elif found[5]:
            device, size = (int(found[5]), size), 0
        elif stat.S_ISREG(mode):
            digest = hashlib.sha256(contents[data_at : data_at + size]).hexdigest()
            data_at += size
        require(lines[at : at + 1] == b"\n", f"cpio: the line of {name!r}")
        at += 1
        members.append(Member(name, mode, int(found[3]), int(found[4]), int(found[2]), size, 0, target, device, digest))
    require(at == len(lines) and data_at == len(contents), "cpio: its list and its data differ in length")
    return members


def _unescaped(word):
    """mtree's octal escapes."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), word)


def by_bsdtar(archive):
    """{name without a leading ./: Member}."""
    text = run("bsdtar", "-cf", "-", "--format=mtree", f"--options={_MTREE}", "@-", data=archive)
    members = {}
    for line in text.splitlines()[1:]:
        name, *words = line.split(b" ")
        has = dict(word.split(b"=", 1) for word in words)
        kind = has[b"type"].decode()
        device = tuple(int(word) for word in has[b"device"].split(b",")[1:]) if b"device" in has else ()
        name = _unescaped(name)
        members[plain(name)] = Member(
            name, _TYPES[kind] | int(has[b"mode"], 8), int(has[b"uid"]), int(has[b"gid"]),
            int(has.get(b"nlink", 1)), int(has.get(b"size", 0)), int(float(has[b"time"])),
            _unescaped(has.get(b"link", b"")), device, has.get(b"sha256digest", b"").decode(),
        )  # fmt: skip
    return members


def plain(name):
    """A name without what bsdtar adds or drops in an mtree."""
    return name.removeprefix(b"./") or b"."


def _agree(one, other):
    """Whether bsdtar's line for a name is cpio's: it does not repeat the size of links and directories."""
    same = (one.mode, one.uid, one.gid, one.target, one.device, one.digest)
    return same == (other.mode, other.uid, other.gid, other.target, other.device, other.digest) and (
        not stat.S_ISREG(one.mode) or (one.size, one.links) == (other.size, other.links)
    )


def of(archive):
    """The members in order, on which both tools agree."""
    members, others = by_cpio(archive), by_bsdtar(archive)
    count = run("bsdtar", "-tf", "-", data=archive).count(b"\n")
    require(count == len(members), f"cpio lists {len(members)} members, bsdtar {count}")
    final = {plain(member.name): number for number, member in enumerate(members)}
    dated = []
    for number, member in enumerate(members):
        other = others.get(plain(member.name))
        require(other, f"bsdtar does not have {member.name!r}")
        if number == final[plain(member.name)]:
            require(_agree(member, other), f"cpio has {member}, bsdtar {other}")
        dated.append(Member(**(vars(member) | {"mtime": other.mtime})))
    return dated
