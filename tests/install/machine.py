"""Where kernel-install runs: three of its releases, each with its own way of being kept off the real system.

On the host (Debian 12: a shell script, release 252) environment variables alone send it to the sandbox, and
the list of plugins is one of them. In a chroot (257, 262: a C program) plugins lie in the two directories that
it searches, ours among the stock ones, so that order, names and masks are its own business there. The sandbox
has the same path inside and outside.
"""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import chroots
from fault import require

TIMEOUT = 60  # seconds for one kernel-install
STOCK = Path("/usr/lib/kernel/install.d")
# Host 252 without 50-depmod and 85-initrd: they work on /lib/modules and /boot, whatever they are told.
_HOST_STOCK = ("90-loaderentry.install",)

# ROOT SANDBOX PROGRAMS COMMAND...: private mounts, the system itself read-only, the sandbox in its /tmp.
_ENTER = """set -eu
root=$1 sandbox=$2 programs=$3; shift 3
mount --bind "$root" "$root"; mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"; mount -t sysfs -o ro sysfs "$root/sys"; mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"; mount -t tmpfs tmpfs "$root/tmp"
(umask 022; mkdir -p "$root$sandbox"); chmod 1777 "$root/tmp"
mount --rbind "$sandbox" "$root$sandbox"; mount --bind "$programs" "$root$sandbox/programs"
mount --bind "$sandbox/slash-boot" "$root/boot"
mount --bind "$sandbox/etc" "$root/etc/kernel/install.d"
mount --bind "$sandbox/usr" "$root/usr/lib/kernel/install.d"
exec chroot "$root" "$@"
"""


@dataclass(frozen=True)
class Machine:
    """`old`: the stock plugins know nothing of staged microcode and image types (before 254)."""

    version: str
    old: bool

    def run(self, sandbox, programs, environment, arguments, umask):
        """kernel-install with `arguments`, its plugins as laid out in the sandbox."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"} | environment
        command = self._command(sandbox, programs, environment)
        return subprocess.run(
            [*command, *arguments], env=environment, umask=umask, cwd="/", timeout=TIMEOUT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            check=False,
        )


@dataclass(frozen=True)
class Host(Machine):
    """This system, if its kernel-install is the release wanted."""

    def check(self):
        """Raises a Fault where this machine is not to be had."""
        found = _version_here()
        require(found, f"needs kernel-install {self.version} (Debian 12, package systemd)")
        require(found == self.version, f"needs kernel-install {self.version}, but this system has {found}")

    def lay_out(self, sandbox, plugins):
        """Puts plugins, a mapping of name to (target or script), where they are found; the order is written down."""
        stock = {name: STOCK / name for name in _HOST_STOCK}
        for name, plugin in plugins.items():
            place_plugin(sandbox / "usr", name, plugin)
        everything = {name: sandbox / "usr" / name for name in plugins if plugins[name]} | stock
        listed = " ".join(str(everything[name]) for name in sorted(everything))
        (sandbox / "plugins").write_text(listed)

    def _command(self, sandbox, _programs, environment):
        environment["KERNEL_INSTALL_PLUGINS"] = (sandbox / "plugins").read_text()
        return ["kernel-install"]

    def programs_as_seen(self, _sandbox, programs):
        """The directory of programs by the path that plugins have."""
        return programs


@dataclass(frozen=True)
class Chroot(Machine):
    """Another release, in a namespace of its own."""

    release: chroots.Release

    def check(self):
        """Raises a Fault where this machine is not to be had."""
        root = chroots.get(self.release)
        done = subprocess.run(
            ["chroot", root, "kernel-install", "--version"], stdout=subprocess.PIPE, text=True, check=False
        )
        found = _version_of(done.stdout)
        require(found == self.version, f"needs kernel-install {self.version}, but {self.release.name} has {found}")

    def lay_out(self, sandbox, plugins):
        """Stock plugins are copied to /usr's directory beside ours; a mask lies in /etc's, as an administrator's."""
        shutil.copytree(chroots.get(self.release) / STOCK.relative_to("/"), sandbox / "usr", dirs_exist_ok=True)
        for name, plugin in plugins.items():
            place_plugin(sandbox / ("usr" if plugin else "etc"), name, plugin or Path("/dev/null"))

    def _command(self, sandbox, programs, _environment):
        command = ["unshare", "-m", "--propagation", "private", "sh", "-c", _ENTER, "enter"]
        return [*command, chroots.get(self.release), sandbox, programs, "kernel-install"]

    def programs_as_seen(self, sandbox, _programs):
        """The directory of programs by the path that plugins have: mounted in the sandbox."""
        return sandbox / "programs"


def place_plugin(directory, name, plugin):
    """A script of its text, or a link to a Path."""
    if isinstance(plugin, Path):
        (directory / name).symlink_to(plugin)
    elif plugin:
        (directory / name).write_text(plugin)
        (directory / name).chmod(0o755)


def _version_of(text):
    """The release in `kernel-install --version` or `systemd 257 (257.13-1~deb13u1)`."""
    words = text.split()
    return words[1] if len(words) > 1 else ""


@functools.cache
def _version_here():
    if not shutil.which("kernel-install"):
        return ""
    done = subprocess.run(["kernel-install", "--version"], stdout=subprocess.PIPE, text=True, check=False)
    return _version_of(done.stdout)


@functools.cache
def is_guest_or_container():
    """Whether systemd takes this machine for one; None where it cannot be asked."""
    if not shutil.which("systemd-detect-virt"):
        return None
    done = subprocess.run(["systemd-detect-virt", "--quiet"], check=False)
    return done.returncode == 0


HOST = Host("252", old=True)
TRIXIE = Chroot("257", old=False, release=chroots.TRIXIE)
FORKY = Chroot("262", old=False, release=chroots.FORKY)
MACHINES = {machine.version: machine for machine in (HOST, TRIXIE, FORKY)}
