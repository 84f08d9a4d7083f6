#!/usr/bin/env python3
"""Runs a command and kills it with all that it started at their Nth system call, counted over all of them.

    reaper.py calls N COMMAND...      0: never; the number of calls is the last line of standard error
    reaper.py renames N COMMAND...    counts before and behind each call that gives a file another name, and nothing else

It traces them (ptrace(2)) and ends without letting go, so that the kernel kills them all at once (PTRACE_O_EXITKILL): no
process of the tree does one step more, as if the power had gone. Exit 137 then, else the command's own.
"""

import ctypes
import os
import sys

_TRACEME, _CONT_SYSCALL, _SETOPTIONS = 0, 24, 0x4200
_OPTIONS = 0x100000 | 0x1 | 0x2 | 0x4 | 0x8 | 0x10  # exitkill, sysgood, fork, vfork, clone, exec
_SYSCALL_STOP, _STOP, _TRAP, _KILLED = 0x80 | 5, 19, 5, 137
_WALL = 0x40000000
_PEEK_USER, _ORIG_RAX = 3, 15 * 8
_RENAMING = {82, 264, 316, 86, 265}  # rename, renameat, renameat2, link, linkat of x86-64

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def _go_on(process, signal=0):
    _libc.ptrace(_CONT_SYSCALL, process, None, signal)  # one that is gone is no matter


def _start(words):
    child = os.fork()
    if child == 0:
        _libc.ptrace(_TRACEME, 0, None, None)
        os.execvp(words[0], words)
    os.waitpid(child, 0)
    _libc.ptrace(_SETOPTIONS, child, None, _OPTIONS)
    return child


def _counts(process, kind, entry):
    if kind == "calls":
        return entry
    return _libc.ptrace(_PEEK_USER, process, _ORIG_RAX, None) in _RENAMING


def run(kind, limit, words):
    """(exit status, calls)."""
    first = _start(words)
    inside, known, stops = set(), {first}, 0
    _go_on(first)
    while True:
        process, status = os.waitpid(-1, _WALL)
        if not os.WIFSTOPPED(status):
            if process == first:
                return os.waitstatus_to_exitcode(status), stops
            continue
        signal = os.WSTOPSIG(status)
        if signal == _SYSCALL_STOP:
            entry = process not in inside
            inside ^= {process}
            stops += _counts(process, kind, entry)
            if stops and stops == limit:
                return _KILLED, stops
            _go_on(process)
        elif signal == _TRAP and status >> 16 or process not in known and signal == _STOP:
            known.add(process)  # an event, or a new process
            _go_on(process)
        else:
            _go_on(process, signal)


if __name__ == "__main__":
    result, calls = run(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
    if result == _KILLED:
        os._exit(_KILLED)
    print(calls, file=sys.stderr)
    sys.exit(result)
