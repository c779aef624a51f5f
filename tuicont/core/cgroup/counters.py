"""Which numbers of which kernel file make up a sample: the vocabulary in which controllers say it.

Pure. `sampling` reads what is described here. A *slot* is a place in the row that a sample is made of;
several files may add to one slot (a negative scale subtracts).
"""

from __future__ import annotations

from enum import IntEnum

import msgspec


class Form(IntEnum):
    """A file's format, as native/sample.c knows them."""

    NUMBER = 0
    KEYED = 1
    DEVICES = 2
    PRESSURE = 3


class Slot(IntEnum):
    """The row's places, in the order of the fields of `Sample` after its time. Each pressure has four: average
    of `some` over 10 s in hundredths of a percent, its total in µs, then the same of `full`."""

    CPU_NS = 0
    CPU_USER_NS = 1
    CPU_SYSTEM_NS = 2
    PERIODS = 3
    THROTTLED_PERIODS = 4
    THROTTLED_NS = 5
    MEMORY = 6
    MEMORY_CACHE = 7
    MEMORY_SWAP = 8
    MEMORY_LIMIT = 9
    MEMORY_PEAK = 10
    OOM_KILLS = 11
    PIDS = 12
    PIDS_LIMIT = 13
    READ_BYTES = 14
    WRITE_BYTES = 15
    READ_OPS = 16
    WRITE_OPS = 17
    CPU_PRESSURE = 18
    MEMORY_PRESSURE = 22
    IO_PRESSURE = 26


SLOTS = 30


class Field(msgspec.Struct, frozen=True):
    """Add `scale` times the value of `key` ("" in a file of one number) to `slot`."""

    key: str
    slot: Slot
    scale: int = 1


class Source(msgspec.Struct, frozen=True):
    """One file of a controller and what to take from it."""

    file: str
    form: Form
    fields: tuple[Field, ...]
