"""One image from start to verdict: make it, have inspect predict, boot it, hold the two against each other.

The guest lists every file of its root file system with its digest. That list must be what unpacking the
parts which arrive gives, no file more and none less; proof B tells whose update the CPU was handed.
"""

import subprocess
from dataclasses import dataclass

import guest
import image_parts
import kernels
import newc
import parts
import prediction
import proof
import rootfs
from fault import Fault, require

CRASH = "Kernel panic"
MEMBERS = "kernel/x86/microcode/"


def _early(case, programs, scratch):
    """The early part for the guest's CPU as ucode-pack makes it, and the update in it."""
    firmware = scratch / "firmware"
    firmware.mkdir()
    supply = case.supply(firmware, None)
    data = parts.ucode_pack(programs, (case.cpu.spec,), supply, scratch)
    return image_parts.Part("early", data, newc.tree(data), supply.update.data), supply.update


def join(programs, made, scratch):
    """The image that initrd-pack makes of the parts, each in a file of its own."""
    files = []
    for number, part in enumerate(made):
        files.append(scratch / f"part-{number}")
        files[-1].write_bytes(part.data)
    out = scratch / "joined"
    done = subprocess.run(
        [programs / "initrd-pack", "join", *files, "-o", out],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    require(done.returncode == 0, f"join: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return out.read_bytes()


@dataclass(frozen=True)
class _Expected:
    """What is to be seen, by the row of the table."""

    places: list  # (offset in the image, Part)
    offset: int | None  # of the update that the CPU is to be handed
    files: set  # of the root file system, as sha256sum prints them


def _as_they_stand(case, made):
    """For parts that stand one behind the other."""
    places, at, offset = [], 0, None
    for part in made:
        places.append((at, part))
        if part.name == case.loads:
            offset = at + part.data.index(part.update)
        at += len(part.data)
    arrived = [part.tree for part in made if part.name not in case.lost]
    return _Expected(places, offset, rootfs.files(rootfs.unpack(arrived)))


def _as_joined(made, image):
    """For an image of join's: one early part, which has our microcode and no other, then the rest as it was."""
    early, *others = made
    places, at = [], 0
    for part in others:
        start = image.find(part.kept, at)
        require(start >= 0, f"join: '{part.name}' is not in the image byte for byte")
        places.append((start, part))
        at = start + len(part.kept)
    front = newc.trees(image[: places[0][0]])
    microcode = [(path, data) for tree in front for path, data in tree.items() if data and MEMBERS in path]
    ours = [(path, data) for path, data in early.tree.items() if data and MEMBERS in path]
    require(microcode == ours, f"join: in front are {[path for path, _ in microcode]}, and not our microcode alone")
    trees = front + [part.tree for part in others]
    return _Expected([(0, early), *places], image.index(early.update), rootfs.files(rootfs.unpack(trees)))


def _judge_prediction(case, expected, predicted):
    """inspect must say what the row says, before the boot is asked."""
    for start, part in expected.places:
        if part.name != image_parts.PADDING:
            arrives, told = part.name not in case.lost, predicted.reached.get(start, False)
            require(told == arrives, f"inspect: tells '{part.name}' to be {'unpacked' if told else 'lost'}")
    require(predicted.update == expected.offset, f"inspect: update at {predicted.update}, not {expected.offset}")
    require(predicted.rules == set(case.rules), f"inspect: finds {sorted(predicted.rules)}, not {case.rules}")


def judge_files(boot, files):
    """All of the root file system."""
    seen = set(boot.lines("file"))
    missing, strange = sorted(files - seen), sorted(seen - files)
    first = (missing + strange)[:1]
    require(not first, f"guest: {len(missing)} files missing, {len(strange)} too many, as {first}")
    return f"files={len(files)}"


def _judge_microcode(offset, update, boot, loads):
    """Proof B, and for AMD proof A."""
    at = {load.offset for load in loads}
    require(at == ({offset} - {None}), f"proof B: update at {at or 'no place'}, should be {offset}")
    told = [update.revision] if update.vendor == "amd" and offset is not None else []
    require(proof.applied(boot) == told, "proof A: the kernel does not report what it should")
    return "nothing loaded" if offset is None else f"B:offset={offset:#x}"


def _judge(case, expected, boot, update, loads):
    """What was seen of a boot that came to its end."""
    message = "".join(boot.complaints())
    require(message == case.message, f"guest: the kernel says '{message}', should say '{case.message}'")
    evidence = [_judge_microcode(expected.offset, update, boot, loads), judge_files(boot, expected.files)]
    evidence += [f"lost={','.join(case.lost)}"] if case.lost else []
    return " ".join([*evidence, *([f"message='{message}'"] if message else [])])


def run(case, programs, _corpus, scratch):
    """Carries out one case below `scratch`; the evidence for its line, or a Fault."""
    kernel = kernels.get(case.kernel)
    watched = proof.sites(kernel.image)
    early, update = _early(case, programs, scratch)
    made = case.parts(early)
    image = join(programs, made, scratch) if case.joined else b"".join(part.data for part in made)
    expected = _as_joined(made, image) if case.joined else _as_they_stand(case, made)
    (scratch / "image").write_bytes(image)
    _judge_prediction(case, expected, prediction.inspect(programs, scratch / "image", case.cpu.spec, kernel.release))
    cpu = case.cpu.qemu(update.revision if update.vendor == "amd" else None, hypervisor=False)
    boot = guest.boot(kernel.image, image, cpu, watched, case.words, CRASH if case.crash else guest.END_MARKER)
    try:
        if case.crash:
            require(f"RIP: 0010:{case.crash}+" in boot.serial, f"guest: no fault in {case.crash}()")
            return f"fault in {case.crash}() kernel={kernel.release}"
        release = "".join(boot.lines("kernel"))
        require(release == kernel.release, f"guest: runs '{release}', not {kernel.release}")
        return f"{_judge(case, expected, boot, update, proof.loads(boot, watched, len(image)))} kernel={release}"
    except Fault as fault:
        fault.log = boot.serial
        raise
