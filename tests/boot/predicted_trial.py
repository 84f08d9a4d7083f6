"""One prediction held against one boot: what `ucode-pack predict` says of the very image that is booted.

The image is put together here and not by our packer: it holds what a row says, in the row's order.
"""

from dataclasses import dataclass

import foretold
import guest
import kernels
import newc
import proof
from fault import Fault, require
from trial import MEMBERS


@dataclass(frozen=True)
class Held:
    """The two answers and what they are about."""

    release: str
    upstream: str
    predicted: foretold.Answer
    seen: foretold.Answer
    serial: str

    @property
    def agrees(self):
        """Whether the boot did what was predicted."""
        return self.predicted == self.seen


def _image(case, corpus):
    """An early part with the row's microcode as its only member, and the base."""
    tree, name = {}, MEMBERS[case.cpu.vendor]
    for end in (at for at, character in enumerate(name) if character == "/"):
        tree[name[:end]] = None
    tree[name] = case.microcode.build(corpus)
    return newc.write(tree) + guest.base()


def hold(case, programs, corpus, scratch):
    """Predicts, boots, and returns both; a Fault where one of them cannot be had."""
    kernel = kernels.get(case.kernel)
    watched = proof.sites(kernel.image)
    image = _image(case, corpus)
    file = scratch / "image"
    file.write_bytes(image)
    predicted = foretold.predicted(programs, case, file, kernel)
    boot = guest.boot(kernel.image, image, case.cpu.qemu(case.revision, False), watched)
    try:
        release = "".join(boot.lines("kernel"))
        require(release == kernel.release, f"guest: runs '{release}', not {kernel.release}")
        seen = foretold.seen(boot, watched, image)
    except Fault as fault:
        fault.log = boot.serial
        raise
    return Held(release, kernel.upstream, predicted, seen, boot.serial)


def run(case, programs, corpus, scratch):
    """Carries out one case below `scratch`; the evidence for its line, or a Fault."""
    held = hold(case, programs, corpus, scratch)
    evidence = f"predicted {held.predicted.words}; seen: {held.seen.words}; kernel={held.release}"
    if held.agrees != (case.told == case.revision):
        raise Fault(f"{evidence} ({held.predicted.handed} against {held.seen.handed})", log=held.serial)
    return evidence + (" (a control: they differ)" if not held.agrees else "")
