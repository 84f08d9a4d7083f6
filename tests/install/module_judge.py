"""From the runs of a scene with modules to an Outcome: what of them boots, and what is recorded, by our own readers."""

import subprocess

import image
import newc
from fault import Fault, require
from judge import Verdict, _changes, _without_own, _without_ukifys
from outcome import GONE, Outcome, loudest
from scene import AFTER, BEFORE, KVER, LAST, LATE, TOKEN
from updates import names_in

_ZSTD = b"\x28\xb5\x2f\xfd"
_PENDING = f"var/lib/kip/pending/{KVER}"


def _archive(data):
    """A raw archive from one that may be compressed; up to three zeros behind it are the boot loader's."""
    if not data.startswith(_ZSTD):
        return data
    for zeros in range(4):
        end = len(data) - zeros
        done = subprocess.run(["zstd", "-dcq"], input=data[:end], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if done.returncode == 0 or data[end - 1]:
            break
    require(done.returncode == 0, f"what stands behind the base: {done.stderr.decode(errors='replace')}")
    return done.stdout


def modules_behind(handed_over, base):
    """Names of the modules in what stands behind the base, which has to be in it byte for byte."""
    require(base in handed_over, "the base is not in what boots, byte for byte")
    data = handed_over[handed_over.index(base) + len(base) :].lstrip(b"\0")
    if not data:
        return ()
    members = newc.read(_archive(data))
    names = [member.name for member in members]
    require("kip/modules" in names, "what stands behind the base is no overlay")
    inside = [name for name in names if ".ko" in name]
    for name in inside:
        require(name.startswith(f"usr/lib/modules/{KVER}/"), f"'{name}' is where no modprobe looks")
    if inside:
        require(f"usr/lib/modules/{KVER}/modules.dep.bin" in names, "modules without an index")
    return tuple(sorted(name.rsplit("/", 1)[1] for name in inside))


class ModuleVerdict(Verdict):
    """Adds, adds once more, removes; the claims are of all runs, the Outcome of the first."""

    def _recorded(self):
        path = self.scene.at / "conf" / _PENDING
        return path.read_text() if path.exists() else ""

    def _check_record(self, wanted):
        """All that is needed to complete it, or nothing at all."""
        text = self._recorded()
        if not wanted:
            self.claim(not text, f"a record is left: {text!r}")
            return
        arguments = [KVER, str(self.scene.at / "vmlinuz.efi")]
        arguments += [str(self.scene.at / "args" / name) for name in self.scene.setup.arguments]
        tail = "".join(f"argument {word}\n" for word in ["add", *arguments])
        self.claim(text.startswith("kip pending 1\nmodule "), f"the record begins otherwise: {text[:60]!r}")
        self.claim(text.endswith(tail), f"the record does not end with the arguments: {text!r}")

    def _base(self, before):
        setup = self.scene.setup
        _, last = self._staged(before)
        return (list(setup.arguments.values()) + last + [b""])[0]

    def _outcome(self, run):
        """What one add made of it."""
        self._check_run(run)
        says = loudest(run.stderr)
        if run.exit:
            entry = f"loader/entries/{TOKEN}-{KVER}.conf"
            self.claim(entry not in run.boot, "it failed, and there is an entry")
            self.claim("wants it" in run.stderr, "it failed, and the rule is not named")
            return Outcome(exit=run.exit, says=says)
        self.claim(LAST in run.seen, "exit 0, but the last plugin never ran")
        before = _without_own(run.seen[LATE if self.scene.setup.late else BEFORE])
        last = _without_ukifys(run.seen)
        changes = _changes(before, _without_own(last))
        for name in [name for name, what in changes if what != GONE]:
            self.claim(last[name][:2] == ("file", 0o600), f"staged {name} is a {last[name][0]} {last[name][1]:o}")
        if not self.scene.setup.late:
            self.claim(_without_own(run.seen[AFTER]) == _without_own(last), "the step at 86 changed what 58 had made")
        return Outcome(0, changes, self._boots(run, before), says)

    def _boots(self, run, before):
        base = self._base(before)
        if not base:
            return ()
        handed_over = self._handed_over(run)
        found = [("modules", modules_behind(handed_over, base))]
        for vendor, path in image.MICROCODE.items():
            for member in image.read(handed_over).of_name(path)[:1]:
                found.append((vendor, names_in(vendor, member.data)))
        return tuple(sorted((what, tuple(names)) for what, names in found if names))

    def run(self):
        """The first add, what is recorded, the second add, and the removal."""
        situation, boot = self.situation, self.scene.boot()
        first, seen = self.scene.add(), Outcome()
        log = first.stdout + first.stderr
        try:
            seen = self._outcome(first)
            self._check_record(situation.record)
            self.scene.complete_modules()
            second = self.scene.add(0o077)
            log += second.stdout + second.stderr
            again, wanted = self._outcome(second), situation.then or situation.expect
            self.claim(again == wanted, f"the second add: {again}, not {wanted}")
            self._check_record(False)
            if not situation.then:
                same = [run.seen[LAST].get(name) for run in (first, second) for name, _ in situation.expect.staging]
                self.claim(len(set(same)) <= len(situation.expect.staging), "the second add staged other bytes")
            if situation.record:  # and a kernel that is removed before it was completed
                self.scene.take_modules()
                self.claim(self.scene.add().exit == situation.expect.exit, "once more without the module")
                self._check_record(True)
            self._check_remove(boot)
            self._check_record(False)
        except Fault as fault:
            self.faults.append(str(fault))
        except KeyError as missing:
            self.faults.append(f"not there: {missing}")
        return Outcome(seen.exit, seen.staging, seen.boots, seen.says, tuple(self.faults)), log
