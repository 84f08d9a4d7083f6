"""What initrd-pack says about an image against what the oracle says: every difference by name.

    truth = compare.Truth(image)                             # splitter, cpio and bsdtar
    differences, evidence = compare.hold(program, truth, rules)

`program` answers as program.py's, or is the selftest's liar.
"""

import hashlib
import re
import stat
import time
from dataclasses import fields

import listing
import splitter
import trees

FEW = 3  # files at either end of a segment that are asked for one by one
LARGE = 1024 * 1024  # bytes of a segment whose decoding takes a while: fewer of these
MOST = 12  # differences shown of one image
_LINE = re.compile(rb" *(\d+) (\S{10}) +(\d+) +(\d+) +(\d+) +(\d+(?:, \d+)?) (\S+) ")


class Truth:
    """The segments of an image, each with its members in order and with the files that it leaves behind."""

    def __init__(self, image):
        self.segments = splitter.split(image)
        self.members = [
            [member for archive in segment.archives for member in listing.of(archive)] for segment in self.segments
        ]
        self.files = [
            trees.files(segment.archives, members) for segment, members in zip(self.segments, self.members, strict=True)
        ]
        archives = [archive for segment in self.segments if segment.reached for archive in segment.archives]
        self.tree = trees.files(archives, sum(self.members, []))  # what the kernel makes of the image

    def number(self, index):
        """As --segment counts: from 1, padding not."""
        return sum(segment.kind != splitter.PADDING for segment in self.segments[: index + 1])

    def archived(self):
        """Segments that hold archives: (number, segment, members, files)."""
        for index, segment in enumerate(self.segments):
            if segment.archives:
                yield self.number(index), segment, self.members[index], self.files[index]


def digest(data):
    """SHA-256, as the oracle's listings have it."""
    return hashlib.sha256(data).hexdigest()


def _segments(told, truth):
    """Kind, place, method and sizes of each."""
    if len(told) != len(truth.segments):
        yield f"inspect: {len(told)} segments, not {len(truth.segments)}"
    for index, (said, right) in enumerate(zip(told, truth.segments, strict=False)):
        wanted = {"kind": right.kind, "offset": right.offset, "method": right.method, "reached": right.reached}
        if right.kind != splitter.PADDING:
            wanted["number"] = truth.number(index)
        if right.size is not None:
            wanted["size"] = right.size
        if right.archives:
            wanted |= {"plain_size": len(right.plain), "members": len(truth.members[index])}
        for key, value in wanted.items():
            if said[key] != value:
                yield f"inspect: segment at {right.offset:#x}: {key} {said[key]}, not {value}"


def _members(where, told, right):
    """Each member, field by field; the first that is missing or too many ends it."""
    for index, (said, member) in enumerate(zip(told, right, strict=False)):
        if said.name != member.name:
            yield f"{where}: member {index} is {said.name!r}, not {member.name!r}"
            return
        for field in fields(member):
            mine, theirs = getattr(said, field.name), getattr(member, field.name)
            if field.name != "digest" and mine != theirs:
                yield f"{where}: {member.name!r}: {field.name} {mine!r}, not {theirs!r}"
    if len(told) != len(right):
        odd = max(told, right, key=len)[min(len(told), len(right))].name
        verdict = "missing" if len(told) < len(right) else "too many"
        yield f"{where}: {len(told)} members, not {len(right)}: {odd!r} is {verdict}"


def _words(number, member):
    """The columns of a line of `ls -l`."""
    size = "{}, {}".format(*member.device) if member.device else str(member.size)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(member.mtime))
    columns = (number, stat.filemode(member.mode), member.links, member.uid, member.gid, size, when)
    return tuple(str(column).encode() for column in columns)


def _lines(number, text, right):
    """`ls -l` as text; a name may hold anything, so each line is found where the one before ends."""
    at = 0
    for member in right:
        found = _LINE.match(text, at)
        end = member.name + (b" -> " + member.target if member.target else b"") + b"\n"
        if not found or found.groups() != _words(number, member) or not text.startswith(end, found.end()):
            yield f"ls -l: segment {number}: {text[at : at + 120]!r}, not {_words(number, member)} {end!r}"
            return
        at = found.end() + len(end)
    if at != len(text):
        yield f"ls -l: segment {number}: {len(text) - at} bytes too many"


def _asked_for(files, members):
    """Names in the order of their data, so that one walk can serve them; of many links to one file, three."""
    place = {listing.plain(member.name): index for index, member in enumerate(members)}
    names = sorted(files, key=lambda name: place.get(name, -1))
    same = {}
    for name in names:
        same.setdefault(files[name], []).append(name)
    groups = sorted(same.values(), key=lambda group: place.get(group[-1], -1))
    return [name for group in groups for name in dict.fromkeys((group[0], group[len(group) // 2], group[-1]))]


def _contents(where, ask, files, members, few):
    """All files in one go, cut apart by their sizes; then a few by themselves. ask(names) -> bytes."""
    names = _asked_for(files, members)
    data, at = ask(names), 0
    if len(data) != sum(files[name].size for name in names):
        yield f"{where}: {len(data)} bytes of files, not {sum(files[name].size for name in names)}"
    for name in names:
        if digest(data[at : at + files[name].size]) != files[name].digest:
            yield f"{where}: {name!r}: other data"
            break
        at += files[name].size
    for name in dict.fromkeys([*names[:few], *names[len(names) - few :]]):
        if digest(ask([name])) != files[name].digest:
            yield f"{where}: {name!r} alone: other data"


def _of_segment(program, number, segment, members, files):
    yield from _members(f"ls: segment {number}", program.members(number), members)
    if program.names(number) != b"".join(member.name + b"\n" for member in members):
        yield f"ls: segment {number}: other names without --json"
    yield from _lines(number, program.details(number), members)
    if digest(program.content(number)) != digest(segment.plain):
        yield f"cat: segment {number}: other data than the stream's"
    if files:
        yield from _contents(f"cat: segment {number}", lambda names: program.files(names, number), files, members,
                             few=1 if len(segment.plain) > LARGE else FEW)  # fmt: skip


def _differences(program, truth, rules):
    yield from _segments(program.segments(), truth)
    found = program.rules()
    if found != set(rules):
        yield f"inspect: finds {sorted(found)}, not {sorted(rules)}"
    for one in truth.archived():
        yield from _of_segment(program, *one)
    everything = sum(truth.members, [])
    yield from _members("ls", program.everything(), everything)
    if truth.tree:
        yield from _contents("cat", program.files, truth.tree, everything, few=1)


def hold(program, truth, rules=()):
    """(differences, a line of evidence)."""
    kinds = " ".join(segment.method or segment.kind for segment in truth.segments if segment.kind != splitter.PADDING)
    files = [file for _, _, _, files in truth.archived() for file in files.values()]
    size = sum(file.size for file in files)
    evidence = f"{kinds}: {sum(map(len, truth.members))} members, {len(files)} files of {size} bytes"
    return list(_differences(program, truth, rules)), evidence
