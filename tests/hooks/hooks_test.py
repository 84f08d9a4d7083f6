#!/usr/bin/env python3
"""The opt-in hooks of install.d/hooks, driven as update-initramfs and mkinitcpio drive them, with made-up plugins.

usage: hooks_test.py [unittest arguments]
"""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

HOOKS = Path(__file__).resolve().parents[2] / "install.d" / "hooks"
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]
KVER = "6.1.0-test"
BASE = bytes(range(256)) * 40
EARLY = b"early part\0"

PACK = 'printf "early part\\0" > "$KERNEL_INSTALL_STAGING_AREA/early"\n'
MERGE = """cd "$KERNEL_INSTALL_STAGING_AREA"
cat early initrd > merged
mv merged initrd
"""


class Scene:
    """A directory of plugins, and one like /boot with an initrd."""

    def __init__(self, place: Path, name: str = f"initrd.img-{KVER}"):
        self.boot, self.plugins = place / "boot", place / "plugins"
        self.boot.mkdir(parents=True)
        self.plugins.mkdir()
        self.image = self.boot / name
        self.image.write_bytes(BASE)
        self.image.chmod(0o640)
        self.plugin("45-kip-microcode.install", PACK)
        self.plugin("58-kip-image.install", MERGE)

    def plugin(self, name: str, body: str) -> None:
        path = self.plugins / name
        path.write_text("#!/bin/sh\nset -eu\n" + body)
        path.chmod(0o755)

    def run(self, argv: list, **options) -> subprocess.CompletedProcess:
        environment = {"PATH": os.environ["PATH"], "KIP_PLUGIN_DIR": str(self.plugins)} | options.pop("env", {})
        return subprocess.run(
            [str(word) for word in argv], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options
        )

    def update_initramfs(self, shell=(), **options) -> subprocess.CompletedProcess:
        return self.run([*shell, HOOKS / "initramfs-tools/kip-microcode", KVER, self.image], **options)

    def mkinitcpio(self, *argv, env=None, **options) -> subprocess.CompletedProcess:
        environment = {"KERNELVERSION": KVER} if env is None else env
        return self.run([HOOKS / "mkinitcpio/kip-microcode", *argv], env=environment, **options)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.boot.iterdir())


class HookTest(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="kip-hooks-")
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)

    def assert_merged(self, scene: Scene, result: subprocess.CompletedProcess) -> None:
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertEqual(scene.image.read_bytes(), EARLY + BASE)
        self.assertEqual(scene.image.stat().st_mode & 0o7777, 0o640)
        self.assertEqual(scene.names(), [scene.image.name])

    def assert_left(self, scene: Scene, result: subprocess.CompletedProcess, *words: str) -> None:
        """Whole, alone, and one line of warning with these words; without words, no line at all."""
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1 if words else 0, result.stderr)
        for word in words:
            self.assertIn(word, lines[0])
        if words:
            self.assertTrue(lines[0].startswith("kip-microcode: warning: "), lines[0])
        self.assertEqual(scene.image.read_bytes(), BASE)
        self.assertEqual(scene.image.stat().st_mode & 0o7777, 0o640)
        self.assertEqual(scene.names(), [scene.image.name])


class InitramfsToolsTest(HookTest):
    def test_puts_early_part_in_front(self):
        for number, shell in enumerate([(), *SHELLS]):
            with self.subTest(shell=shell):
                scene = Scene(self.place / str(number))
                self.assert_merged(scene, scene.update_initramfs(shell))

    def test_path_with_blanks_and_quotes(self):
        scene = Scene(self.place / "a boot 'dir' $HOME", name="an *initrd* img")
        self.assert_merged(scene, scene.update_initramfs())

    def test_replaces_by_rename(self):
        scene = Scene(self.place)
        os.link(scene.image, scene.boot / "old.dpkg-bak")
        scene.update_initramfs()
        self.assertEqual(scene.image.read_bytes(), EARLY + BASE)
        self.assertEqual((scene.boot / "old.dpkg-bak").read_bytes(), BASE)

    def test_follows_link_to_image(self):
        scene = Scene(self.place)
        link = self.place / "initrd.img"
        link.symlink_to(scene.image)
        result = scene.run([HOOKS / "initramfs-tools/kip-microcode", KVER, link])
        self.assert_merged(scene, result)
        self.assertTrue(link.is_symlink())

    def test_linked_as_administrators_do(self):
        scene = Scene(self.place)
        link = self.place / "post-update.d" / "kip-microcode"
        link.parent.mkdir()
        link.symlink_to(HOOKS / "initramfs-tools/kip-microcode")
        self.assert_merged(scene, scene.run([link, KVER, scene.image]))

    @unittest.skipUnless(shutil.which("run-parts"), "no run-parts here")
    def test_run_parts_takes_it(self):
        scene = Scene(self.place)
        hooks = self.place / "post-update.d"
        hooks.mkdir()
        (hooks / "kip-microcode").symlink_to(HOOKS / "initramfs-tools/kip-microcode")
        result = scene.run(["run-parts", f"--arg={KVER}", f"--arg={scene.image}", hooks])
        self.assert_merged(scene, result)

    def test_plugins_are_called_as_by_kernel_install(self):
        scene = Scene(self.place)
        (scene.boot / f"vmlinuz-{KVER}").write_text("kernel")
        say = f'printf "%s\\n" "${{0##*/}}" "$@" >> "{self.place}/said"\n'
        stage = 'cd "$KERNEL_INSTALL_STAGING_AREA"; stat -c "%n %a" . .. initrd' + f' > "{self.place}/modes"\n'
        stage += f'env | grep ^KERNEL_INSTALL_ | sort > "{self.place}/environment"\n'
        scene.plugin("45-kip-microcode.install", say + PACK)
        scene.plugin("58-kip-image.install", say + stage + MERGE)
        scene.update_initramfs(env={"KERNEL_INSTALL_STAGING_AREA": "/nowhere", "INSTALLKERNEL_STAGING_AREA": "/nowhere"})
        said = (self.place / "said").read_text().splitlines()
        self.assertEqual(said[0::5], ["45-kip-microcode.install", "58-kip-image.install"])
        self.assertEqual((said[1], said[2], said[4]), ("add", KVER, str(scene.boot / f"vmlinuz-{KVER}")))
        self.assertEqual(said[1:5], said[6:10])
        environment = dict(line.split("=", 1) for line in (self.place / "environment").read_text().splitlines())
        self.assertEqual(environment["KERNEL_INSTALL_LAYOUT"], "other")
        self.assertEqual(environment["KERNEL_INSTALL_VERBOSE"], "0")
        self.assertEqual(environment["KERNEL_INSTALL_BOOT_ROOT"], str(scene.boot))
        self.assertEqual(Path(environment["KERNEL_INSTALL_STAGING_AREA"]).parents[1], scene.boot)
        self.assertFalse(Path(said[3]).exists())
        self.assertEqual((self.place / "modes").read_text().split(), ". 700 .. 700 initrd 600".split())

    def test_unchanged_image_keeps_its_inode(self):
        scene = Scene(self.place)
        scene.plugin("58-kip-image.install", ":\n")
        before = scene.image.stat()
        self.assert_left(scene, scene.update_initramfs())
        self.assertEqual((scene.image.stat().st_ino, scene.image.stat().st_mtime_ns), (before.st_ino, before.st_mtime_ns))

    def test_rewritten_but_same_is_unchanged(self):
        scene = Scene(self.place)
        scene.plugin("58-kip-image.install", 'cd "$KERNEL_INSTALL_STAGING_AREA"; cp initrd new; mv new initrd\n')
        before = scene.image.stat().st_ino
        self.assert_left(scene, scene.update_initramfs())
        self.assertEqual(scene.image.stat().st_ino, before)

    def test_first_plugin_fails(self):
        scene = Scene(self.place)
        scene.plugin("45-kip-microcode.install", "exit 1\n")
        scene.plugin("58-kip-image.install", f'echo ran > "{self.place}/ran"\n' + MERGE)
        self.assert_left(scene, scene.update_initramfs(), "45-kip-microcode.install", str(scene.image))
        self.assertFalse((self.place / "ran").exists())

    def test_second_plugin_fails_after_its_work(self):
        for number, shell in enumerate(SHELLS):
            with self.subTest(shell=shell):
                scene = Scene(self.place / str(number))
                scene.plugin("58-kip-image.install", MERGE + "exit 1\n")
                self.assert_left(scene, scene.update_initramfs(shell), "58-kip-image.install")

    def test_plugin_is_killed(self):
        for number, name in enumerate(("KILL", "TERM", "SEGV")):
            with self.subTest(signal=name):
                scene = Scene(self.place / str(number))
                scene.plugin("58-kip-image.install", MERGE + f"kill -{name} $$\n")
                result = scene.update_initramfs()
                result.stderr = "".join(f"{line}\n" for line in result.stderr.splitlines() if line.startswith("kip-"))
                self.assert_left(scene, result, "58-kip-image.install")  # dash itself adds the word "Killed"

    def test_hook_is_terminated(self):
        for number, name in enumerate(("TERM", "INT", "HUP")):
            with self.subTest(signal=name):
                scene = Scene(self.place / str(number))
                scene.plugin("58-kip-image.install", MERGE + f"kill -{name} $PPID\n")
                result = scene.update_initramfs()
                self.assert_left(scene, result, "interrupted")

    def test_hook_is_killed_and_a_later_run_cleans_up(self):
        scene = Scene(self.place)
        scene.plugin("58-kip-image.install", MERGE + "kill -KILL $PPID\n")
        self.assertEqual(scene.update_initramfs().returncode, -signal.SIGKILL)
        self.assertEqual(scene.image.read_bytes(), BASE)
        left = [name for name in scene.names() if name.startswith(".kip-hook.")]
        self.assertEqual(len(left), 1)
        scene.plugin("58-kip-image.install", MERGE)
        scene.update_initramfs()
        self.assertEqual(scene.image.read_bytes(), EARLY + BASE)
        self.assertEqual(scene.names(), sorted([*left, scene.image.name]))  # young: may be at work
        old = time.time() - 2 * 86400 - 60
        os.utime(scene.boot / left[0], (old, old))
        scene.update_initramfs()
        self.assertEqual(scene.names(), [scene.image.name])

    def test_plugin_leaves_no_usable_file(self):
        for number, body in enumerate(("rm initrd", ": > initrd", "rm initrd; mkdir initrd", "ln -sf early initrd")):
            with self.subTest(body=body):
                scene = Scene(self.place / str(number))
                scene.plugin("58-kip-image.install", f'cd "$KERNEL_INSTALL_STAGING_AREA"\n{body}\n')
                self.assert_left(scene, scene.update_initramfs(), "looking at what the plugins made")

    def test_plugin_is_missing(self):
        scene = Scene(self.place)
        (scene.plugins / "58-kip-image.install").unlink()
        self.assert_left(scene, scene.update_initramfs(), "looking for", "58-kip-image.install")

    def test_no_room(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        scene = Scene(self.place)
        result = scene.update_initramfs(preexec_fn=limit)
        self.assertIn("File too large", result.stderr.splitlines()[0])
        result.stderr = result.stderr.splitlines()[-1] + "\n"
        self.assert_left(scene, result, "copying")

    def test_image_is_missing_or_empty(self):
        scene = Scene(self.place)
        result = scene.run([HOOKS / "initramfs-tools/kip-microcode", KVER, scene.boot / "none"])
        self.assert_left(scene, result, "none", "looking for an initrd")
        scene.image.write_bytes(b"")
        result = scene.update_initramfs()
        self.assertIn("looking for an initrd", result.stderr)
        self.assertEqual(scene.image.read_bytes(), b"")

    def test_ways_back_are_not_touched(self):
        for name in ("initramfs-0-rescue-0123.img", "initramfs-linux-fallback.img"):
            with self.subTest(name=name):
                scene = Scene(self.place / name, name=name)
                self.assert_left(scene, scene.update_initramfs())

    def test_staging_area_is_left_to_kernel_install(self):
        scene = Scene(self.place)
        self.assert_left(scene, scene.update_initramfs(env={"KERNEL_INSTALL_STAGING_AREA": str(scene.boot)}))

    def test_too_few_arguments(self):
        scene = Scene(self.place)
        self.assert_left(scene, scene.run([HOOKS / "initramfs-tools/kip-microcode", KVER]), "two arguments")

    def test_copy_without_its_worker(self):
        if Path("/usr/lib/kip/hooks/in-place").exists():
            self.skipTest("kip is installed here")
        scene = Scene(self.place)
        copy = self.place / "post-update.d" / "kip-microcode"
        copy.parent.mkdir()
        shutil.copy2(HOOKS / "initramfs-tools/kip-microcode", copy)
        self.assert_left(scene, scene.run([copy, KVER, scene.image]), "in-place")


class MkinitcpioTest(HookTest):
    def scene(self) -> Scene:
        return Scene(self.place, name="initramfs-linux.img")

    def test_puts_early_part_in_front(self):
        scene = self.scene()
        self.assert_merged(scene, scene.mkinitcpio("/boot/vmlinuz-linux", scene.image))

    def test_empty_third_argument_is_none(self):
        scene = self.scene()
        self.assert_merged(scene, scene.mkinitcpio("/boot/vmlinuz-linux", scene.image, ""))

    def test_version_and_kernel_reach_the_plugins(self):
        for kernel, told in (("/k/vmlinuz linux", "/k/vmlinuz linux"), ("", f"/usr/lib/modules/{KVER}/vmlinuz")):
            with self.subTest(kernel=kernel):
                scene = Scene(self.place / str(len(kernel)), name="initramfs-linux.img")
                scene.plugin("45-kip-microcode.install", f'printf "%s\\n" "$2" "$4" > "{self.place}/said"\n' + PACK)
                self.assert_merged(scene, scene.mkinitcpio(kernel, scene.image))
                self.assertEqual((self.place / "said").read_text().splitlines(), [KVER, told])

    def test_unified_image_is_sealed(self):
        scene = self.scene()
        self.assert_left(scene, scene.mkinitcpio("/k", scene.image, "/efi/EFI/Linux/arch.efi"), "arch.efi", "sealed")

    def test_fallback_is_not_touched(self):
        scene = Scene(self.place, name="initramfs-linux-fallback.img")
        self.assert_left(scene, scene.mkinitcpio("/k", scene.image))

    def test_no_version(self):
        scene = self.scene()
        self.assert_left(scene, scene.mkinitcpio("/k", scene.image, env={}), "KERNELVERSION")

    def test_no_arguments(self):
        scene = self.scene()
        self.assert_left(scene, scene.mkinitcpio(), "arguments")

    def test_plugin_fails(self):
        scene = self.scene()
        scene.plugin("58-kip-image.install", MERGE + "exit 1\n")
        self.assert_left(scene, scene.mkinitcpio("/k", scene.image), "58-kip-image.install")


if __name__ == "__main__":
    unittest.main()
