"""What came of a situation, as a value that is compared with the one expected, and both as words."""

import re
from dataclasses import dataclass

_OURS = re.compile(r"^\S*\bkip-\S*: (error: |warning: )?", re.MULTILINE)
# What became of a staged file. MADE_ANEW: of our own type and mode, but with the bytes that it had.
REPLACED, MADE_ANEW, NEW, GONE = "replaced", "made anew", "new", "gone"


@dataclass(frozen=True)
class Outcome:
    """`staging`: what our step changed in the staging area, by name. `boots`: the updates in the first microcode
    member of each vendor in what the boot loader hands over. `says`: the loudest line that a plugin of ours
    printed, "" for none above a note; see says_enough(). `faults`: claims that did not hold."""

    exit: int = 0
    staging: tuple = ()  # of (name, one of the words above)
    boots: tuple = ()  # of (vendor, names of updates), sorted
    says: str = ""  # "", "note", "warning", "error"
    faults: tuple = ()

    def __str__(self):
        staging = ", ".join(f"{name} {what}" for name, what in self.staging) or "staging as it was"
        boots = "; ".join(f"{vendor}: {' + '.join(names)}" for vendor, names in self.boots) or "no microcode"
        words = [staging, f"boots {boots}"]
        if self.exit:
            words = [f"exit {self.exit}"]
        words += [f"says {self.says}"] if self.says else []
        return " | ".join(words + [f"FAULT {fault}" for fault in self.faults])


def boots(**vendors):
    """Outcome.boots from vendor=(names…)."""
    return tuple(sorted((vendor, tuple(sorted(names))) for vendor, names in vendors.items()))


def loudest(text):
    """The severest kind of line that plugins of ours printed."""
    kinds = {(found[1] or "note: ")[:-2] for found in _OURS.finditer(text)}
    return next((kind for kind in ("error", "warning", "note") if kind in kinds), "")


def agrees(expected, seen):
    """Whether they are the same. A note may always be said; where one is expected, anything but an error does."""
    if (expected.exit, expected.staging, expected.boots) != (seen.exit, seen.staging, seen.boots) or seen.faults:
        return False
    if expected.says == "note":
        return seen.says in ("note", "warning")
    return (seen.says if seen.says != "note" else "") == expected.says
