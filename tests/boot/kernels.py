"""The kernels that boots run on: wished for by predicate, found by apt, kept by digest.

A kernel's package name changes with every security update, so none is written down here: a predicate
says what the name must look like, and names the archive's meta package if it is to be the one that this
leads to. The answer is looked up once a run. Of the package only the kernel image is kept, below a
directory named after the package's sha256, beside a record of its own sha256, which is checked on every
use: a cut-off download or a changed file is fetched again and never booted.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import backports
import mirror
from fault import Fault, require


@dataclass(frozen=True)
class Predicate:
    """Words for the report, the shape of the package's name, and the meta package that must lead to it.

    Without a meta package, `which` is asked for one of all names of that shape. `apt` gives the options for apt.
    """

    words: str
    meta: str
    package: str
    apt: Callable = tuple
    which: Callable = max


def _backport(words, version, which=max, kind="image"):
    """A cloud kernel of trixie's backports. From 6.19 on linux-image is empty and needs linux-binary."""
    shape = rf"linux-{kind}-{version}\+deb13-cloud-amd64"
    return Predicate(f"{words} trixie-backports cloud amd64", "", shape, backports.options, which)


PREDICATES = {
    # The work horse: boots in 3 s, has the newest loader that Debian 12 ships (security archive).
    "6.12-cloud": Predicate(
        "newest 6.12 cloud amd64", "linux-image-6.12-cloud-amd64", r"linux-image-6\.12\.\d+\S*-cloud-amd64"
    ),
    # The loader before its rework in 6.7. Generic, because the 6.1 cloud flavour has CONFIG_MICROCODE off.
    "6.1": Predicate("newest 6.1 generic amd64", "linux-image-amd64", r"linux-image-6\.1\.\d+-\d+-amd64"),
    # Past the loader's choice between updates from before and after AMD's signature bug (6.19).
    "newest": _backport("newest", r"(?:6\.19|[7-9]\.\d+)\.\d+", kind="binary"),
}
_BRANCHES = {"image": ("6.16", "6.17", "6.18"), "binary": ("6.19", "7.0", "7.1", "7.2")}
for _kind, _names in _BRANCHES.items():
    for _name in _names:  # both ends of each: what came with a branch, and what came into it later
        _shape = re.escape(_name) + r"\.\d+"
        PREDICATES[_name] = _backport(f"newest {_name}", _shape, kind=_kind)
        PREDICATES[f"{_name}-first"] = _backport(f"oldest {_name}", _shape, min, _kind)


@dataclass(frozen=True)
class Kernel:
    """A kernel image ready to boot."""

    words: str
    package: str
    version: str
    image: Path

    @property
    def release(self):
        """What `uname -r` says."""
        return re.sub("^linux-(image|binary)-", "", self.package)

    @property
    def upstream(self):
        """The release that it was made of, which a 6.1's name does not tell."""
        return re.match(r"[0-9.]+", self.version)[0]


def cache():
    """Where kernels are kept between runs; what else is made from them lies beside."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("KIP_CACHE") or Path(home) / "kip") / "kernels"


def _resolve(wish):
    """The package as apt's lists have it now, or None."""
    apt = wish.apt()
    ask = ("depends", wish.meta) if wish.meta else ("pkgnames", "linux-")
    names = [line.strip().removeprefix("Depends: ") for line in mirror.output("apt-cache", *apt, *ask).splitlines()]
    names = [name for name in names if re.fullmatch(wish.package, name)]
    if not names:
        return None
    name = wish.which(names, key=_numbers)
    return mirror.shown(name, apt=apt).get(name)


def _numbers(name):
    """The release in a package's name, to compare."""
    return [int(number) for number in re.search(r"\d[0-9.]*\d", name)[0].split(".")]


def _cached(place):
    """The image in `place` if it is still the one that was recorded there."""
    image, record = place / "vmlinuz", place / "record.json"
    try:
        return image if json.loads(record.read_text())["vmlinuz_sha256"] == mirror.digest(image) else None
    except (OSError, ValueError, KeyError):
        return None  # not there, or not whole: either way it is fetched


def _kernel_image(package_file):
    """The kernel's bytes out of a package: from 7.3 on it lies among the modules, before in /boot."""
    command = ["dpkg-deb", "--fsys-tarfile", package_file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpacker:
        with tarfile.open(fileobj=unpacker.stdout, mode="r|") as members:
            for member in members:
                if re.fullmatch(r"\./(boot/vmlinuz-.+|usr/lib/modules/[^/]+/vmlinuz)", member.name):
                    return members.extractfile(member).read()
    raise Fault(f"kernel: no image in '{package_file.name}'")


def _fetch(package, place, apt):
    """Downloads one package into the cache; None where the mirror does not have it any more."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        files = mirror.download(Path(scratch), package, apt=apt)
        if not files:
            return None
        image = _kernel_image(files[0])
        fresh = Path(scratch) / "fresh"
        fresh.mkdir()
        (fresh / "vmlinuz").write_bytes(image)
        record = {"package": package.name, "version": package.version, "package_sha256": package.sha256,
                  "vmlinuz_sha256": hashlib.sha256(image).hexdigest()}
        (fresh / "record.json").write_text(json.dumps(record, indent=1) + "\n")
        shutil.rmtree(place, ignore_errors=True)  # whatever is there was not whole
        fresh.rename(place)
    return _cached(place)


def _find(wish):
    """The kernel for a predicate. Old lists name files that the mirror has no more: one retry, with new lists."""
    found = None
    for renew in (False, True):
        if renew:
            mirror.update_lists(wish.apt())
        found = _resolve(wish)
        if found:
            place = cache() / found.sha256
            image = _cached(place) or _fetch(found, place, wish.apt())
            if image:
                return Kernel(wish.words, found.name, found.version, image)
    if found:
        raise Fault(f"kernel '{wish.words}': the mirror does not have '{found.name}' {found.version}")
    raise Fault(f"kernel '{wish.words}': apt knows no package for it (asked for '{wish.meta or wish.package}')")


@functools.cache
def _outcome(key):
    """What came of looking, once a run: a Kernel, or the Fault that says why there is none."""
    try:
        return _find(PREDICATES[key])
    except Fault as fault:
        return fault


def get(key):
    """The kernel that fits the predicate `key`; a Fault by name where it is not to be had."""
    outcome = _outcome(key)
    if isinstance(outcome, Fault):
        raise outcome
    return outcome


def modules(kernel, root):
    """Unpacks the kernel's package below `root`, modules and all, and returns the release's name."""
    with tempfile.TemporaryDirectory() as scratch:
        package = mirror.shown(kernel.package).get(kernel.package)
        files = package and package.version == kernel.version and mirror.download(Path(scratch), package)
        require(files, f"kernel: the mirror does not have '{kernel.package}' {kernel.version}")
        mirror.unpack(files[0], root)
    return kernel.release
