#!/usr/bin/env python3
"""Has the images' judge listen to liars: whatever a wrong initrd-pack could say must not pass for the truth.

    tests/images/selftest.py

Needs no program of ours, no generator and no chroot. Exit 0 if every lie was noticed, else 1.
"""

import functools
import stat
import sys
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True
for room in ("boot", "generators"):
    sys.path.append(str(Path(__file__).resolve().parent.parent / room))

import archives
import cases
import compare
import listing
import splitter
from fault import Fault


class Honest:
    """Says what the truth is. A liar changes its answers to one question."""

    def __init__(self, truth):
        self.truth = truth
        self.by_number = {number: (segment, members) for number, segment, members, _ in truth.archived()}

    def rules(self):
        return set()

    def segments(self):
        return [
            {"number": self.truth.number(index), "kind": segment.kind, "offset": segment.offset, "size": segment.size,
             "method": segment.method, "plain_size": len(segment.plain),
             "members": len(self.truth.members[index]), "reached": segment.reached}
            for index, segment in enumerate(self.truth.segments)
        ]  # fmt: skip

    def members(self, number):
        return list(self.by_number[number][1])

    def everything(self):
        return sum(self.truth.members, [])

    def names(self, number):
        return b"".join(member.name + b"\n" for member in self.by_number[number][1])

    def details(self, number):
        return b"".join(
            b" ".join(compare._words(number, member)) + b" " + member.name
            + (b" -> " + member.target if member.target else b"") + b"\n"
            for member in self.by_number[number][1]
        )  # fmt: skip

    def content(self, number):
        return self.by_number[number][0].plain

    def files(self, names, number=None):
        data = {}
        for segment, _ in self.by_number.values() if number is None else [self.by_number[number]]:
            for archive in segment.archives:
                data |= _data(archive)
        return b"".join(data[name] for name in names)


@functools.cache
def _data(archive):
    """{name: bytes} of an archive without hard links."""
    found, at = {}, 0
    contents = listing.run("cpio", "-i", "--to-stdout", "--quiet", data=archive)
    for member in listing.by_cpio(archive):
        if stat.S_ISREG(member.mode):
            found[member.name] = contents[at : at + member.size]
            at += member.size
    return found


def _lie(attribute, change):
    """A liar whose answers to one question are changed."""

    def make(truth):
        liar = Honest(truth)
        honest = getattr(liar, attribute)
        setattr(liar, attribute, lambda *asked: change(honest(*asked)))
        return liar

    return make


def _segment(index, /, **changed):
    return _lie("segments", lambda said: [*said[:index], said[index] | changed, *said[index + 1 :]])


def _member(name, /, **changed):
    return _lie("members", lambda said: [replace(one, **changed) if one.name == name else one for one in said])


def _flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1]) if data else data


LIES = {
    "": Honest,
    "a segment left out": _lie("segments", lambda said: said[:-1]),
    "an offset off by one": _segment(2, offset=1023),
    "a size off by one": _segment(2, size=1),
    "another method": _segment(2, method="gzip"),
    "padding for an archive": _segment(0, kind="padding"),
    "a part that kernels do not reach": _segment(2, reached=False),
    "another plain size": _segment(2, plain_size=512),
    "a count of members": _segment(2, members=9),
    "another number": _segment(2, number=3),
    "a fault that is none": _lie("rules", lambda said: {"segment-unknown"}),
    "a file left out": _lie("members", lambda said: [one for one in said if one.name != b"etc/noise"]),
    "the last file left out": _lie("members", lambda said: said[:-1]),
    "a file too many": _lie("members", lambda said: [*said, said[-1]]),
    "another order": _lie("members", lambda said: said[::-1]),
    "another name": _member(b"etc/noise", name=b"etc/n\\oise"),
    "another type": _member(b"init", mode=0o040755),
    "a lost setuid bit": _member(b"usr/bin/busybox", mode=0o100755),
    "another owner": _member(b"init", uid=1),
    "another group": _member(b"init", gid=1),
    "another size": _member(b"init", size=11),
    "another time": _member(b"init", mtime=0),
    "a link's target": _member(b"bin", target=b"usr/sbin"),
    "a device's number": _member(b"init", device=(1, 3)),
    "a count of links": _member(b"init", links=2),
    "a name less": _lie("names", lambda text: text[text.index(b"\n") + 1 :]),
    "a line less": _lie("details", lambda text: text[text.index(b"\n") + 1 :]),
    "a mode in a line": _lie("details", lambda text: text.replace(b" -rw", b" -r-")),
    "a time in a line": _lie("details", lambda text: text.replace(b"T22:13:20Z", b"T22:13:21Z")),
    "a target in a line": _lie("details", lambda text: text.replace(b"/bin\n", b"/sbin\n")),
    "a line too many": _lie("details", lambda text: text + b"odd\n"),
    "a changed byte of a file": _lie("files", _flipped),
    "a byte too few of a file": _lie("files", lambda data: data[:-1]),
    "a byte too many of a file": _lie("files", lambda data: data + b"\0"),
    "a changed byte of a segment": _lie("content", _flipped),
    "a byte too few of a segment": _lie("content", lambda data: data[:-1]),
    "nothing behind the second part": _lie("everything", lambda said: said[:-1]),
}


def _unread():
    """(what is wrong, bytes) that the oracle itself must refuse to read."""
    good = archives.write(archives.root())
    yield "a name's length is no number", good.replace(b"00000005", b"0000000g", 1)
    yield "an archive without an end", good[:-124]
    yield "a cut stream", cases.packed("gzip", good)[:-20]
    yield "an archive at no multiple of 4 of a stream", cases.packed("zstd", good + bytes(2) + good)


def main():
    """One line for each lie that passed, and for each truth that did not."""
    wrong = 0
    truth = compare.Truth(dict((case.name, case) for case in cases.table())["three-parts"].make())
    for lie, liar in LIES.items():
        differences, _ = compare.hold(liar(truth), truth)
        if bool(differences) != bool(lie):
            wrong += 1
            print(f"selftest: {lie or 'the truth'}: " + ("; ".join(differences) or "not noticed"))
    for fault, image in _unread():
        try:
            segments = splitter.split(image)
            wrong += 1
            print(f"selftest: {fault}: taken for {len(segments)} segments")
        except (Fault, ValueError, EOFError):
            pass
    print("images selftest: " + (f"{wrong} wrong" if wrong else "every lie was noticed"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
