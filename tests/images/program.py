"""initrd-pack, asked about one image: its answers in the words of the oracle."""

import json
import stat
import subprocess

from fault import Fault
from listing import Member

_TIMEOUT = 120  # seconds
_TYPES = {"file": stat.S_IFREG, "directory": stat.S_IFDIR, "symlink": stat.S_IFLNK, "character device": stat.S_IFCHR,
          "block device": stat.S_IFBLK, "fifo": stat.S_IFIFO, "socket": stat.S_IFSOCK}  # fmt: skip


def _bytes(row, key):
    """A text as it is stored: in hexadecimal where it is no UTF-8."""
    return bytes.fromhex(row[f"{key}_hex"]) if f"{key}_hex" in row else row[key].encode()


def _member(row):
    mode = _TYPES[row["type"]] | int(row["mode"], 8)
    return Member(
        _bytes(row, "name"), mode, row["uid"], row["gid"], row["links"], row["size"], row["mtime"],
        _bytes(row, "target") if "target" in row else b"", tuple(row.get("special", ())),
    )  # fmt: skip


class Program:
    """Each verb may exit with 1, which says that the image has faults: rules() tells which."""

    def __init__(self, binary, image):
        self.binary, self.image = binary, image
        self._inspected = None

    def _run(self, verb, *arguments):
        command = [self.binary, verb, *arguments[:-1], "--", self.image, *arguments[-1]]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=_TIMEOUT, check=False,
        )  # fmt: skip
        if done.returncode not in (0, 1):
            log = done.stderr.decode(errors="replace")
            raise Fault(f"{verb}: exit {done.returncode}: {log[-300:].strip()}", log=log)
        return done

    def _inspect(self):
        if self._inspected is None:
            self._inspected = json.loads(self._run("inspect", "--json", ()).stdout)
        return self._inspected

    def segments(self):
        """Rows of inspect; `number` as people give it to --segment."""
        keys = ("number", "kind", "offset", "size", "plain_size", "members", "reached")
        return [
            {key: row[key] for key in keys}
            | {"method": row["method"].split(" ")[0] if row["kind"] == "compressed" else None}
            for row in self._inspect()["segments"]
        ]

    def rules(self):
        """Of the faults of segments and archives."""
        rules = {finding["rule"] for finding in self._inspect()["findings"]}
        return {rule for rule in rules if rule.startswith(("segment-", "archive"))}

    def _ls(self, *arguments):
        return [_member(row) for row in json.loads(self._run("ls", "--json", *arguments, ()).stdout)["members"]]

    def members(self, number):
        """Of one segment."""
        return self._ls("--segment", str(number))

    def everything(self):
        """Of all segments."""
        return self._ls()

    def names(self, number):
        """ls without options: a name a line."""
        return self._run("ls", "--segment", str(number), ()).stdout

    def details(self, number):
        """ls -l: a line a member."""
        return self._run("ls", "-l", "--segment", str(number), ()).stdout

    def content(self, number):
        """A whole segment, decompressed."""
        return self._run("cat", "--segment", str(number), ()).stdout

    def files(self, names, number=None):
        """Several, one behind the other as they are named."""
        only = () if number is None else ("--segment", str(number))
        return self._run("cat", *only, names).stdout
