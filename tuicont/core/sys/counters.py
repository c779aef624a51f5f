"""Kernel files that are read again and again for numbers: kept open, read and parsed in C, many groups a call.

Knows the four forms of text that native/sample.c parses; what the numbers mean is said by the caller.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any

import msgspec

from tuicont.core.native._native import ffi, lib


class Form(IntEnum):
    """A file's format, as native/sample.c knows them."""

    NUMBER = 0
    KEYED = 1
    DEVICES = 2
    PRESSURE = 3


class Field(msgspec.Struct, frozen=True):
    """Add `scale` times the value of `key` ("" in a file of one number) to place `slot` of the row, from 1 on. A
    pressure fills four places from `slot` on."""

    key: str
    slot: int
    scale: int = 1


class Source(msgspec.Struct, frozen=True):
    """One file, by its name, and what to take from it. Several files may add to one place (a negative scale
    subtracts)."""

    file: str
    form: Form
    fields: tuple[Field, ...]


class Counters:
    """The open files of one group: (path, what to take from it), for rows of `slots` places. A file that does not
    exist is left out and its places stay -1.

    Raises `OSError`: EMFILE and ENFILE when no more files can be opened (nothing is left open then).
    """

    def __init__(self, files: Iterable[tuple[str, Source]], slots: int) -> None:
        self._slots = slots
        self._fds: list[int] = []
        self._keep: list[Any] = []
        opened: list[Source] = []
        try:
            for path, source in files:
                try:
                    self._fds.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
                except OSError as error:
                    if error.errno in (errno.EMFILE, errno.ENFILE):
                        raise
                    continue
                opened.append(source)
        except OSError:
            self.close()
            raise
        self._row = ffi.new("int64_t[]", slots)
        entries = ffi.new("struct tuicont_source[]", max(len(opened), 1))
        for entry, fd, source in zip(entries, self._fds, opened, strict=False):
            entry.fd, entry.form, entry.count = fd, source.form, len(source.fields)
            entry.fields = self._fields(source.fields)
        self._group = ffi.new("struct tuicont_group *")
        self._group.sources, self._group.count = entries, len(opened)
        self._group.slots, self._group.row = slots, self._row
        self._keep.append(entries)

    def _fields(self, fields: Sequence[Field]) -> Any:
        made = ffi.new("struct tuicont_field[]", len(fields))
        for place, field in zip(made, fields, strict=True):
            place.key = key = ffi.new("char[]", field.key.encode())
            place.length, place.slot, place.scale = len(field.key), field.slot, field.scale
            self._keep.append(key)
        self._keep.append(made)
        return made

    def close(self) -> None:
        """Close the files. May be repeated; afterwards there is nothing to read."""
        fds, self._fds = self._fds, []
        for fd in fds:
            os.close(fd)

    @staticmethod
    def read_all(counters: Sequence[Counters]) -> list[list[int] | None]:
        """The row of each now: its time (ns since the epoch), then -1 wherever nothing is known; None for a group
        that is gone or closed. One call without the interpreter's lock; the caller sees to it that none of them is
        read or closed by another thread meanwhile."""
        live = [c for c in counters if c._fds]
        lib.tuicont_sample(ffi.new("struct tuicont_group *[]", [c._group for c in live]), len(live))
        return [None if not c._fds or c._group.status else ffi.unpack(c._row, c._slots) for c in counters]
