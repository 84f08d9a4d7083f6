"""kmod-pack, asked about one tree: its answers as values."""

import json
import subprocess
from dataclasses import dataclass

from fault import Fault

_TIMEOUT = 120  # seconds


@dataclass(frozen=True)
class Module:
    """A row of `list` or `why`. `rule` is (key, pattern, file) or None; `beaten` are files."""

    state: str
    version: str
    path: str
    signer: str | None
    rule: tuple | None
    beaten: tuple
    left_out: str
    of: tuple  # ("depends", "kip_test_top"), or ()
    winner: str = ""  # another file of its name, which modprobe takes


def _module(row):
    def rule(it):
        return it["key"], it["pattern"], it["file"].lstrip("/")

    return Module(
        row["state"], row["version"], row.get("path", ""), row.get("signer", "") if row["signed"] else None,
        rule(row["rule"]) if row["rule"] else None, tuple(it["file"].lstrip("/") for it in row["beaten"]),
        row.get("left_out", ""), (row["cause"], row["of"]) if "of" in row else (), row.get("winner", ""),
    )  # fmt: skip


class Program:
    """The built program on `tree`. What ends otherwise than it may is a Fault."""

    def __init__(self, binary, tree, before=()):
        """`before`: words in front of the program's own, as of taskset."""
        self.binary, self.tree, self.before = binary, tree, before

    def run(self, verb, *arguments, may=(0,)):
        """The finished process."""
        command = [*self.before, self.binary, verb, "--root", self.tree.root, "--kernel", self.tree.kernel.release]
        done = subprocess.run(
            [*command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=_TIMEOUT, check=False,
        )  # fmt: skip
        if done.returncode not in may:
            log = done.stderr.decode(errors="replace")
            raise Fault(f"{verb}: exit {done.returncode}, should be {may}: {log[-400:].strip()}", log=log)
        return done

    def list(self):
        """{name: Module} of out-of-tree modules."""
        return {row["name"]: _module(row) for row in json.loads(self.run("list", "--json").stdout)["modules"]}

    def why(self, name):
        """Module of each file of that name, and the names of whoever asks for the first."""
        rows = json.loads(self.run("why", name, "--json").stdout)["modules"]
        return [_module(row) for row in rows], [row["name"] for row in rows[0]["chain"]]

    def lint(self, *options):
        """Findings, as "severity rule", each once; in order."""
        findings = json.loads(self.run("lint", "--json", *options, may=(0, 1)).stdout)["findings"]
        return sorted({f"{it['severity']} {it['rule']}" for it in findings})

    def pack(self, base, out, may=(0,)):
        """(exit, bytes or None); `base` and `out` are files."""
        out.unlink(missing_ok=True)
        done = self.run("pack", "--base", base, "-o", out, may=may)
        return done.returncode, out.read_bytes() if out.exists() else None

    def emit(self, generator):
        """What belongs into the generator's configuration. Exit 1: dracut's own files say otherwise."""
        return self.run("emit", generator, may=(0, 1)).stdout.decode()
