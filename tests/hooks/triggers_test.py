#!/usr/bin/env python3
"""The triggers of install.d/triggers and the units of install.d/units: what package managers start, and what systemd would.

usage: triggers_test.py [unittest arguments]
"""

import fcntl
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TREE = Path(__file__).resolve().parents[2] / "install.d"
TRIGGERS, UNITS = TREE / "triggers", TREE / "units"
STAMP, WHEN_QUIET = TRIGGERS / "stamp", TRIGGERS / "when-quiet"
INSTALLED = "/usr/lib/kip/stamp"
SHELLS = [shell for shell in (["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])]
PATH = {"PATH": os.environ["PATH"]}


def run(argv, env=None, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(word) for word in argv], env=PATH | {k: str(v) for k, v in (env or {}).items()},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, **options,
    )  # fmt: skip


def needs(holds: bool, what: str):
    if not holds:
        print(f"triggers: not tried, no {what} here", file=sys.stderr)
    return unittest.skipUnless(holds, f"no {what} here")


IS_ROOT = os.geteuid() == 0
HAS_NAMESPACE = run(["unshare", *([] if IS_ROOT else ["-r"]), "-m", "true"]).returncode == 0


def in_namespace(script: str, env=None) -> subprocess.CompletedProcess:
    """Runs a shell script that may mount what it likes."""
    return run(["unshare", *([] if IS_ROOT else ["-r"]), "-m", "sh", "-euc", script], env)


class TriggerTest(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="kip-triggers-")
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)

    def root(self, name="root") -> Path:
        root = self.place / name
        (root / "var/lib").mkdir(parents=True)
        return root

    def assert_stamped(self, root: Path, result: subprocess.CompletedProcess) -> None:
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        self.assertEqual([path.name for path in (root / "var/lib/kip").iterdir()], ["changed"])

    def assert_warned(self, result: subprocess.CompletedProcess, *words: str) -> None:
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertTrue(result.stderr.startswith("kip-stamp: warning: "), result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)


class StampTest(TriggerTest):
    def test_below_the_root_that_is_set(self):
        for shell in [[], *SHELLS]:
            for variable in ("DPKG_ROOT", "ROOT", "SYSROOT"):
                with self.subTest(shell=shell, variable=variable):
                    root = self.root(f"{variable} {len(shell)}{shell[:1]}")
                    self.assert_stamped(root, run([*shell, STAMP], {variable: root}))
                    self.assertEqual((root / "var/lib/kip").stat().st_mode & 0o7777, 0o755)

    def test_slash_behind_the_root(self):
        root = self.root()
        self.assert_stamped(root, run([STAMP], {"ROOT": f"{root}/"}))

    def test_root_as_a_relative_path_and_through_a_link(self):
        root = self.root()
        self.assert_stamped(root, run([STAMP], {"DPKG_ROOT": "root"}, cwd=self.place))
        (self.place / "link").symlink_to(root)
        self.assert_stamped(root, run([STAMP], {"DPKG_ROOT": self.place / "link"}))

    def test_of_several_roots_the_package_managers_own_counts(self):
        dpkg, portage = self.root("dpkg"), self.root("portage")
        self.assert_stamped(dpkg, run([STAMP], {"DPKG_ROOT": dpkg, "ROOT": portage, "SYSROOT": portage}))
        self.assertFalse((portage / "var/lib/kip").exists())

    @needs(HAS_NAMESPACE, "mount namespace")
    def test_root_that_is_set_and_empty_is_this_system(self):
        other = self.root()
        for words in (f"DPKG_ROOT= ROOT={other}", f"ROOT= SYSROOT={other}", "ROOT=/", ""):
            with self.subTest(words=words):
                script = f"mount -t tmpfs none /var/lib; umask 077; {words} {STAMP}; cd /var/lib; stat -c '%n %a' kip kip/*"
                result = in_namespace(script)
                self.assertEqual((result.stdout.splitlines(), result.stderr), (["kip 755", "kip/changed 644"], ""))
                self.assertFalse((other / "var/lib/kip").exists())

    def test_arguments_and_input_are_ignored(self):
        root = self.root()
        result = subprocess.run([STAMP, "remove", "--help", "6.1.0"], env=PATH | {"DPKG_ROOT": str(root)},
                                input="usr/lib/firmware/x\n" * 9, capture_output=True, text=True)  # fmt: skip
        self.assert_stamped(root, result)

    def test_what_refresh_starts_stamps_nothing(self):
        root = self.root()
        result = run([STAMP], {"DPKG_ROOT": root, "KIP_REFRESH": "1"})
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        self.assertFalse((root / "var/lib/kip").exists())

    def test_root_is_not_there_or_no_system(self):
        self.assert_warned(run([STAMP], {"DPKG_ROOT": self.place / "none"}), "none/var/lib/kip/changed")
        self.assert_warned(run([STAMP], {"ROOT": self.place}))
        self.assertEqual(list(self.place.iterdir()), [])

    def test_stamps_again_by_a_new_file(self):
        root = self.root()
        run([STAMP], {"DPKG_ROOT": root})
        first = (root / "var/lib/kip/changed").stat().st_ino
        with open(root / "var/lib/kip/changed"):  # so that the number is not free
            self.assert_stamped(root, run([STAMP], {"DPKG_ROOT": root}))
            self.assertNotEqual((root / "var/lib/kip/changed").stat().st_ino, first)

    def test_writes_through_no_link(self):
        root, precious = self.root(), self.place / "precious"
        precious.write_text("precious")
        (root / "var/lib/kip").mkdir()
        (root / "var/lib/kip/changed").symlink_to(precious)
        self.assert_stamped(root, run([STAMP], {"DPKG_ROOT": root}))
        self.assertEqual(precious.read_text(), "precious")
        self.assertFalse((root / "var/lib/kip/changed").is_symlink())

    def test_links_out_of_the_root_are_refused(self):
        for number, link in enumerate(("var", "var/lib", "var/lib/kip")):
            with self.subTest(link=link):
                root, outside = self.place / f"root{number}", self.place / f"outside{number}"
                (root / link).parent.mkdir(parents=True)
                (outside / "lib").mkdir(parents=True)
                (root / link).symlink_to(outside)
                self.assert_warned(run([STAMP], {"DPKG_ROOT": root}), str(root))
                self.assertEqual(list(outside.rglob("*")), [outside / "lib"])

    def test_without_rights(self):
        root = self.root()
        self.place.chmod(0o755)
        become = {"user": 65534, "group": 65534, "extra_groups": []} if IS_ROOT else {}
        (root / "var/lib").chmod(0o555)
        self.assert_warned(run(["sh", "-c", STAMP.read_text(), "stamp"], {"DPKG_ROOT": root}, **become))
        self.assertFalse((root / "var/lib/kip").exists())

    @needs(HAS_NAMESPACE, "mount namespace")
    def test_read_only(self):
        root = self.root()
        (root / "var/lib/kip").mkdir()
        script = f"mount --bind '{root}' '{root}'; mount -o remount,bind,ro '{root}'; exec {STAMP}"
        self.assert_warned(in_namespace(script, {"DPKG_ROOT": root}), f"{root}/var/lib/kip/changed")

    def test_many_at_once(self):
        root = self.root()
        crowd = [subprocess.Popen([STAMP], env=PATH | {"DPKG_ROOT": str(root)}, stderr=subprocess.PIPE) for _ in range(12)]
        self.assertEqual([(one.communicate()[1], one.returncode) for one in crowd], [(b"", 0)] * 12)
        self.assert_stamped(root, run(["true"]))

    @needs(bool(shutil.which("run-parts")), "run-parts")
    def test_linked_into_a_directory_of_hooks(self):
        root = self.root()
        hooks = self.place / "postinst.d"
        hooks.mkdir()
        (hooks / "zz-kip-stamp").symlink_to(STAMP)
        self.assert_stamped(root, run(["run-parts", "--arg=6.1.0", "--arg=/boot/vmlinuz", hooks], {"DPKG_ROOT": root}))


class Quiet:
    """when-quiet with a `sleep` that waits for the test: each tick is one sleep."""

    def __init__(self, place: Path, command: str):
        self.root = place / "root"
        self.state = self.root / "var/lib/kip"
        self.state.mkdir(parents=True)
        (place / "bin").mkdir()
        sleep = place / "bin/sleep"
        sleep.write_text('#!/bin/sh\necho "$1" >&"$TICK"\nread -r _ <&"$GO"\n')
        sleep.chmod(0o755)
        self.command = ["sh", "-c", f'cd "{self.state}"; ls | sort | tr "\\n" " "; {command}']
        self.path = f"{place / 'bin'}:{os.environ['PATH']}"

    def __enter__(self):
        self.tick, tick = os.pipe()
        go, self.go = os.pipe()
        environment = {"PATH": self.path, "KIP_WHEN_QUIET_ROOT": str(self.root), "TICK": str(tick), "GO": str(go)}
        self.process = subprocess.Popen([WHEN_QUIET, *self.command], env=environment, pass_fds=(tick, go), text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        os.close(tick)
        os.close(go)
        return self

    def __exit__(self, *_):
        os.close(self.go)
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.kill()
        self.process.wait()
        os.close(self.tick)

    def sleeps(self) -> bool:
        """Waits until it sleeps; False if it is over instead."""
        return os.read(self.tick, 100) == b"5\n"

    def wake(self) -> bool:
        try:
            os.write(self.go, b"\n")
        except BrokenPipeError:
            return False
        return self.sleeps()

    def ends(self) -> tuple[int, str, str]:
        """Exit status, what was in the state directory when the command began, standard error."""
        ticks = 0
        while ticks < 50 and self.wake():
            ticks += 1
        out, err = self.process.communicate()
        return self.process.returncode, out, err

    def names(self) -> list[str]:
        return sorted(path.name for path in self.state.iterdir())


class WhenQuietTest(TriggerTest):
    def quiet(self, command=":") -> Quiet:
        return Quiet(self.place, command)

    def test_looks_three_times_and_takes_the_stamp_before_the_command(self):
        scene = self.quiet()
        (scene.state / "changed").touch()
        with scene:
            self.assertTrue(scene.sleeps())
            self.assertTrue(scene.wake())
            self.assertFalse(scene.wake())
            self.assertEqual(scene.ends(), (0, "refreshing ", ""))
        self.assertEqual(scene.names(), [])

    def test_without_a_stamp(self):
        with self.quiet() as scene:
            self.assertTrue(scene.sleeps())
            self.assertEqual(scene.ends(), (0, "", ""))

    def test_status_is_the_commands_and_the_stamp_is_gone(self):
        for status in (1, 4):
            with self.subTest(status=status), tempfile.TemporaryDirectory() as place:
                scene = Quiet(Path(place), f"exit {status}")
                (scene.state / "changed").touch()
                with scene:
                    self.assertTrue(scene.sleeps())
                    self.assertEqual(scene.ends(), (status, "refreshing ", ""))
                self.assertEqual(scene.names(), [])

    def test_stamp_of_meanwhile_is_a_new_one(self):
        scene = self.quiet(f"DPKG_ROOT='{self.place / 'root'}' {STAMP}")
        (scene.state / "changed").touch()
        with scene:
            self.assertTrue(scene.sleeps())
            self.assertEqual(scene.ends()[0], 0)
        self.assertEqual(scene.names(), ["changed"])

    def test_machine_goes_down_meanwhile(self):
        scene = self.quiet("kill -KILL $PPID")
        (scene.state / "changed").touch()
        with scene:
            self.assertTrue(scene.sleeps())
            self.assertEqual(scene.ends()[0], -9)
        self.assertEqual(scene.names(), ["refreshing"])

    def test_what_a_run_before_left_goes_as_well(self):
        scene = self.quiet()
        (scene.state / "refreshing").touch()
        with scene:
            self.assertTrue(scene.sleeps())
            self.assertEqual(scene.ends(), (0, "refreshing ", ""))
        self.assertEqual(scene.names(), [])

    def test_new_stamp_begins_the_wait_again(self):
        with self.quiet() as scene:
            self.assertTrue(scene.sleeps())
            self.assertTrue(scene.wake())
            (scene.state / "changed").touch()
            self.assertTrue(scene.wake())
            self.assertTrue(scene.wake())
            self.assertFalse(scene.wake())
            self.assertEqual(scene.ends(), (0, "refreshing ", ""))

    def test_stamp_that_cannot_be_taken_starts_nothing(self):
        scene = self.quiet()
        (scene.state / "changed").touch()
        (scene.state / "refreshing/full").mkdir(parents=True)
        with scene:
            self.assertFalse(scene.sleeps())
            status, begun, err = scene.ends()
        self.assertEqual((status, begun), (4, ""))
        self.assertIn("refreshing", err)

    def test_waits_for_locks_of_the_kernels(self):
        for take in (fcntl.lockf, fcntl.flock):
            for lock in ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock", "/var/lib/rpm/.rpm.lock",
                         "/usr/lib/sysimage/rpm/.rpm.lock", "/var/db/.pkg.portage_lockfile"):  # fmt: skip
                with self.subTest(lock=lock, take=take), tempfile.TemporaryDirectory() as place:
                    scene = Quiet(Path(place), ":")
                    path = scene.root / lock[1:]
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with open(path, "w") as held, scene:
                        take(held, fcntl.LOCK_EX)
                        self.assertTrue(scene.sleeps())
                        for _ in range(5):
                            self.assertTrue(scene.wake())
                        take(held, fcntl.LOCK_UN)
                        self.assertTrue(scene.wake())
                        self.assertTrue(scene.wake())
                        self.assertFalse(scene.wake())
                        self.assertEqual(scene.ends(), (0, "", f"kip-when-quiet: waits until nobody has '{lock}'\n"))

    def test_waits_for_pacman(self):
        with self.quiet() as scene:
            lock = scene.root / "var/lib/pacman/db.lck"
            lock.parent.mkdir()
            self.assertTrue(scene.sleeps())
            lock.touch()
            for _ in range(5):
                self.assertTrue(scene.wake())
            lock.unlink()
            status, _, err = scene.ends()
            self.assertEqual((status, err), (0, "kip-when-quiet: waits until nobody has '/var/lib/pacman/db.lck'\n"))

    def test_file_that_nobody_locked_is_no_lock(self):
        scene = self.quiet()
        (scene.root / "var/lib/dpkg").mkdir()
        with open(scene.root / "var/lib/dpkg/lock-frontend", "w"), scene:
            self.assertTrue(scene.sleeps())
            self.assertTrue(scene.wake())
            self.assertFalse(scene.wake())
            self.assertEqual(scene.ends(), (0, "", ""))


def dpkg_paths() -> list[str]:
    lines = (TRIGGERS / "dpkg/triggers").read_text().splitlines()
    return [line.split()[1] for line in lines if line and not line.startswith("#")]


@needs(bool(shutil.which("dpkg-deb")) and IS_ROOT, "dpkg run by root")
class DpkgTest(TriggerTest):
    """Real packages in a scratch root; their scripts run with DPKG_ROOT set."""

    def setUp(self):
        super().setUp()
        self.target = self.root()
        for name in ("updates", "info", "triggers"):
            (self.target / "var/lib/dpkg" / name).mkdir(parents=True)
        (self.target / "var/lib/dpkg/status").touch()
        self.stamp = self.target / "var/lib/kip/changed"
        kip = self.package("kip", INSTALLED, STAMP.read_bytes())
        (kip / INSTALLED[1:]).chmod(0o755)
        shutil.copy(TRIGGERS / "dpkg/triggers", kip / "DEBIAN")
        shutil.copy(TRIGGERS / "dpkg/postinst", kip / "DEBIAN")
        (kip / "DEBIAN/postinst").chmod(0o755)
        self.dpkg("--install", self.built(kip))

    def package(self, name: str, path: str, content=b"x") -> Path:
        tree = self.place / name
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.org>\nDescription: x\n")
        file = tree / path[1:]
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        return tree

    def built(self, tree: Path) -> Path:
        self.assertEqual(run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree]).returncode, 0)
        return tree.with_name(tree.name + ".deb")

    def dpkg(self, *words) -> None:
        done = run(["dpkg", f"--root={self.target}", "--log=/dev/null", "--force-script-chrootless,unsafe-io", *words])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def take_stamp(self) -> bool:
        there = self.stamp.exists()
        self.stamp.unlink(missing_ok=True)
        return there

    def states(self) -> set[str]:
        status = (self.target / "var/lib/dpkg/status").read_text()
        return set(re.findall(r"^Status: (.*)$", status, re.MULTILINE))

    def test_installing_and_removing_stamps_and_nobody_waits_for_it(self):
        self.assertFalse(self.take_stamp())
        for number, path in enumerate(dpkg_paths()):
            with self.subTest(path=path):
                name = f"example{number}"
                self.dpkg("--install", self.built(self.package(name, f"{path}/deep/in/{name}")))
                self.assertTrue(self.take_stamp())
                self.dpkg("--remove", name)
                self.assertTrue(self.take_stamp())
        self.assertEqual(self.states(), {"install ok installed"})

    def test_other_packages_do_not(self):
        self.dpkg("--install", self.built(self.package("other", "/usr/share/doc/other/copyright")))
        self.assertFalse(self.take_stamp())

    def test_stamp_that_cannot_be_written_fails_no_package(self):
        self.stamp.parent.symlink_to("/nonexistent")
        self.dpkg("--install", self.built(self.package("example", "/usr/lib/firmware/intel-ucode/06-55-07")))
        self.assertEqual(self.states(), {"install ok installed"})


class PacmanTest(TriggerTest):
    HOOK = TRIGGERS / "pacman/95-kip.hook"

    def sections(self) -> list[tuple[str, list[tuple[str, str]]]]:
        found = []
        for line in self.HOOK.read_text().splitlines():
            if match := re.fullmatch(r"\[(\w+)\]", line):
                found.append((match[1], []))
            elif line and not line.startswith("#"):
                key, sign, value = line.partition(" = ")
                self.assertTrue(sign and found, line)
                found[-1][1].append((key, value))
        return found

    def targets(self) -> list[str]:
        return [value for key, value in self.sections()[0][1] if key == "Target"]

    def test_has_what_libalpm_asks_for(self):
        (trigger, conditions), (action, words) = self.sections()
        self.assertEqual((trigger, action), ("Trigger", "Action"))
        self.assertEqual([value for key, value in conditions if key == "Operation"], ["Install", "Upgrade", "Remove"])
        self.assertIn(("Type", "Path"), conditions)
        self.assertEqual(dict(words)["When"], "PostTransaction")
        self.assertEqual(dict(words)["Exec"], INSTALLED)
        self.assertEqual(set(dict(words)), {"Description", "When", "Exec"})

    def test_sorts_behind_those_that_build(self):
        others = ["60-depmod", "70-dkms-install", "90-mkinitcpio-install", self.HOOK.stem]
        self.assertEqual(sorted(others)[-1], self.HOOK.stem)

    def test_what_counts(self):
        def counts(path: str) -> bool:
            return any(fnmatch.fnmatchcase(path, target) for target in self.targets())

        for path in ("usr/lib/firmware/amd-ucode/microcode_amd_fam19h.bin", "usr/lib/modules/6.1.0/extramodules/zfs.ko.zst",
                     "usr/src/zfs-2.2.6/dkms.conf", "etc/modprobe.d/zfs.conf", "etc/kip/kip.conf.d/50-x.conf"):  # fmt: skip
            self.assertTrue(counts(path), path)
        for path in ("usr/lib/modules-load.d/x.conf", "usr/src/linux/Makefile", "usr/lib/libz.so", "usr/bin/kip"):
            self.assertFalse(counts(path), path)


class RpmTest(TriggerTest):
    def triggers(self) -> dict[str, tuple[list[str], str]]:
        text = (TRIGGERS / "rpm/kip.spec").read_text()
        found = re.findall(r"^%(\w+) -- (.*)\n((?:[^%\n].*\n)+)", text, re.MULTILINE)
        return {name: (paths.split(), body) for name, paths, body in found}

    def test_once_a_transaction_for_what_comes_and_what_goes(self):
        triggers = self.triggers()
        self.assertEqual(set(triggers), {"transfiletriggerin", "transfiletriggerun"})
        self.assertEqual(*(paths for paths, _ in triggers.values()))

    def test_scripts_stamp(self):
        for name, (_, body) in self.triggers().items():
            with self.subTest(name=name):
                root = self.root(name)
                self.assert_stamped(root, run(["sh", "-ec", body.replace(INSTALLED, str(STAMP))], {"ROOT": root}))

    def test_same_directories_everywhere(self):
        pacman = {"/" + target.removesuffix("/*").removesuffix("/*/dkms.conf") for target in PacmanTest("targets").targets()}
        rpm = set(self.triggers()["transfiletriggerin"][0])
        self.assertEqual(rpm | {"/lib/modprobe.d"}, set(dpkg_paths()))
        self.assertEqual({path for path in rpm if not path.startswith("/lib/")}, pacman)


@needs(bool(shutil.which("bash")), "bash")
class PortageTest(TriggerTest):
    def source(self, file: str, then: str, contents: str | None) -> Path:
        root = self.root(f"{file}{len(list(self.place.iterdir()))}")
        if contents is not None:
            entry = root / "var/db/pkg/sys-fs/zfs-kmod-2.2.6-r1"
            entry.mkdir(parents=True)
            (entry / "CONTENTS").write_text(contents)
        text = (TRIGGERS / "portage" / file).read_text().replace(INSTALLED, str(STAMP))
        script = f"set -u; (\n{text}\n{then}\n) || echo failed"
        result = run(["bash", "-c", script], {"ROOT": f"{root}/", "EROOT": f"{root}/", "CATEGORY": "sys-fs",
                                              "PF": "zfs-kmod-2.2.6-r1", "EBUILD_PHASE": "postinst"})  # fmt: skip
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        return root / "var/lib/kip/changed"

    def test_packages_that_concern_images(self):
        for line in ("obj /lib/modules/6.6.0/extra/zfs.ko 0123 1", "obj /usr/lib/modules/6.6.0/extra/zfs.ko 0123 1",
                     "obj /lib/firmware/intel-ucode/06-55-07 0123 1", "sym /lib/firmware/a -> b 1",
                     "obj /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf 0 1", "obj /etc/modprobe.d/zfs.conf 0 1"):  # fmt: skip
            with self.subTest(line=line):
                self.assertTrue(self.source("60kip", "", f"dir /usr\n{line}\n").exists())

    def test_packages_that_do_not(self):
        for line in ("obj /usr/lib/modules-load.d/a.conf 0 1", "obj /usr/share/lib/firmware/x 0 1", "dir /lib/firmware",
                     "obj /usr/src/linux-6.6/Makefile 0 1"):  # fmt: skip
            with self.subTest(line=line):
                self.assertFalse(self.source("60kip", "", f"dir /usr\n{line}\n").exists())

    def test_without_a_record_the_package_counts(self):
        self.assertTrue(self.source("60kip", "", None).exists())

    def test_removal(self):
        self.assertFalse(self.source("bashrc", "", None).exists())
        self.assertTrue(self.source("bashrc", "post_pkg_postrm", None).exists())


class DkmsTest(TriggerTest):
    def test_names_the_stamp(self):
        text = (TRIGGERS / "dkms/kip.conf").read_text()
        self.assertEqual(run(["sh", "-euc", text + 'echo "$post_transaction"']).stdout, f"{INSTALLED}\n")


def unit(name: str) -> list[tuple[str, str]]:
    lines = (UNITS / name).read_text().splitlines()
    return [tuple(line.split("=", 1)) for line in lines if "=" in line and not line.startswith("#")]


class UnitsTest(TriggerTest):
    def test_path_watches_what_the_programs_write(self):
        scene = Quiet(self.place, "kill -KILL $PPID")
        written = set()
        run([STAMP], {"DPKG_ROOT": scene.root})
        written.update(scene.names())
        with scene:
            self.assertTrue(scene.sleeps())
            scene.ends()
        written.update(scene.names())
        watched = {value for key, value in unit("kip-refresh.path") if key == "PathExists"}
        self.assertEqual({f"/var/lib/kip/{name}" for name in written}, watched)

    def test_nothing_skips_the_service_behind_the_path(self):
        keys = {key for key, _ in unit("kip-refresh.service")}
        self.assertFalse([key for key in keys if key.startswith(("Condition", "Requires", "Requisite", "BindsTo"))], keys)

    def test_generators_run_in_no_sandbox(self):
        keys = {key for key, _ in unit("kip-refresh.service")}
        self.assertEqual(keys, {"Description", "Documentation", "After", "Type", "ExecStart", "Nice"})

    def test_sandboxes_leave_what_is_read(self):
        for name in ("kip-status.service", "kip-check-boot.service"):
            given = dict(unit(name))
            for key in ("ProtectKernelModules", "ProcSubset", "RestrictSUIDSGID", "PrivateUsers", "InaccessiblePaths"):
                self.assertNotIn(key, given, name)

    def test_sandbox_of_check_boot_leaves_the_journals_socket(self):
        given = unit("kip-check-boot.service")
        self.assertIn(("ExecStart", "/usr/bin/ucode-pack check-boot --journal"), given)
        self.assertIn(("RestrictAddressFamilies", "AF_UNIX"), given)

    def test_check_boot_is_no_more_than_status_may_be(self):
        others = {("RestrictAddressFamilies", "none"), ("RestrictAddressFamilies", "AF_UNIX")}
        sandboxes = [set(unit(name)[unit(name).index(("UMask", "0077")):]) - others - {("WantedBy", "multi-user.target")}
                     for name in ("kip-status.service", "kip-check-boot.service")]  # fmt: skip
        self.assertEqual(*sandboxes)

    def test_what_can_be_enabled_and_nothing_is(self):
        wanted = {path.name: [v for k, v in unit(path.name) if k == "WantedBy"] for path in UNITS.iterdir()}
        self.assertEqual(wanted, {"kip-check-boot.service": ["multi-user.target"], "kip-refresh.path": ["paths.target"], "kip-refresh.service": [],
                                  "kip-status.service": [], "kip-status.timer": ["timers.target"]})  # fmt: skip
        self.assertEqual(list(TREE.rglob("*.preset")), [])

    @needs(bool(shutil.which("systemd-analyze")), "systemd-analyze")
    def test_systemd_reads_them_without_a_word(self):
        for path in UNITS.iterdir():
            text = path.read_text().replace("/usr/lib/kip/when-quiet", str(WHEN_QUIET))
            text = re.sub("/usr/bin/(kip|ucode-pack)", "/bin/true", text)
            (self.place / path.name).write_text(text)
        result = run(["systemd-analyze", "verify", "--man=no", *sorted(self.place.iterdir())])
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))

    @needs(bool(shutil.which("systemd-analyze")), "systemd-analyze")
    def test_those_that_only_read_may_next_to_nothing(self):
        for name in ("kip-status.service", "kip-check-boot.service"):
            (self.place / name).write_text((UNITS / name).read_text())
            words = ["systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=20"]
            result = run([*words, self.place / name])
            self.assertEqual(result.returncode, 0, result.stdout[-2000:])


if __name__ == "__main__":
    unittest.main()
