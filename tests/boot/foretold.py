"""What `ucode-pack predict` says of one CPU, one kernel and one image, and what a boot shows: as one kind of value."""

import json
import re
import struct
import subprocess
from dataclasses import dataclass, field

import proof
from fault import require

# The kernel's words when it turns an update down for its digest, and predict's names for the same.
COMPLAINTS = {
    "no-digest": r"No sha256 digest for patch ID: (0x[0-9a-f]+) found",
    "digest-mismatch": r"Patch (0x[0-9a-f]+) SHA256 digest mismatch!",
}
REVISION = 4  # offset of the revision in both vendors' headers


@dataclass(frozen=True)
class Answer:
    """What the loader does. `handed` is (revision, offset in the image) of what the CPU gets, None: nothing."""

    handed: tuple | None
    complaints: frozenset  # of (key of COMPLAINTS, revision)
    loader_on: bool
    words: str = field(compare=False)


def _ask(programs, case, file, kernel):
    command = [programs / "ucode-pack", "predict", "--json", "--cpu", case.cpu.spec, "--current-rev",
               f"{case.told:#010x}", "--kernel", kernel, file]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    # 1: an update is refused, 3: none is for the CPU.
    require(done.returncode in (0, 1, 3), f"predict: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    (cpu,) = json.loads(done.stdout)["cpus"]
    if not cpu["cases"]:
        return {"outcomes": [{"result": "nothing", "text": cpu.get("nothing", "")}], "updates": []}
    require(len(cpu["cases"]) == 1, "predict: one CPU with one revision has several cases")
    (answer,) = cpu["cases"][0]["answers"]
    return answer


def _verdicts(answer, verdict):
    """(revision, offset) of each update with this verdict; only for an answer with one outcome."""
    found = [it for it in answer["updates"] if [one["verdict"] for one in it["verdicts"]] == [verdict]]
    return [(int(it["revision"], 16), it["offset"]) for it in found]


def _said(answer):
    return {(it["result"], it["text"]) for it in answer["outcomes"]}


def predicted(programs, case, file, kernel):
    """The prediction, for the release's name and, where that leaves several answers, for the version behind it."""
    by_name = _ask(programs, case, file, kernel.release)
    answer = by_name if len(by_name["outcomes"]) == 1 else _ask(programs, case, file, kernel.upstream)
    require(len(answer["outcomes"]) == 1, f"predict: several answers for {kernel.upstream}")
    require(_said(answer) <= _said(by_name), f"predict: {kernel.release} leaves out the answer for {kernel.upstream}")
    handed = _verdicts(answer, "loads")
    require(len(handed) < 2, "predict: several updates load")
    complaints = {(name, revision) for name in COMPLAINTS for revision, _ in _verdicts(answer, name)}
    ((result, text),) = _said(answer)
    text = re.sub(r' \(".*?"\)', "", text)  # the kernel's words stand with what was seen
    return Answer(handed[0] if handed else None, frozenset(complaints), result != "off", f"{result}: {text}")


def seen(boot, watched, image):
    """The same of a boot: what the CPU was handed, by proof B, and the kernel's own lines."""
    loads = proof.loads(boot, watched, len(image))
    require(None not in [it.offset for it in loads], "proof B: a pointer is outside of the image")
    offsets = {it.offset for it in loads}
    require(len(offsets) < 2, f"proof B: the CPU was handed {len(offsets)} updates")
    handed = [(struct.unpack_from("<I", image, offset + REVISION)[0], offset) for offset in offsets]
    require(handed or not proof.applied(boot), "the kernel reports success, but handed nothing to the CPU")
    log = "\n".join(boot.lines("dmesg"))
    lines = {name: list(re.finditer(words, log)) for name, words in COMPLAINTS.items()}
    complaints = frozenset((name, int(line[1], 16)) for name, found in lines.items() for line in found)
    loader_on = bool("".join(boot.lines("loader")))
    words = [f"{revision:#010x} handed to the CPU" for revision, _ in handed] or ["nothing handed to the CPU"]
    words += [] if loader_on else ["loader off"]
    words += sorted({f'"{line[0]}"' for found in lines.values() for line in found})
    return Answer(handed[0] if handed else None, complaints, loader_on, ", ".join(words))
