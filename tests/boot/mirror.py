"""Packages of the host's mirror by name: what apt's lists say of one, and its file, held against its digest.

Nothing is installed: packages are downloaded, and what is wanted of them is unpacked elsewhere. `apt` is options
for apt's programs: none are the host's own suites, backports.py has those for another release's.
"""

import functools
import hashlib
import os
import re
import subprocess
from dataclasses import dataclass

from fault import require


@dataclass(frozen=True)
class Package:
    """One version of a package. `sha256` is that of its file, `depends` the field's words without versions."""

    name: str
    version: str
    sha256: str
    depends: tuple = ()


def digest(path):
    """A file's sha256."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def output(*command):
    """A command's stdout, or "" where it fails: apt's answer to an unknown package is a failure, too."""
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else ""


@functools.cache
def update_lists(apt=()):
    """Fetches apt's package lists, at most once a run. The host's only root may; others live with what they have."""
    if apt or os.geteuid() == 0:
        subprocess.run(
            ["apt-get", "-qq", *apt, "-o", "DPkg::Lock::Timeout=300", "update"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )


def shown(*names, apt=()):
    """{name: Package} of the newest versions in apt's lists. Several at once, since each call takes a while."""
    found = {}
    for text in output("apt-cache", *apt, "show", "--no-all-versions", *names).split("\n\n"):
        fields = dict(re.findall(r"^(Package|Version|SHA256|Depends): (.*)$", text, re.MULTILINE))
        if {"Package", "Version", "SHA256"} <= fields.keys():
            depends = tuple(re.findall(r"(?:^|[,|] *)([^ ,|]+)", fields.get("Depends", "")))
            name = fields["Package"]
            found[name] = Package(name, fields["Version"], fields["SHA256"], depends)
    return found


def download(directory, *packages, apt=()):
    """The packages' files in the directory, or None where the mirror does not have one of them any more."""
    subprocess.run(
        ["apt-get", "-qq", *apt, "download", *(f"{it.name}={it.version}" for it in packages)],
        cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    )
    files = []
    for it in packages:
        found = list(directory.glob(f"{it.name}_*.deb"))
        if not found:
            return None
        require(digest(found[0]) == it.sha256, f"mirror: '{it.name}' is not the file that apt's lists name")
        files += found
    return files


def unpack(file, root):
    """A package's files below `root`."""
    # Not `dpkg-deb -x`: it puts a directory in the place of a merged /usr's link `lib`.
    words = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"'
    subprocess.run(["bash", "-c", f"set -o pipefail; {words}", "_", file, root], check=True)
