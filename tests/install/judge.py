"""From the runs of a scene to an Outcome: claims about files, checked by our own reader of images."""

import hashlib
import time
from pathlib import Path

import image
import pe
from fault import Fault
from outcome import GONE, MADE_ANEW, NEW, REPLACED, Outcome, loudest
from scene import AFTER, BEFORE, KVER, LAST, LATE, TOKEN
from updates import names_in

OWN = "kip.d"  # of the staging area, where plugin 45 leaves its part for 58
EARLY = f"{OWN}/early.cpio"
_MICROCODE_ALIGNMENT, _EARLY_MULTIPLE = 16, 512


def _without_own(stage):
    return {name: entry for name, entry in stage.items() if name != OWN and not name.startswith(f"{OWN}/")}


def _without_ukifys(seen):
    """The last snapshot less the UKI that 60-ukify builds between our steps."""
    built = "uki.efi" not in seen[AFTER]
    return {name: entry for name, entry in seen[LAST].items() if not (built and name == "uki.efi")}


def _changes(before, after):
    """((name, what), …) between two snapshots; type, mode and bytes count."""

    def word(name):
        if name not in before or name not in after:
            return NEW if name in after else GONE
        (was, _, had), (is_now, _, has) = before[name], after[name]
        return MADE_ANEW if (was, had) == (is_now, has) else REPLACED

    changed = [name for name in before | after if before.get(name) != after.get(name)]
    return tuple(sorted((name, word(name)) for name in changed))


class Verdict:
    """One situation's claims, gathered as they are found not to hold."""

    def __init__(self, situation, scene):
        self.situation, self.scene, self.faults = situation, scene, []
        self.expected = situation.expect

    def claim(self, holds, text):
        """Notes a fault unless it holds; the other claims go on."""
        if not holds:
            self.faults.append(text)

    # --- What boots ---------------------------------------------------------------------------------------

    def _loader_entry(self, run):
        """The initrds that 90-loaderentry's entry names, in its order."""
        text = run.boot[f"loader/entries/{TOKEN}-{KVER}.conf"][2].decode()
        paths = [line.split(None, 1)[1] for line in text.splitlines() if line.startswith("initrd")]
        return [run.boot[f"{TOKEN}/{KVER}/{path.rsplit('/', 1)[1]}"][2] for path in paths]

    def _staged(self, stage):
        """The initrds in a staging area, in the order of the stock plugins of this release."""
        old, outside = self.scene.machine.old, self.scene.at / "outside"
        first = [] if old else sorted(name for name in stage if name.startswith("microcode"))
        last = sorted(name for name in stage if name.startswith("initrd"))

        def data(name):
            kind, _, content = stage[name]
            if kind != "link":
                return content
            target = content.decode()
            if target.startswith("/boot/"):
                return self.scene.setup.slash_boot
            return (outside / target.rsplit("/", 1)[1]).read_bytes()

        return [data(name) for name in first], [data(name) for name in last]

    def _handed_over(self, run):
        """The bytes that a kernel gets as its initrd."""
        if self.situation.judged:
            return run.seen[LAST][self.situation.judged][2]
        if self.scene.layout == "bls":
            return image.concatenate(self._loader_entry(run))
        if self.scene.layout == "uki":
            return pe.section(run.boot[f"EFI/Linux/{TOKEN}-{KVER}.efi"][2], ".initrd") or b""
        first, last = self._staged(run.seen[LAST])
        return image.concatenate(first + list(self.scene.setup.arguments.values()) + last)

    def _base(self, before):
        """The bytes that it would get without us, but for staged microcode-VENDOR, which is ours to replace."""
        if self.situation.follows:
            return self.situation.original
        setup = self.scene.setup
        _, last = self._staged(before)
        files = list(setup.arguments.values()) + last
        return image.concatenate(files or [setup.entry_initrd or b""])

    # --- Claims -------------------------------------------------------------------------------------------

    def _check_image(self, handed_over, base):
        """Structure of the image that boots, and what became of the base. Returns Outcome.boots."""
        got, was = image.read(handed_over), image.read(base)
        found = []
        for vendor, path in image.MICROCODE.items():
            members = got.of_name(path)
            if members:
                found.append((vendor, names_in(vendor, members[0].data)))
            self.claim(len(members) < 2, f"{len(members)} members {path} in a kernel's reach")
        if not (self.expected.staging and found):
            return tuple(sorted(found))
        vendors = [vendor for vendor, _ in self.expected.boots]
        ours = len(self.expected.staging)  # each file of ours begins with an archive of ours
        for archive in got.archives[:ours]:
            self._check_early(archive)
        own = got.behind(ours)
        self.claim(own % _EARLY_MULTIPLE == 0, f"the base begins at {own:#x}, not at a multiple of 512")
        kept, rest = image.essence(got, vendors, ours)
        was_kept, was_rest = image.essence(was, vendors)
        names = [[member[0] for member in members] for members in (kept, was_kept)]
        self.claim(kept == was_kept, f"the base's raw members are {names[0]}, not, as they were, {names[1]}")
        self.claim(rest == was_rest, "what follows the raw archives is not the base's")
        if not any(was.of_name(image.MICROCODE[vendor]) for vendor in vendors):
            same = image.concatenate([handed_over[own:]]) == image.concatenate([base])
            self.claim(same, "the base is not behind it byte for byte")
        return tuple(sorted(found))

    def _check_early(self, archive):
        """An archive of ours by itself."""
        self.claim(archive.start % _EARLY_MULTIPLE == 0, f"an early part begins at {archive.start:#x}")
        manifests = 0
        for member in archive.members:
            manifests += "kip" in member.name and bool(member.data)
            if member.name in image.MICROCODE.values():
                self.claim(member.start % _MICROCODE_ALIGNMENT == 0, f"{member.name} begins at {member.start:#x}")
        self.claim(manifests < 2, f"an early part has {manifests} members that could be our manifest")

    def _check_staging(self, run, changes):
        """Modes and types of what is ours; the second image step; nobody else's files touched."""
        last = _without_ukifys(run.seen)
        for name in [name for name, what in changes if what != GONE] + [n for n in last if n == EARLY]:
            self.claim(last[name][:2] == ("file", 0o600), f"staged {name} is a {last[name][0]} {last[name][1]:o}")
        if not (self.scene.setup.late or self.scene.setup.masks):
            self.claim(_without_own(run.seen[AFTER]) == _without_own(last), "the step at 86 changed what 58 had made")
        if self.expected.staging:
            self.claim(EARLY in run.seen[BEFORE], f"plugin 45 did not leave {EARLY}")
        if self.situation.silent_45:
            self.claim(EARLY not in last, f"plugin 45 left {EARLY}")

    def _check_run(self, run):
        """What every run owes, whatever its verb."""
        self.claim(run.inputs_kept, "an input was changed")
        self.claim(not run.left_over, f"left in TMPDIR: {run.left_over}")
        self.claim(not loudest(run.stdout), "a plugin of ours wrote to stdout")

    def _check_manifest(self, run):
        """An image with something of ours in it is recorded, as the file that is on $BOOT."""
        records = self.scene.records()
        if not self.expected.staging:
            return
        # With layout "other" nobody takes what is staged.
        wanted = [] if self.scene.layout == "other" else [f"{TOKEN}@{KVER}.json"]
        self.claim(list(records) == wanted, f"the records are {sorted(records)}")
        for file in [file for record in records.values() for file in record["files"] if file["path"]]:
            name = str(Path(file["path"]).relative_to(self.scene.at / "boot"))
            data = run.boot.get(name, ("", 0, b""))[2]
            self.claim(hashlib.sha256(data).hexdigest() == file.get("sha256", hashlib.sha256(data).hexdigest()),
                       f"the record is of another {name} than is on $BOOT")
        if self.scene.layout == "bls":
            options = [record.get("options", "") for record in records.values()]
            wanted = self.scene.setup.cmdline
            self.claim(all(text.startswith(wanted) for text in options), f"the recorded options are {options}")

    def _check_again(self, first, pause, umask):
        """Adding once more gives the same bytes and modes of staged files, whatever the time and the umask."""
        time.sleep(pause)
        self.scene.age()
        second = self.scene.add(umask)
        self.claim(second.exit == 0, f"the second add: exit {second.exit}: {second.stderr[-300:]}")
        if second.exit == 0:
            ours = [name for name, _ in self.expected.staging]
            for name in ours + [EARLY]:
                same = first.seen[LAST].get(name) == second.seen.get(LAST, {}).get(name)
                self.claim(same, f"the second add (umask {umask:03o}) staged another {name}")
            bytes_of = [{name: entry[2] for name, entry in run.boot.items()} for run in (first, second)]
            if not self.scene.layout == "uki":  # ukify's own bytes are not ours to answer for
                self.claim(bytes_of[0] == bytes_of[1], "the second add installed other bytes")
            else:
                self.claim(self._handed_over(first) == self._handed_over(second), "the second UKI has another initrd")
        self._check_run(second)

    def _check_remove(self, boot):
        """Removing brings the boot partition back, and is none of our business."""
        run = self.scene.remove()
        self.claim(run.exit == 0, f"remove: exit {run.exit}: {run.stderr[-300:]}")
        self.claim(not self.scene.records(), f"remove left {sorted(self.scene.records())}")
        self.claim(run.boot == boot, f"remove left changes: {_changes(boot, run.boot)}")
        self.claim(not loudest(run.stderr), "a plugin of ours had something to say on remove")
        self._check_run(run)

    # --- The whole ----------------------------------------------------------------------------------------

    def run(self):
        """add, add, remove: the Outcome is of the first add, the claims of all."""
        boot = self.scene.boot()
        if self.situation.only_remove:
            self._check_remove(boot)
            return Outcome(faults=tuple(self.faults)), ""
        run = self.scene.add()
        self._check_run(run)
        log = run.stdout + run.stderr
        if run.exit:
            return Outcome(exit=run.exit, says=loudest(run.stderr), faults=tuple(self.faults)), log
        if LAST not in run.seen:
            self.faults.append("exit 0, but the last plugin never ran")
            return Outcome(says=loudest(run.stderr), faults=tuple(self.faults)), log
        before = _without_own(run.seen[LATE if self.scene.setup.late else BEFORE])
        changes = _changes(before, _without_own(_without_ukifys(run.seen)))
        self._check_staging(run, changes)
        self._check_manifest(run)
        found = ()
        try:
            if self.situation.boots_by_initrd:
                found = self._check_image(self._handed_over(run), self._base(before))
        except Fault as fault:
            self.faults.append(str(fault))
        except KeyError as missing:
            self.faults.append(f"not on $BOOT: {missing}")
        if not self.faults:
            self._check_again(run, self.scene.setup.pause, self.scene.setup.umask)
            self._check_remove(boot)
        return Outcome(0, changes, found, loudest(run.stderr), tuple(self.faults)), log
