"""The overlay's rows of bench/whole.py: 500 MB of files into one archive, against zstd and bsdtar.

Owns the files; refuses to know how time is taken. depmod is left out on both sides: its time is its own, and the same for whoever
calls it.
"""

import random
import shlex
import shutil
import subprocess

import measure

FILES = 3000
SIZE = 500 * 1000 * 1000  # bytes of all of them


def _sizes(seeded):
    """As of modules: many small ones, a few that are large."""
    sizes = [seeded.lognormvariate(0, 1) for _ in range(FILES)]
    return [int(size * SIZE / sum(sizes)) for size in sizes]


def _files(to):
    """Each compresses to about two fifths, as modules do."""
    seeded = random.Random(3000)
    words = [seeded.randbytes(seeded.randint(4, 24)) for _ in range(4096)]
    for number, size in enumerate(_sizes(seeded)):
        path = to / f"part-{number % 97:02}" / f"file-{number:05}.ko"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = seeded.randbytes(size // 3)
        text = b"".join(seeded.choices(words, k=size // 14))
        path.write_bytes((noise + text)[:size].ljust(size, b"\0"))


def _holds_files(out, least):
    return lambda: None if out.stat().st_size >= least else f"'{out}' is too small"


def cases(programs, scratch, disk, memory):
    """(row, what, subject, peer, kind and limit of the aim, MiB or 0). `scratch` keeps inputs."""
    tool, tree, base = programs / "bench" / "overlay_run", scratch / "overlay-files", scratch / "overlay-base"
    if not tool.is_file():
        return
    if not tree.is_dir():
        made = scratch / "overlay-files.part"
        shutil.rmtree(made, ignore_errors=True)
        _files(made)
        made.rename(tree)
    # A base with a trailer and nothing else.
    base.write_bytes(b"070701" + b"00000000" * 11 + b"0000000b" + b"00000000" + b"TRAILER!!!\0\0\0\0")
    # The same bytes as one file, which the peer compresses.
    plain = scratch / "overlay-plain.cpio"
    subprocess.run([str(tool), str(base), str(tree), str(plain)], check=True)

    out, other = disk / "overlay.out", disk / "overlay.peer"
    packed = measure.Command("overlay_run", [tool, base, tree, out, "zstd"], check=_holds_files(out, SIZE // 4))
    peer = measure.Command("zstd -T0 -3", [shutil.which("zstd"), "-q", "-f", "-T0", "-3", plain, "-o", other])
    yield 6, f"overlay of {FILES} files, 500 MB, zstd", packed, peer, ("within", 1.3), 128

    if not shutil.which("bsdtar"):
        return
    for place, where, bound in (("disk", disk, ("none", 0)), ("tmpfs", memory, ("within", 1.1))):
        out, other = where / "overlay.cpio", where / "bsdtar.cpio"
        raw = measure.Command("overlay_run", [tool, base, tree, out, "cpio"], check=_holds_files(out, SIZE))
        shell = f"cd {shlex.quote(str(tree))} && exec bsdtar -cf {shlex.quote(str(other))} --format newc ."
        peer = measure.Command("bsdtar newc", ["/bin/sh", "-ec", shell])
        yield 7, f"cpio of {FILES} files, 500 MB, to {place}", raw, peer, bound, 0
