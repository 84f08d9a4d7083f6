"""The images' rows of bench/whole.py: joining, swapping, inspecting and listing, against cp and a pipe of tools.

Owns the images; refuses to know how time is taken.
"""

import random
import shlex
import shutil
import subprocess

import measure

MIB = 1 << 20
LARGE = 500 * MIB  # bytes of the image that is joined and swapped: an initrd with all firmware
LISTED = 50 * MIB  # bytes of the one that is listed, compressed
FILES = 5000


def _member(number, name, data, mode=0o100644):
    encoded = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
    return head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4)


def _archive(to):
    """Files that compress to about two fifths, as modules and programs do, until LISTED is nearly reached."""
    seeded = random.Random(5000)
    words = [seeded.randbytes(seeded.randint(4, 24)) for _ in range(4096)]
    directory = "usr/lib/modules/6.12.0-bench/kernel"
    for depth in range(1, 6):
        to.write(_member(0, "/".join(directory.split("/")[:depth]), b"", 0o40755))
    for part in range(97):
        to.write(_member(0, f"{directory}/part-{part:02}", b"", 0o40755))
    for number in range(1, FILES + 1):
        size = LISTED * 2 // FILES
        noise = seeded.randbytes(size // 3)
        text = b"".join(seeded.choices(words, k=size // 14))
        to.write(_member(number, f"{directory}/part-{number % 97:02}/file-{number:05}.ko", noise + text))
    to.write(_member(0, "TRAILER!!!", b""))


def _large(path, early):
    """An early part, and behind it what looks compressed."""
    seeded = random.Random(500)
    with open(path, "wb") as image:
        image.write(early + b"\x28\xb5\x2f\xfd\x00\x58")  # zstd, with a window of 2 MiB
        for _ in range(LARGE // MIB):
            image.write(seeded.randbytes(MIB))


def _listed(path):
    with open(path, "wb") as image:
        packer = subprocess.Popen(["zstd", "-q", "-T0", "-3", "-c"], stdin=subprocess.PIPE, stdout=image)
        _archive(packer.stdin)
        packer.stdin.close()
        if packer.wait():
            raise measure.Failed("zstd failed")


def _ends_alike(out, image, early_size):
    def check():
        with open(out, "rb") as a, open(image, "rb") as b:
            a.seek(-MIB, 2)
            b.seek(-MIB, 2)
            if a.read() != b.read() or out.stat().st_size < LARGE + early_size:
                return f"'{out}' does not end as '{image}'"
        return None

    return check


def cases(programs, tree, spec, scratch, disk):
    """(row, what, subject, peer, kind and limit of the aim). `scratch` keeps inputs, `disk` gets what is written."""
    tool = programs / "initrd-pack"
    early = disk / "early.cpio"
    pack = [programs / "ucode-pack", "-q", "--cpu", spec, "--firmware", tree, "-o", early]
    subprocess.run([str(word) for word in pack], check=True)
    large, listed = scratch / "large.img", scratch / "listed.img"
    for path, make in ((large, lambda to: _large(to, early.read_bytes())), (listed, _listed)):
        if not path.is_file():
            made = path.with_suffix(".part")
            make(made)
            made.rename(path)
    out, copy = disk / "out.img", disk / "copy.img"
    check = _ends_alike(out, large, early.stat().st_size)
    duplicate = f"cp {shlex.quote(str(large))} {shlex.quote(str(copy))} && sync {shlex.quote(str(copy))}"
    peer = measure.Command("cp, sync", ["/bin/sh", "-ec", duplicate])
    joined = [tool, "join", "-q", early, large, "-o", out, "--force"]
    yield 8, "join in front of 500 MiB", measure.Command("initrd-pack", joined, check=check), peer, ("within", 1.1)
    swapped = [tool, "swap", "-q", large, "--early", early, "-o", out, "--force"]
    yield 8, "swap of 500 MiB", measure.Command("initrd-pack", swapped, check=check), peer, ("within", 1.1)

    true = measure.Command("true", ["/bin/true"])
    inspect = measure.Command("initrd-pack", [tool, "inspect", "--early", large])
    yield 9, "inspect --early of 500 MiB", inspect, true, ("least", 4)
    if shutil.which("bsdtar"):
        pipe = f"zstd -dc {shlex.quote(str(listed))} | bsdtar -tf -"
        peer = measure.Command("zstd | bsdtar", ["/bin/sh", "-c", pipe])
        listing = measure.Command("initrd-pack", [tool, "ls", listed])
        yield 9, f"ls of {FILES} files, 50 MiB", listing, peer, ("within", 1.1)
        yield 9, f"inspect of {FILES} files, 50 MiB", measure.Command("initrd-pack", [tool, "inspect", listed]), peer, ("none", 0)
