"""One boot from start to verdict: supply firmware, pack it, put the image together, boot, judge.

A boot that is to load something must show where in the image the bytes lay that the kernel took, and that
they are the bytes which the case says are right. One that is to load nothing must show that the loader was
awake and the image whole, or nothing would be proven by its silence.
"""

import hashlib

import guest
import kernels
import newc
import proof
from blobs import Update
from case import Place
from fault import Fault, require

MEMBERS = {
    "intel": "kernel/x86/microcode/GenuineIntel.bin",
    "amd": "kernel/x86/microcode/AuthenticAMD.bin",
}
BLOCK = 512  # the early part is padded to it
ALIGNMENT = 16  # what Intel asks of an update's address (SDM vol. 3A, "Microcode Update Loader")


def _digest(data):
    return hashlib.sha256(data).hexdigest()


def _locate(case, early, update):
    """Finds the update in the early part and holds the part against what ucode-pack promises of it."""
    members = {member.name: member for member in newc.read(early)}
    member = members.get(MEMBERS[update.vendor])
    require(member, f"early part: no '{MEMBERS[update.vendor]}'")
    inside = member.data.find(update.data)
    require(inside >= 0, "early part: does not hold the update that is right for the CPU")
    if not case.control:
        require(len(early) % BLOCK == 0, f"early part: {len(early)} bytes, not a multiple of {BLOCK}")
        require(member.start % ALIGNMENT == 0, f"early part: data at {member.start:#x}, not 16-aligned")
        if update.vendor == "intel" and "all" not in case.specs:
            require(member.data == update.data, "early part: the member is more than the one update")
    return Place(member, member.start + inside)


def _cpu(case, update):
    """The guest's -cpu. Proof A wants an AMD guest to run the very revision that is packed."""
    ahead = 0 if case.ahead is None and case.cpu.vendor == "amd" else case.ahead
    return case.cpu.qemu(None if ahead is None else update.revision + ahead, case.hypervisor)


def _judge_guest(case, boot, kernel, early, member):
    """What every boot must show: our kernel ran, its loader was as expected, the member came out whole."""
    release = "".join(boot.lines("kernel"))
    require(release and kernel.package.endswith(release), f"guest: runs '{release}', not {kernel.package}")
    loader = "".join(boot.lines("loader"))
    require(bool(loader) == case.loader_on, f"guest: loader is {'on' if loader else 'off'}")
    # Unpacking proves nothing about loading, but an image that came out damaged would explain an empty log.
    data = early[member.start : member.start + len(member.data)]
    unpacked = f"{_digest(data)}  /{member.name}"
    require(unpacked in boot.lines("file"), "guest: the member was not unpacked whole")
    return f"kernel={release}"


def _judge_loaded(image, place, update, boot, loads):
    """Both proofs of a load, as the evidence for the report."""
    require(loads, "proof B: the kernel handed no update to the CPU")
    for load in loads:
        require(load.offset is not None, f"proof B: pointer {load.pointer:#x} is outside of the image")
        require(load.vendor == update.vendor, f"proof B: written to the register of {load.vendor}")
        require(load.offset == place.offset, f"proof B: offset {load.offset:#x}, should be {place.offset:#x}")
    taken = image[place.offset : place.offset + len(update.data)]
    require(_digest(taken) == _digest(update.data), "proof B: the bytes there are not the update's")
    evidence = f"B:offset={place.offset:#x} size={len(taken)} sha256={_digest(taken)[:16]}"
    if update.vendor == "amd":
        require(proof.applied(boot) == [update.revision], "proof A: the kernel does not report success")
        evidence = "A:updated " + evidence
    return f"rev={update.revision:#010x} {evidence}"


def _judge_untouched(boot, loads):
    """Neither proof may speak."""
    require(not loads, "loaded something: " + ", ".join(f"{load.vendor} {load.pointer:#x}" for load in loads))
    require(not proof.applied(boot), "proof A: the kernel reports success")
    return "nothing loaded" + ("" if boot.lines("loader")[0] else ", loader off")


def _must_refuse(image, place, update, boot, loads):
    """For a control: the judge has to turn down a load that is right in all but one bit, or one byte off."""
    changed = Update(update.vendor, update.revision, update.data[:-1] + bytes([update.data[-1] ^ 1]))
    shifted = Place(place.member, place.offset + 1)
    for wrong_place, wrong_update in ((place, changed), (shifted, update)):
        try:
            _judge_loaded(image, wrong_place, wrong_update, boot, loads)
        except Fault:
            continue
        raise Fault("control: the proof accepts what is not so")
    return "wrong bytes and wrong place refused"


def run(case, programs, corpus, scratch):
    """Carries out one case below `scratch`; the evidence for its line, or a Fault."""
    kernel = kernels.get(case.kernel)
    watched = proof.sites(kernel.image)
    firmware = scratch / "firmware"
    firmware.mkdir()
    supply = case.supply(firmware, corpus)
    update = supply.update
    early = case.packer(programs, case.specs, supply, scratch)
    place = _locate(case, early, update)
    early = case.damage(early, place)
    image = case.image(early, case.base())
    boot = guest.boot(kernel.image, image, _cpu(case, update), watched, case.words)
    try:
        general = _judge_guest(case, boot, kernel, early, place.member)
        loads = proof.loads(boot, watched, len(image))
        if case.loads:
            evidence = _judge_loaded(image, place, update, boot, loads)
        else:
            evidence = _judge_untouched(boot, loads)
        if case.control:
            evidence += " " + _must_refuse(image, place, update, boot, loads)
    except Fault as fault:
        fault.log = boot.serial
        raise
    return f"{evidence} {general}"
