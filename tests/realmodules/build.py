"""Out-of-tree modules built for a kernel of kernels.py, kept in the cache under a digest of what made them.

Debian's headers are unpacked into a scratch directory, so nothing is installed on the host but a compiler. Sources are
those of Debian's own DKMS packages and three small modules beside this file, which also come signed, by a key that
is made on the spot and thrown away.
"""

import functools
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "boot"))

import kernels  # noqa: E402
import mirror  # noqa: E402
from fault import Fault, require  # noqa: E402

TOOLS = {"make": "make", "gcc-12": "gcc-12", "strip": "binutils", "depmod": "kmod", "modprobe": "kmod",
         "openssl": "openssl", "xz": "xz-utils", "zstd": "zstd"}  # fmt: skip
SIGNER = "kip test key"
TIMEOUT = 600  # seconds for one build on a busy machine
_OURS = Path(__file__).resolve().parent / "sources"
# pahole, which would write type information, is not there; nobody here reads it.
_MAKE = ("CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")


@dataclass(frozen=True)
class Source:
    """`package` None: ours. `modules` are the names of the files that come out."""

    package: str | None
    modules: tuple
    arguments: tuple = ()


OWN = Source(None, ("kip_test_base", "kip_test_top", "kip_test_spare"))
# Debian's versions do not compile on kernels much newer than their release's own.
SOURCES = {
    "6.12-cloud": (OWN,),
    "6.1": (
        OWN,
        Source("dm-writeboost-dkms", ("dm-writeboost",)),
        Source("tp-smapi-dkms", ("thinkpad_ec", "tp_smapi", "hdaps"), ("HDAPS=1",)),
    ),
}


def missing():
    """Which Debian packages are not installed, as words for a report; "" if all are there."""
    path = "/usr/sbin:/sbin:/usr/bin:/bin"
    lacking = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool, path=path)})
    return "needs " + ", ".join(lacking) if lacking else ""


def _run(*command, cwd=None):
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=TIMEOUT, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Fault(f"build: {Path(command[0]).name} exited {done.returncode}", log=done.stdout)


@functools.cache
def _packages(kernel):
    """What is unpacked: Debian's sources, and the headers with all headers and programs of the build that they name."""
    found, asked = {}, {f"linux-headers-{kernel.release}"}
    asked |= {it.package for it in SOURCES[kernel_key(kernel)] if it.package}
    while asked:
        shown = mirror.shown(*sorted(asked))
        absent = asked - shown.keys()
        require(not absent, f"build: apt knows no package '{min(absent, default='')}'")
        found |= shown
        named = {name for package in shown.values() for name in package.depends}
        asked = {name for name in named if re.fullmatch(r"linux-(headers|kbuild|compiler)-.*", name)} - found.keys()
    return sorted(found.values(), key=lambda package: package.name)


def kernel_key(kernel):
    """The key of kernels.py under which this kernel was asked for."""
    return next(key for key, wish in kernels.PREDICATES.items() if wish.words == kernel.words)


def _recipe(kernel):
    """Words that change with whatever the modules are made of."""
    compiler = mirror.output("gcc-12", "-dumpfullversion")
    ours = [(file.name, mirror.digest(file)) for file in sorted(_OURS.iterdir())]
    return repr((kernel.package, kernel.version, compiler, _packages(kernel), ours, SOURCES[kernel_key(kernel)], _MAKE,
                 SIGNER))  # fmt: skip


def _relocate(root, release):
    """Debian's headers name each other by absolute paths."""
    headers = root / "usr/src" / f"linux-headers-{release}"
    makefile = headers / "Makefile"
    makefile.write_text(makefile.read_text().replace("/usr/src/", f"{root}/usr/src/"))
    return headers


def _make(source, headers, root, work):
    """Builds one source in a copy; its modules lie in `work` then, without debug information."""
    if source.package:
        (unpacked,) = root.glob(f"usr/src/{source.package.removesuffix('-dkms').replace('-', '[-_]')}-*")
    else:
        unpacked = _OURS
    shutil.copytree(unpacked, work)
    # The environment of an outer make would speak to this one.
    _run("env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "-C", headers, f"M={work}", *source.arguments, *_MAKE)
    for name in source.modules:
        _run("strip", "-g", work / f"{name}.ko")


def _sign(modules, headers, scratch, out):
    """Copies of the modules with a signature that no kernel knows the key of."""
    key, certificate = scratch / "key.pem", scratch / "certificate.pem"
    _run("openssl", "req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-days", "36500",
         "-subj", f"/CN={SIGNER}", "-keyout", key, "-out", certificate)  # fmt: skip
    out.mkdir()
    for module in modules:
        _run(headers / "scripts/sign-file", "sha256", key, certificate, module, out / module.name)


def _build(kernel, place):
    """Builds everything for a kernel beside its place and renames it. Whoever comes second throws its own away."""
    require(not missing(), missing())
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=place.parent) as directory:
        scratch = Path(directory)
        root, fresh = scratch / "root", scratch / "fresh"
        root.mkdir()
        fresh.mkdir()
        files = mirror.download(scratch, *_packages(kernel))
        require(files, f"build: the mirror does not have all of {[it.name for it in _packages(kernel)]}")
        for file in files:
            mirror.unpack(file, root)
        headers = _relocate(root, kernel.release)
        for number, source in enumerate(SOURCES[kernel_key(kernel)]):
            work = scratch / str(number)
            _make(source, headers, root, work)
            for name in source.modules:
                (work / f"{name}.ko").rename(fresh / f"{name}.ko")
        _sign([fresh / f"{name}.ko" for name in OWN.modules], headers, scratch, fresh / "signed")
        try:
            fresh.rename(place)
        except OSError:
            require(place.is_dir(), f"cannot rename '{fresh}' to '{place}'")


@functools.cache
def modules(kernel):
    """The directory with NAME.ko of each module, and signed/NAME.ko of ours."""
    digest = hashlib.sha256(_recipe(kernel).encode()).hexdigest()[:16]
    place = kernels.cache().parent / "modules" / f"built-{kernel.release}-{digest}"
    if not place.is_dir():
        _build(kernel, place)
    return place


@functools.cache
def stock(kernel):
    """The root directory with a kernel's own modules, as its package has them."""
    place = kernels.cache().parent / "modules" / f"stock-{kernel.release}-{kernel.version}"
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".stock-", dir=place.parent) as directory:
            root = Path(directory) / "root"
            root.mkdir()
            kernels.modules(kernel, root)
            shutil.rmtree(root / "usr", ignore_errors=True)
            for file in root.glob("boot/[!c]*"):  # the configuration stays
                file.unlink()
            try:
                root.rename(place)
            except OSError:
                require(place.is_dir(), f"cannot rename '{root}' to '{place}'")
    return place
