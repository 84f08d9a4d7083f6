"""What `kip status` and `kip refresh` say, as values."""

import json
import re
from dataclasses import dataclass

from fault import require


@dataclass(frozen=True)
class Entry:
    """One entry of a report. `changes` and `files` as words: `module top: 1 -> 2`, `/boot/...: foreign`."""

    kernel: str
    state: str
    changes: tuple = ()
    files: tuple = ()
    pending: tuple = ()

    def __str__(self):
        more = [*self.changes, *self.files, *(f"pending {name}" for name in self.pending)]
        return self.state + (f" ({'; '.join(more)})" if more else "")


def _change(change):
    return f"{change['kind']} {change['name']}: {change['was'] or 'none'} -> {change['is'] or 'none'}"


def _entry(it, state):
    files = tuple(f"{file['path']}: {file['state']}" for file in it.get("files", ()) if file["state"] != "there")
    return Entry(it["kernel"], state, tuple(sorted(_change(change) for change in it["changes"])), files,
                 tuple(sorted(module["module"] for module in it.get("pending", ()))))  # fmt: skip


def _report(done, name):
    require(done.out.startswith("{"), f"{name} prints no report: {done}")
    report = json.loads(done.out)
    require((report["schema"], report["report"]) == (1, name), f"{name}: another report: {done.out[:80]}")
    return report


def status(system, *arguments):
    """({kernel: Entry}, exit status). The text must tell the same as the JSON, and each must end with the same status."""
    done, text = system.run("kip", "status", "--json", *arguments), system.run("kip", "status", *arguments)
    report = _report(done, "status")
    require(done.exit == text.exit, f"status: --json ends with {done.exit}, text with {text.exit}")
    found = {it["kernel"]: _entry(it, it["state"]) for it in report["entries"]}
    require(len(found) == len(report["entries"]), "status: a kernel stands there twice")
    lines = _headlines(text.out)
    require(lines == [f"{name}: {entry.state}" for name, entry in found.items()], f"status: text says {lines}")
    return found, done.exit, done.err


def _headlines(text):
    return [line for line in text.splitlines() if not line.startswith(" ")]


def foretold(system, *arguments):
    """As refresh(), of `kip refresh -n`. The text must tell the same."""
    found, done = refresh(system, "-n", *arguments)
    text = system.run("kip", "refresh", "-n", *arguments)
    told = [re.sub(r" \(token .*?\)", "", line).replace(": to be ", ": ") for line in _headlines(text.out)]
    require(told == [f"{name}: {entry.state}" for name, entry in found.items()], f"refresh -n: text says {told}")
    require(text.exit == done.exit, f"refresh -n: --json ends with {done.exit}, text with {text.exit}")
    return found, done


def refresh(system, *arguments):
    """({kernel: Entry whose state is what was done}, the command), in the order in which it was done."""
    done = system.run("kip", "refresh", "--json", *arguments)
    report = _report(done, "refresh")
    require(report["dry_run"] == ("-n" in arguments), "refresh: says otherwise whether it was in earnest")
    found = {it["kernel"]: _entry(it, it["outcome"]) for it in report["entries"]}
    require(len(found) == len(report["entries"]), "refresh: a kernel stands there twice")
    return found, done
