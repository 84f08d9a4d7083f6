"""Inputs of bench/whole.py: built once into a scratch directory, the same for every run and machine.

Owns what the inputs are made of; refuses to know who is timed on them.
"""

import concurrent.futures
import os
import pathlib
import random
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
CORPUS = pathlib.Path(os.environ.get("KIP_CORPUS", REPOSITORY / "../shared/corpus")).resolve()
VERSION = "2"  # raise it when a recipe below changes: the scratch directory is then rebuilt

# As linux-firmware's own copy-firmware.sh compresses (the kernel's xz knows no CRC64).
COMPRESSORS = {
    "xz": ["xz", "--compress", "--quiet", "--stdout", "--check=crc32"],
    "zst": ["zstd", "--compress", "--quiet", "--stdout"],
}

# What our scanner must look at twice: Intel header, AMD container, xz, zstd, gzip, cpio, .dat text.
SHAPED = (b"\x01\x00\x00\x00", b"DMA\0", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x1f\x8b", b"0707", b"0x", b"/")

FIRMWARE_DIRECTORIES = [  # directory, files: in the proportions of linux-firmware, 1,943 in all
    ("", 190), ("amdgpu", 480), ("ath10k/QCA6174/hw3.0", 12), ("ath10k/QCA988X/hw2.0", 8),
    ("ath11k/WCN6855/hw2.0", 9), ("ath12k/WCN7850/hw2.0", 6), ("bnx2x", 28), ("brcm", 150),
    ("cirrus", 137), ("cxgb4", 16), ("dvb", 35), ("i915", 62), ("intel", 100), ("intel/sof", 40),
    ("intel/vpu", 6), ("liquidio", 6), ("mediatek", 60), ("mediatek/mt7925", 4), ("mellanox", 22),
    ("mrvl", 30), ("netronome/flower", 14), ("nvidia/ad102/gsp", 6), ("nvidia/ga102/acr", 7),
    ("nvidia/gm200/gr", 12), ("nvidia/gp102/sec2", 9), ("nvidia/tu102/gsp", 5), ("qca", 75),
    ("qcom", 35), ("qcom/sm8250", 12), ("qed", 8), ("radeon", 135), ("rtl_bt", 55), ("rtl_nic", 28),
    ("rtlwifi", 38), ("rtw88", 18), ("rtw89", 14), ("slicoss", 4), ("ti-connectivity", 40),
]  # fmt: skip


def _head(random_bytes, size):
    """First bytes of a foreign file: text, ELF, zeros or noise, never shaped like microcode."""
    kind = random_bytes.random()
    if kind < 0.25:
        head = b"# SPDX-License-Identifier: GPL-2.0\nname = value\n" * 90
    elif kind < 0.40:
        head = b"\x7fELF\x01\x01\x01" + random_bytes.randbytes(4089)
    elif kind < 0.50:
        head = b"\0" * 4096
    else:
        head = random_bytes.randbytes(4096)
        while head.startswith(SHAPED):
            head = random_bytes.randbytes(4096)
    return head[:size]


def _file(path, random_bytes, size):
    with open(path, "wb") as f:
        f.write(_head(random_bytes, size))
        f.truncate(size)  # the rest is a hole: no index reads it, and the tree stays small on disk


def _small_tree(to):
    """20,000 files of 64 bytes to 8 KiB in 200 directories."""
    seeded = random.Random(20000)
    for d in range(200):
        directory = to / f"{d // 20:02}" / f"part-{d:03}"
        directory.mkdir(parents=True)
        for n in range(100):
            _file(directory / f"file-{seeded.getrandbits(32):08x}-{n:02}.bin", seeded, seeded.randint(64, 8192))


def _firmware_tree(to):
    """1,943 files; sizes log-normal, median 40 KiB, at most 24 MiB, as in linux-firmware."""
    seeded = random.Random(1943)
    count = sum(files for _, files in FIRMWARE_DIRECTORIES)
    extra = 1943 - count
    assert extra >= 0, count
    for directory, files in [*FIRMWARE_DIRECTORIES, ("licences", extra)]:
        (to / directory).mkdir(parents=True, exist_ok=True)
        for n in range(files):
            size = min(24 << 20, max(64, int(seeded.lognormvariate(10.6, 1.9))))
            _file(to / directory / f"fw-{n:03}-{seeded.getrandbits(24):06x}.bin", seeded, size)


def _plain(to):
    for vendor, pattern in (("intel-ucode", "*"), ("amd-ucode", "*.bin")):
        (to / vendor).mkdir(parents=True)
        for source in sorted((CORPUS / vendor).glob(pattern)):
            shutil.copyfile(source, to / vendor / source.name)


def _compress(source, target, command):
    with open(target, "wb") as out:
        subprocess.run([*command, str(source)], stdout=out, check=True)


def _compressed(plain, to, suffix):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for source in sorted(plain.glob("*/*")):
            target = to / source.parent.name / f"{source.name}.{suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            jobs.append(pool.submit(_compress, source, target, COMPRESSORS[suffix]))
        for job in jobs:
            job.result()


def build(scratch):
    """Returns {plain, xz, zst, small, firmware}: directories below `scratch`, built if not yet there."""
    recipes = {
        "plain": _plain,
        "xz": lambda to: _compressed(scratch / "plain", to, "xz"),
        "zst": lambda to: _compressed(scratch / "plain", to, "zst"),
        "small": _small_tree,
        "firmware": _firmware_tree,
    }
    stamp = scratch / "VERSION"
    identity = f"{VERSION} {CORPUS}\n"
    fresh = stamp.is_file() and stamp.read_text() == identity
    if not fresh and not (CORPUS / "intel-ucode").is_dir():
        print(f"whole.py: error: no corpus at '{CORPUS}': set KIP_CORPUS", file=sys.stderr)
        raise SystemExit(4)
    for name, recipe in recipes.items():
        if not fresh:
            shutil.rmtree(scratch / name, ignore_errors=True)
            (scratch / name).mkdir(parents=True)
            recipe(scratch / name)
    stamp.write_text(identity)
    return {name: scratch / name for name in recipes}


def intel_update(signature, platform_bit):
    """Bytes of the one update the ground truth names for (signature, platform bit)."""
    for line in (CORPUS / "expected/select-intel.tsv").read_text().splitlines():
        field = line.split("\t")
        if field[:2] == [f"0x{signature:08x}", f"0x{platform_bit:02x}"]:
            return _slice(field[2], field[3], field[5])
    raise KeyError(signature)


def amd_update(cpuid):
    """Bytes of the one patch the ground truth names for `cpuid` in amd-ucode/."""
    for line in (CORPUS / "expected/select-amd.tsv").read_text().splitlines():
        field = line.split("\t")
        if field[:2] == ["amd-ucode", f"0x{cpuid:08x}"]:
            return _slice(field[3], field[5], field[8])
    raise KeyError(cpuid)


def _slice(file, offset, length):
    data = (CORPUS / file).read_bytes()
    return data[int(offset) : int(offset) + int(length)]
