"""A machine whose `/` is a scratch directory: kernel-install, its stock plugins, and ours at their real names.

`kip refresh` refuses --root, so it needs a root of its own. DIR becomes one in a private mount namespace: /usr of a
Debian (this one, or a chroot's) below a layer that is thrown away, and on top of it plain directories, so that a test
writes what it likes, where it likes:

    DIR/etc, var, boot, root    as they are called
    DIR/own/usr/...             what is mounted on /usr/...: modules, firmware, kip, plugins, dracut's configuration

A process holds the namespace as long as the System is open. $BOOT, /boot or /efi, is a mount of its own; its files are
somewhere else.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fault import require

TOKEN = "0123456789abcdef0123456789abcdef"
PLUGINS = "usr/lib/kernel/install.d"
MODULES = "usr/lib/modules"
CONF, CONF_OF_PACKAGES = "etc/kip/kip.conf.d", "usr/lib/kip/kip.conf.d"
DRACUT_OF_PACKAGES = "usr/lib/dracut/dracut.conf.d"
GENERATED, CALLED = "var/log/generated", "var/log/kernel-install"  # a line for each run
TIMEOUT = 600  # seconds for one command on a busy machine
STEPS = {"45-kip-microcode": "45-kip-microcode", "58-kip-image": "58-kip-image", "86-kip-image": "58-kip-image",
         "95-kip-record": "95-kip-record"}  # fmt: skip
COMMANDS = ("kip", "initrd-pack", "ucode-pack", "kmod-pack")
_TOLD = (MODULES, "usr/lib/firmware", "usr/lib/kip", DRACUT_OF_PACKAGES, PLUGINS)
OWN = (*_TOLD, "usr/local")

# ROOT USR BOOT ESP OWN...: prints a line when all is mounted, and holds it until its input ends.
_ENTER = """set -eu
root=$1 usr=$2 boot=$3 esp=$4; shift 4
mount --bind "$root" "$root"
mount -t tmpfs tmpfs "$root/layers"; mkdir "$root/layers/upper" "$root/layers/work"
mount -t overlay overlay -o "lowerdir=$usr,upperdir=$root/layers/upper,workdir=$root/layers/work" "$root/usr"
for place; do mkdir -p "$root/$place"; mount --bind "$root/own/$place" "$root/$place"; done
mount -t proc proc "$root/proc"; mount -t sysfs -o ro sysfs "$root/sys"; mount --rbind /dev "$root/dev"
for place in run tmp var/tmp; do mount -t tmpfs tmpfs "$root/$place"; done
mount --bind "$boot" "$root/$esp"
echo ready; exec cat
"""

_COUNT = """#!/bin/sh
echo "$1 $2" >>/var/log/kernel-install
"""

# As a generator that is a plugin: the same base from the same settings, and a line for each run.
MADE_UP = """#!/bin/sh
set -e
umask 022
if [ "$1" = add ]; then kernel=$2; out=$KERNEL_INSTALL_STAGING_AREA/initrd
else kernel=$3; out=/boot/initrd.img-$3; fi
case "$1" in add | -c | -u) ;; *) exit 0 ;; esac
echo "$kernel" >>/var/log/generated
[ ! -e /etc/made-up.fails ] || { echo "made-up: no space left" >&2; exit 1; }
[ ! -p /etc/made-up.waits ] || cat /etc/made-up.waits >/dev/null
work=$(mktemp -d)
mkdir -p "$work/usr/lib" "$work/etc"
ln -s usr/lib "$work/lib"
cp /etc/made-up.conf "$work/etc"
find "$work" -exec touch -h -d @1000000000 {} +
(cd "$work"; find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H newc --reproducible -R 0:0 --quiet) | zstd -q >"$out.new"
mv "$out.new" "$out"
rm -r "$work"
"""


@dataclass(frozen=True)
class Done:
    """One command."""

    exit: int
    out: str
    err: str

    def __str__(self):
        return f"exit {self.exit}: {(self.out + self.err)[-600:]!r}"


def _copy(source, target):
    """A file with a time of its own; links stay links."""
    if source.is_symlink():
        target.symlink_to(os.readlink(source))
    elif source.is_dir():
        target.mkdir(exist_ok=True)
        for path in source.iterdir():
            _copy(path, target / path.name)
    elif source.is_file():
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


class System:
    """`usr` is the /usr that programs come from; `layout` kernel-install's, `conf` more of its settings; `esp` is
    the name of $BOOT, `boot` where it is."""

    def __init__(self, at, programs, usr=Path("/usr"), layout="bls", esp="boot", boot=None, conf=""):
        self.at, self.programs, self.usr, self.esp = Path(at), programs, usr, esp
        self._conf = f"layout={layout}\n{conf}"
        self._boot = Path(boot or f"{at}-boot")
        self._holder, self._started = None, []
        self.environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
        self.umask = 0o022
        self.prefix = ()  # words in front of every command
        self._lay_out()

    # --- Files --------------------------------------------------------------------------------------------

    def path(self, name):
        """Where the test finds a file of the machine."""
        first, _, rest = name.partition("/")
        if first == self.esp:
            return self._boot / rest
        return self.at / "own" / name if name.startswith("usr/") else self.at / name

    def write(self, name, content, mode=0o644):
        """A file of bytes or of text, in place of what is there."""
        place = self.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(mode)

    def remove(self, name):
        """A file or a directory."""
        place = self.path(name)
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()

    def lines(self, name):
        """The lines of a file that may not be there."""
        return self.path(name).read_text().splitlines() if self.path(name).exists() else []

    def _lay_out(self):
        self.at.mkdir(parents=True, exist_ok=True)
        """A machine without a kernel."""
        self.at.chmod(0o755)
        places = "etc var/log var/tmp var/lib root proc sys dev run tmp layers usr boot".split()
        for name in [*places, self.esp]:
            (self.at / name).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "sbin", "lib", "lib64"):
            (self.at / name).symlink_to(f"usr/{name}")
        for name in OWN:
            self.path(name).mkdir(parents=True)
        files = {
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/machine-id": f"{TOKEN}\n",
            "etc/os-release": "ID=debian\nPRETTY_NAME=\"kip's test\"\n", "etc/made-up.conf": "first\n",
            "etc/kernel/install.conf": self._conf, "etc/kernel/cmdline": "root=/dev/vda quiet\n",
            f"{PLUGINS}/00-count.install": _COUNT,
        }  # fmt: skip
        for name, text in files.items():
            self.write(name, text, 0o755 if name.endswith(".install") else 0o644)
        (self._boot / "loader/entries").mkdir(parents=True, exist_ok=True)
        for plugin in (self.usr / "lib/kernel/install.d").glob("*.install"):
            shutil.copy2(plugin, self.path(PLUGINS))
        if (self.usr / "lib/dracut/dracut.conf.d").is_dir():
            _copy(self.usr / "lib/dracut/dracut.conf.d", self.path(DRACUT_OF_PACKAGES))
        for name, program in STEPS.items():
            shutil.copy2(self.programs / program, self.path(PLUGINS) / f"{name}.install")
        self.path("usr/local/bin").mkdir()
        for name in COMMANDS:
            shutil.copy2(self.programs / name, self.path("usr/local/bin"))

    def take(self, other):
        """All that another machine was told, in place of what this one was, with times of its own; and nothing else."""
        for name in ("etc", *_TOLD, "var", "boot", self.esp):
            for path in self.path(name).iterdir():
                if path != self.at / "var/tmp":  # a mount of the namespace
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        for name in ("etc", *_TOLD):
            _copy(other.path(name), self.path(name))
        for kernel in other.kernels():
            for file in (f"boot/vmlinuz-{kernel}", f"boot/config-{kernel}"):
                _copy(other.path(file), self.path(file))
        self.path("var/log").mkdir()
        for place in ("loader/entries", "EFI/Linux"):
            if other.path(f"{other.esp}/{place}").is_dir():
                self.path(f"{self.esp}/{place}").mkdir(parents=True)

    # --- Commands -----------------------------------------------------------------------------------------

    def __enter__(self):
        places = [self.at, self.usr, self._boot, self.esp, *OWN]
        command = ["unshare", "-m", "--propagation", "private", "sh", "-c", _ENTER, "enter", *places]
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self._holder = subprocess.Popen(command, text=True, **streams)
        if self._holder.stdout.readline() != "ready\n":
            error = self._holder.stderr.read().strip()
            self.close()
            require(False, f"needs mount namespaces and overlayfs: {error}")
        if self.is_debian():
            self.run("ln", "-s", "/usr/local/bin/update-initramfs", "/usr/sbin/update-initramfs")
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the namespace, and what a test that failed has left running."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=TIMEOUT)
        self._holder.stdin.close()
        self._holder.wait(timeout=TIMEOUT)
        self._holder.stdout.close()
        self._holder.stderr.close()

    @property
    def holder(self):
        """The process that holds the namespace."""
        return self._holder.pid

    def unmount_boot(self):
        """$BOOT is an empty directory then."""
        require(self.run("umount", f"/{self.esp}").exit == 0, "cannot unmount $BOOT")

    def mount_boot(self):
        """As it was."""
        mount = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "mount", "--bind", self._boot, self.at / self.esp]
        subprocess.run(mount, check=True)

    def command(self, *words):
        """The words with which a program of the machine is run from outside."""
        inside = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt", "chroot", str(self.at)]
        return [*self.prefix, *inside, *(str(word) for word in words)]

    def start(self, *words, **more):
        """A command that goes on while the test does."""
        process = subprocess.Popen(self.command(*words), env=self.environment, umask=self.umask, cwd="/",
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   **more)  # fmt: skip
        self._started.append(process)
        return process

    def run(self, *words):
        """A command from start to end."""
        done = subprocess.run(self.command(*words), env=self.environment, umask=self.umask, cwd="/", timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              errors="replace", check=False)  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def kernels(self):
        """The kernels whose images are there to be installed."""
        return sorted(path.name.removeprefix("vmlinuz-") for path in self.path("boot").glob("vmlinuz-*"))

    def initrd(self, kernel):
        """The file that boots, in layout bls."""
        name = f"initrd.img-{kernel}" if self.is_debian() else "initrd"
        return f"{self.esp}/{TOKEN}/{kernel}/{name}"

    def is_debian(self):
        """Whether the generator runs before kernel-install."""
        return self.path("usr/local/bin/update-initramfs").exists()

    def install(self, kernel):
        """kernel-install add, as a package of a kernel does."""
        if self.is_debian():
            done = self.run("update-initramfs", "-c", "-k", kernel)
            require(done.exit == 0, f"update-initramfs: {done}")
        return self.run("kernel-install", "add", kernel, f"/boot/vmlinuz-{kernel}")

    def depmod(self, kernel):
        """As every package of modules does."""
        done = self.run("depmod", kernel)
        require(done.exit == 0, f"depmod: {done}")

    def manifests(self):
        """{file name: manifest}."""
        found = self.path("var/lib/kip/manifests")
        return {path.name: json.loads(path.read_text()) for path in sorted(found.glob("*"))} if found.is_dir() else {}
