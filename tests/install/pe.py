"""Portable executables, just enough: one that kernel-install takes for a kernel or a UKI, and sections of one."""

import struct

ALIGNMENT = 512
_OPTIONAL_HEADER = 112  # of PE32+, without data directories


def write(sections):
    """An EFI application with these sections, a mapping of name to bytes; its code does nothing."""
    headers_end = 64 + 24 + _OPTIONAL_HEADER + 40 * len(sections)
    at = headers = -(-headers_end // ALIGNMENT) * ALIGNMENT
    table, bodies, address = b"", b"", 0x1000
    for name, data in sections.items():
        raw = data + bytes(-len(data) % ALIGNMENT)
        table += struct.pack("<8s6I2HI", name.encode(), len(data), address, len(raw), at, 0, 0, 0, 0, 0x60000020)
        bodies += raw
        at += len(raw)
        address += -(-len(raw) // 0x1000) * 0x1000
    optional = struct.pack("<HBB5I", 0x20B, 0, 0, 0, 0, 0, 0x1000, 0x1000)
    optional += struct.pack("<QII6HIIIIHH4QII", 0, 0x1000, ALIGNMENT, *[0] * 6, 0, address, headers, 0, 10, 0, *[0] * 6)
    coff = struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, len(optional), 0x2022)
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    return (dos + b"PE\0\0" + coff + optional + table).ljust(headers, b"\0") + bodies


def section(data, wanted):
    """The bytes of a section, or None."""
    at = struct.unpack_from("<I", data, 60)[0] + 4
    count, optional = struct.unpack_from("<H", data, at + 2)[0], struct.unpack_from("<H", data, at + 16)[0]
    for number in range(count):
        name, size, _, raw, start = struct.unpack_from("<8s4I", data, at + 20 + optional + 40 * number)
        if name.rstrip(b"\0").decode() == wanted:
            return data[start : start + min(size, raw)]
    return None
