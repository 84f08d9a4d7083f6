"""Kernel modules that no compiler made: what depmod and libkmod read of one, and nothing to run.

They are the same bytes everywhere and need no kernel's headers, so a life of two kernels under any name can be told.
Format: System V ABI, "ELF-64 Object File Format"; the sections are those that kmod's libkmod-elf.c looks for.
"""

import struct

_HEADER, _SECTION = 64, 64  # bytes
_PROGBITS, _SYMTAB, _STRTAB = 1, 2, 3
_UNDEFINED_GLOBAL = 0x10


def _strings(words):
    return b"".join(word.encode() + b"\0" for word in words)


def _symbol(name):
    return name.replace("-", "_") + "_call"


def _undefined(needs):
    """(symbol table, its strings) that ask for one symbol of each module needed."""
    names, rows = b"\0", bytes(24)
    for need in needs:
        rows += struct.pack("<IBBHQQ", len(names), _UNDEFINED_GLOBAL, 0, 0, 0, 0)
        names += _strings([_symbol(need)])
    return rows, names


def write(name, kernel, needs=(), **info):
    """A module for a kernel that exports one symbol and needs those of `needs`. `info` is more of .modinfo."""
    fields = {"name": name, "depends": ",".join(needs), "vermagic": f"{kernel} SMP preempt mod_unload "} | info
    rows, names = _undefined(needs)
    sections = [
        (".modinfo", _PROGBITS, _strings(f"{key}={value}" for key, value in fields.items()), 0, 0),
        ("__ksymtab_strings", _PROGBITS, _strings([_symbol(name)]), 0, 0),
        (".strtab", _STRTAB, names, 0, 0),
        (".symtab", _SYMTAB, rows, 3, 24),
    ]
    section_names, places = b"\0", []
    for section in [*(it[0] for it in sections), ".shstrtab"]:
        places.append(len(section_names))
        section_names += _strings([section])
    sections.append((".shstrtab", _STRTAB, section_names, 0, 0))

    headers, data = bytes(_SECTION), b""
    for place, (_, kind, content, link, entry) in zip(places, sections, strict=True):
        offset = _HEADER + len(data)
        headers += struct.pack("<IIQQQQIIQQ", place, kind, 0, 0, offset, len(content), link, 0, 1, entry)
        data += content
    data += bytes(-len(data) % 8)
    count = len(sections) + 1
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, _HEADER + len(data), 0, _HEADER, 0, 0, _SECTION, count, count - 1)
    return head + data + headers
