"""Packages of the host's mirror by name: what apt's lists say of one, and its file, held against its digest.

Nothing is installed: packages are downloaded, and what is wanted of them is unpacked elsewhere.
"""

import functools
import hashlib
import os
import re
import subprocess
from dataclasses import dataclass

from fault import Fault, require


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
def update_lists():
    """Fetches apt's package lists, at most once a run. Only root may; others live with what they have."""
    if os.geteuid() == 0:
        subprocess.run(
            ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )


def shown(name):
    """The newest version in apt's lists, or None."""
    text = output("apt-cache", "show", "--no-all-versions", name)
    fields = dict(re.findall(r"^(Version|SHA256|Depends): (.*)$", text, re.MULTILINE))
    if "Version" not in fields or "SHA256" not in fields:
        return None
    depends = tuple(re.findall(r"(?:^|[,|] *)([^ ,|]+)", fields.get("Depends", "")))
    return Package(name, fields["Version"], fields["SHA256"], depends)


def download(package, directory):
    """The package's file in the directory, or None where the mirror does not have it any more."""
    subprocess.run(
        ["apt-get", "-qq", "download", f"{package.name}={package.version}"],
        cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    )
    files = list(directory.glob(f"{package.name}_*.deb"))
    if not files:
        return None
    require(digest(files[0]) == package.sha256, f"mirror: '{package.name}' is not the file that the lists name")
    return files[0]


def fetch(name, directory):
    """(Package, file) of the newest version. Old lists name files that the mirror has no more: one retry."""
    for renew in (False, True):
        if renew:
            update_lists()
        package = shown(name)
        if package and (file := download(package, directory)):
            return package, file
    raise Fault(f"mirror: no package '{name}' is to be had")


def unpack(file, root):
    """A package's files below `root`."""
    # Not `dpkg-deb -x`: it puts a directory in the place of a merged /usr's link `lib`.
    words = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"'
    subprocess.run(["bash", "-c", f"set -o pipefail; {words}", "_", file, root], check=True)
