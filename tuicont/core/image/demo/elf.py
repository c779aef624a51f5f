"""What an ELF file asks of the system that runs it: its interpreter, and the libraries that it loads (elf(5)).

Pure: from a file's bytes to a value. Where the libraries are is asked elsewhere.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_STRSZ, _DT_RPATH, _DT_RUNPATH = 1, 5, 10, 15, 29
_MOST_DYNAMIC = 4096


class Elf(NamedTuple):
    """`kind` is class, byte order and machine: a program loads only libraries of its own. `interpreter` is "" for a
    static program and for a library."""

    kind: tuple[int, int, int]
    interpreter: str
    needed: tuple[str, ...]
    rpath: tuple[str, ...]
    runpath: tuple[str, ...]


class _Segment(NamedTuple):
    type: int
    offset: int
    address: int
    size: int


def parse_elf(data: bytes) -> Elf | None:
    """None for what is no ELF file (a script, say). Raises `ValueError` for a damaged one."""
    if data[:4] != b"\x7fELF":
        return None
    try:
        return _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"damaged ELF file: {error}") from error


def _parse(data: bytes) -> Elf:
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    (machine,) = struct.unpack_from(order + "H", data, 18)
    segments = list(_segments(data, wide, order))
    interpreter = ""
    needed: list[str] = []
    paths: dict[int, tuple[str, ...]] = {}
    for segment in segments:
        if segment.type == _PT_INTERP:
            interpreter = data[segment.offset : segment.offset + segment.size].rstrip(b"\0").decode()
        elif segment.type == _PT_DYNAMIC:
            entries = _dynamic(data, segment, wide, order)
            strings = _strings(data, segments, entries)
            for tag, value in entries:
                if tag == _DT_NEEDED:
                    needed.append(_string(strings, value))
                elif tag in (_DT_RPATH, _DT_RUNPATH):
                    paths[tag] = tuple(p for p in _string(strings, value).split(":") if p)
    kind = (data[4], data[5], machine)
    return Elf(kind, interpreter, tuple(needed), paths.get(_DT_RPATH, ()), paths.get(_DT_RUNPATH, ()))


def _segments(data: bytes, wide: bool, order: str) -> list[_Segment]:
    (offset,) = struct.unpack_from(order + ("Q" if wide else "I"), data, 32 if wide else 28)
    size, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
    segments = []
    for number in range(count):
        place = offset + number * size
        if wide:
            kind, _, start, address, _, length = struct.unpack_from(order + "IIQQQQ", data, place)
        else:
            kind, start, address, _, length = struct.unpack_from(order + "IIIII", data, place)
        segments.append(_Segment(kind, start, address, length))
    return segments


def _dynamic(data: bytes, segment: _Segment, wide: bool, order: str) -> list[tuple[int, int]]:
    form = order + ("qQ" if wide else "iI")
    entries = []
    for number in range(min(segment.size // struct.calcsize(form), _MOST_DYNAMIC)):
        tag, value = struct.unpack_from(form, data, segment.offset + number * struct.calcsize(form))
        if tag == 0:
            break
        entries.append((tag, value))
    return entries


def _strings(data: bytes, segments: list[_Segment], entries: list[tuple[int, int]]) -> bytes:
    values = dict(entries)
    address, size = values.get(_DT_STRTAB, 0), values.get(_DT_STRSZ, 0)
    for segment in segments:
        if segment.type == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            start = address - segment.address + segment.offset
            return data[start : start + size]
    return b""


def _string(strings: bytes, start: int) -> str:
    return strings[start : strings.index(b"\0", start)].decode() if start < len(strings) else ""
