"""The row of `ucode-pack coverage` in bench/whole.py: a fleet of 100,000 records of 300 distinct CPUs.

Owns how a fleet is made up; refuses to know how time is taken. The peer reads the same file as JSON and counts the same
kinds, and does nothing else with them.
"""

import collections
import json
import random
import subprocess
import sys

import measure

RECORDS, KINDS = 100_000, 300

# Whoever asks what is in such a file, without us.
PEER = """
import collections, json, sys
kinds = collections.Counter()
decoder, text, at = json.JSONDecoder(), open(sys.argv[1]).read(), 0
while at < len(text):
    record, at = decoder.raw_decode(text, at)
    at += 1
    for cpu in record["cpus"]:
        kinds[cpu["signature"], cpu.get("platform_flags"), cpu.get("revision")] += 1
print(len(kinds))
"""


def kinds_of(updates, count, chance):
    """Kinds of CPU for which a release, as `ucode-pack list --json` has it, is old, current or nothing at all."""
    kinds = []
    for update in updates:
        for target in update["targets"]:
            cpu = {
                "vendor": {"intel": "GenuineIntel", "amd": "AuthenticAMD"}[update["vendor"]],
                "name": target["name"],
                "signature": target["signature"],
            }
            if "platform_flags" in target:
                bits = int(target["platform_flags"], 16)
                cpu["platform_flags"] = f"{bits & -bits:#04x}"
            revision = int(update["revision"], 16)
            for running in (revision, revision - 1):
                kinds.append(cpu | {"revision": f"{running:#010x}"})
    for number in range(count // 10):  # of a family that nothing is for
        kinds.append({"vendor": "GenuineIntel", "name": "06-fe-00", "signature": f"0x{0x000F06E0 + number % 16:08x}",
                      "platform_flags": "0x01", "revision": f"0x{number + 1:08x}"})  # fmt: skip
    distinct = list({json.dumps(kind, sort_keys=True): kind for kind in kinds}.values())
    return chance.sample(distinct, count)


def write(path, kinds, records, chance, indent=None):
    """Records as `ucode-pack host --json` prints them, or on a line each; every kind at least once."""
    counts = collections.Counter()
    with open(path, "w") as file:
        for number in range(records):
            kind = kinds[number] if number < len(kinds) else chance.choice(kinds)
            counts[json.dumps(kind)] += 1
            record = {"schema": 1, "report": "host", "hypervisor": False, "kernel": f"6.1.0-{number % 40}-amd64",
                      "cpus": [kind | {"cpus": 1 << chance.randrange(2, 8)}]}  # fmt: skip
            file.write(json.dumps(record, indent=indent) + "\n")
    return counts


def cases(programs, tree, where):
    """(what, subject, peer, limit in milliseconds, limit in MiB)."""
    listed = subprocess.run([programs / "ucode-pack", "list", "--json", "--firmware", tree], check=True, capture_output=True)
    for what, indent in (("a line each", None), ("as printed", 2)):
        chance = random.Random(1)
        fleet = where / f"fleet-{indent or 0}.json"
        kinds = kinds_of(json.loads(listed.stdout)["updates"], KINDS, chance)
        write(fleet, kinds, RECORDS, chance, indent)
        argv = [programs / "ucode-pack", "coverage", "-q", "--json", "--cpu", f"@{fleet}", "--firmware", tree]

        def check(argv=argv):
            report = json.loads(subprocess.run(argv, capture_output=True).stdout)
            right = report["machines"] == RECORDS and len(report["cpus"]) == KINDS
            return None if right else f"{report['machines']} machines, {len(report['cpus'])} kinds"

        subject = measure.Command("ucode-pack", argv, exits=(0, 1), check=check)
        peer = measure.Command("python3 json", [sys.executable, "-I", "-S", "-c", PEER, fleet])
        yield f"coverage of {RECORDS:,} records, {what}", subject, peer, 2000, 64
