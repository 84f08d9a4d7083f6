"""A fleet for the tests of pages: some of everything that a row can say, and names that would like to be markup."""

import json
import subprocess

HOSTILE = "<b onclick=alert(1)>\"'&"


def record(vendor, signature, revision, flags=None, hypervisor=False):
    cpu = {"vendor": vendor, "signature": signature, "revision": revision, "cpus": 4}
    if flags:
        cpu["platform_flags"] = flags
    return {"schema": 1, "report": "host", "hypervisor": hypervisor, "kernel": "6.1.0", "cpus": [cpu]}


def build(programs, place):
    """Firmware, an older release of it, and a fleet."""
    subprocess.run([programs / "make-example-firmware", place / "firmware"], check=True, stdout=subprocess.DEVNULL)
    old = place / f"old {HOSTILE}"
    old.mkdir()
    extract = [programs / "ucode-pack", "extract", "-q", "--cpu", "06-55-07", "--cpu", "0x806f8,0x10", "-d", old, place / "firmware"]
    subprocess.run(extract, check=True, stdout=subprocess.DEVNULL)
    records = [
        record("GenuineIntel", "0x000806f8", "0x2b000639", "0x01"),
        record("GenuineIntel", "0x000806f8", "0x2b000650", "0x01"),
        record("GenuineIntel", "0x000806f8", "0x2c000400", "0x10"),
        record("GenuineIntel", "0x000806f8", "0x2c000400", "0x10", hypervisor=True),
        record("GenuineIntel", "0x000806f8", "0x1"),
        record("GenuineIntel", "0x00050657", "0x5003900", "0x80"),
        record("GenuineIntel", "0x000f06e0", "0x1", "0x01"),
        record("AuthenticAMD", "0x00830f10", "0x08301050"),
        record("AuthenticAMD", "0x00a00f11", "0x0a0011ce"),
        record(HOSTILE, "0x00a00f11", "0x0a0011ce"),
    ]
    lines = [json.dumps(it) for number, it in enumerate(records) for _ in range(number * number + 1)]
    (place / "fleet").write_text("\n".join(lines) + "\ncpu00A00F11\n")
    return ["--cpu", "@fleet", "--firmware", "firmware", "--firmware-old", old.name, "--max-size", "4K"]


def run(programs, place, words):
    """The page's bytes and the report."""
    command = [programs / "ucode-pack", "coverage", "-q", *words]
    done = subprocess.run([*command, "--json", "--html", "page.html", "--force"], cwd=place, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return (place / "page.html").read_bytes(), json.loads(done.stdout)
