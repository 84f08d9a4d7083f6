"""Small Debian systems of other releases, with kernel-install and what its stock plugins call.

Made by mmdebstrap from the host's mirror, unpacked but not configured, once for each recipe: they are kept in
the cache under a digest of the recipe, built under another name and renamed, so that one which is there is
whole. Nothing runs in them but inside a mount namespace in which they are read-only (machine.py).
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from fault import Fault, require

_PACKAGES = (
    "systemd systemd-ukify systemd-boot-efi kmod dash bash coreutils sed grep findutils util-linux "
    "diffutils python3-minimal mawk libc-bin libssl3t64 libzstd1 liblzma5 zlib1g"
)
_TIMEOUT = 600  # seconds for one system on a slow mirror


@dataclass(frozen=True)
class Release:
    """`archives`: pairs of a host suite, whose mirror is taken, and the suite wanted from it. `more`: further packages."""

    name: str
    archives: tuple
    more: str = ""

    @property
    def packages(self):
        """All that is unpacked."""
        return [*_PACKAGES.split(), *self.more.split()]


TRIXIE = Release("trixie", (("bookworm", "trixie"), ("bookworm-security", "trixie-security")))
FORKY = Release("forky", (("bookworm", "forky"),))
# With a generator of initrds, for tests/life.
_GENERATOR = "dracut dracut-core udev cpio zstd gzip findutils libc-bin procps file"
TRIXIE_DRACUT = replace(TRIXIE, more=_GENERATOR)
FORKY_DRACUT = replace(FORKY, more=_GENERATOR)


def _one_line(text):
    """(URI, suite) of one-line apt sources."""
    for line in text.splitlines():
        found = re.match(r"deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
        if found and "main" in found[3].split():
            yield found[1], found[2]


def _deb822(text):
    """(URI, suite) of apt sources in paragraphs."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {key.lower(): value.split() for key, value in re.findall(r"^(\S+):[ \t]*(.*)$", paragraph, re.M)}
        if "main" in fields.get("components", ()) and fields.get("enabled") != ["no"]:
            yield from ((uri, suite) for uri in fields.get("uris", ()) for suite in fields.get("suites", ()))


@functools.cache
def mirrors():
    """{suite: URI} of the host's apt sources."""
    etc = Path("/etc/apt")
    found = []
    for file in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*"))]:
        if file.is_file() and file.suffix in (".list", ".sources"):
            reader = _deb822 if file.suffix == ".sources" else _one_line
            found += reader(file.read_text(errors="replace"))
    return {suite: uri for uri, suite in reversed(found)}


def _apt_options():
    """How the host's apt reaches its mirror: proxies, timeouts, whether dates of lists count."""
    done = subprocess.run(["apt-config", "dump", "Acquire"], stdout=subprocess.PIPE, text=True, check=False)
    wanted = r'Acquire::(?:(?:https?|ftp|Retries)\b\S*|Check-Valid-Until|Check-Date) ".*";'
    return [f"--aptopt={line}" for line in done.stdout.splitlines() if re.fullmatch(wanted, line)]


def _sources(release):
    known = mirrors()
    for suite, wanted in release.archives:
        require(suite in known, f"needs a mirror: apt's sources do not have '{suite}'")
        yield f"deb {known[suite]} {wanted} main"


def _finish(root):
    """What unpacking alone leaves out: root's name, and the places that are mounted over later."""
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    for place in ("proc", "sys", "dev", "run", "tmp", "boot", "etc/kernel/install.d", "usr/lib/kernel/install.d"):
        (root / place).mkdir(parents=True, exist_ok=True)


def _make(release, sources, place):
    """Builds the system beside its place and renames it. Whoever comes second throws its own away."""
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{release.name}-", dir=place.parent))
    try:
        root = scratch / "root"
        command = ["mmdebstrap", "--quiet", "--variant=extract", "--include=" + ",".join(release.packages)]
        done = subprocess.run(
            [*command, *_apt_options(), release.name, root, *sources], timeout=_TIMEOUT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )
        if done.returncode:
            raise Fault(f"mmdebstrap could not make a Debian {release.name}", done.stdout)
        _finish(root)
        root.chmod(0o755)
        try:
            root.rename(place)
        except OSError:
            require(place.is_dir(), f"cannot rename '{root}' to '{place}'")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@functools.cache
def _outcome(release):
    try:
        require(os.geteuid() == 0, "needs root, for a chroot")
        for tool in ("mmdebstrap", "unshare", "chroot"):
            require(shutil.which(tool), f"needs {tool}")
        sources = list(_sources(release))
        words = _PACKAGES + (f" {release.more}" if release.more else "")
        recipe = "\n".join([release.name, "extract", words, *sources])
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        cache = Path(os.environ.get("KIP_CACHE") or Path(home) / "kip") / "chroots"
        place = cache / f"{release.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}"
        if not place.is_dir():
            _make(release, sources, place)
        return place
    except (Fault, OSError, subprocess.SubprocessError) as fault:
        return fault


def get(release):
    """The root directory of a release's system; a Fault, the same one a run, where it is not to be had."""
    outcome = _outcome(release)
    if isinstance(outcome, Path):
        return outcome
    raise outcome if isinstance(outcome, Fault) else Fault(f"chroot '{release.name}': {outcome}")
