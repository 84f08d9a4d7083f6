"""One bash for one document: directory, variables and files last from command to command."""

import os
import secrets
import select
import signal
import subprocess
import time
from pathlib import Path

TIMEOUT = 120  # seconds a command may take


class Session:
    """Commands run in order; a command that ends the shell ends the session."""

    def __init__(self, programs: Path, scratch: Path):
        self.scratch = scratch
        self.mark = "prose-" + secrets.token_hex(8)
        kept = {key: os.environ[key] for key in ("TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS") if key in os.environ}
        environment = kept | {
            "PATH": f"{programs}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "HOME": str(scratch),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "KIP_EXAMPLE": str(scratch / "firmware"),
        }
        output, write_end = os.pipe()
        self.output = output
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=scratch,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=write_end,
            stderr=write_end,
            start_new_session=True,
        )
        os.close(write_end)

    def run(self, command: str) -> tuple[list[str], int | None]:
        """Output lines and exit code; None: the command took too long or the shell is gone."""
        file = self.scratch.parent / "command"
        file.write_text(command + "\n")
        # Sourced, so that `cd` and variables last; the mark goes to the shell's own stdout, whatever the command did.
        line = f". {file} </dev/null; printf '\\n%s %d\\n' {self.mark} $?\n"
        try:
            self.shell.stdin.write(line.encode())
            self.shell.stdin.flush()
        except BrokenPipeError:
            return ["(the shell has ended)"], None
        return self._read()

    def _read(self) -> tuple[list[str], int | None]:
        data, deadline = b"", time.monotonic() + TIMEOUT
        mark = f"\n{self.mark} ".encode()
        while True:
            at = data.find(mark)
            if at >= 0 and data.endswith(b"\n") and data.find(b"\n", at + 1) >= 0:
                return _lines(data[:at]), int(data[at + len(mark) :].split()[0])
            ready, _, _ = select.select([self.output], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.close()
                return _lines(data) + [f"(no end after {TIMEOUT} s)"], None
            piece = os.read(self.output, 65536)
            if not piece:
                return _lines(data), self.shell.wait()
            data += piece

    def close(self) -> None:
        try:
            os.killpg(self.shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.shell.wait()
        if self.output >= 0:
            os.close(self.output)
            self.output = -1


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").removesuffix("\n").split("\n") if data else []
