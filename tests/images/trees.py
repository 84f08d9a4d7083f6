"""What archives unpack to, one over the other: GNU cpio does it, in a scratch directory."""

import hashlib
import os
import stat
import subprocess
import tempfile
from dataclasses import dataclass

from fault import Fault, require


@dataclass(frozen=True)
class File:
    """The content of a regular file in the end."""

    size: int
    digest: str


def _stays_inside(members):
    """cpio writes through the links that it made: none may lead out of the scratch directory."""
    leading_out = tuple(
        member.name + b"/" for member in members if member.target.startswith(b"/") or b".." in member.target.split(b"/")
    )
    for member in members:
        require(not (leading_out and member.name.startswith(leading_out)), f"oracle: {member.name!r} leads elsewhere")
        require(b".." not in member.name.split(b"/"), f"oracle: {member.name!r} leads elsewhere")


def _unpack(archive, directory):
    done = subprocess.run(
        ["cpio", "-idu", "--quiet", "--no-absolute-filenames"], cwd=directory, input=archive,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode and os.geteuid() == 0:  # others may not make device nodes
        raise Fault(f"cpio -i: exit {done.returncode}", log=done.stderr.decode(errors="replace"))


def _read(name, directory):
    os.chmod(name, 0o600, dir_fd=directory)
    with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=directory), "rb") as file:
        data = file.read()
    return File(len(data), hashlib.sha256(data).hexdigest())


def _walk(name, parent, path, known):
    """(path, File) of each regular file below. By descriptors, since paths are as long as they may be.

    `known`: by inode, since hard links are many.
    """
    os.chmod(name, 0o755, dir_fd=parent)
    directory = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        for below in sorted(map(os.fsencode, os.listdir(directory))):
            status = os.stat(below, dir_fd=directory, follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(below, directory, path + below + b"/", known)
            elif stat.S_ISREG(status.st_mode):
                if status.st_ino not in known:
                    known[status.st_ino] = _read(below, directory)
                yield path + below, known[status.st_ino]
    finally:
        os.close(directory)


def files(archives, members):
    """{path: File} of the regular files that `archives` leave behind; `members`: what is in them."""
    _stays_inside(members)
    with tempfile.TemporaryDirectory(prefix="kip-images-") as scratch:
        for archive in archives:
            _unpack(archive, scratch)
        return dict(_walk(scratch, None, b"", {}))
