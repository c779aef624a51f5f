"""Which numbers of which kernel file make up a sample: the vocabulary in which controllers say it.

Pure. A controller says with `Source`, `Form` and `Field` what is to be read, and with `Slot` where it goes.
"""

from __future__ import annotations

from enum import IntEnum

from tuicont.core.sys.counters import Field, Form, Source

__all__ = ["Field", "Form", "Slot", "Source"]


class Slot(IntEnum):
    """The places of a row: those of the fields of `Sample`. Place 0 is the time. A pressure has four from its own on:
    average of `some` over 10 s in hundredths of a percent, its total in µs, then the same of `full`."""

    CPU_NS = 1
    CPU_USER_NS = 2
    CPU_SYSTEM_NS = 3
    PERIODS = 4
    THROTTLED_PERIODS = 5
    THROTTLED_NS = 6
    MEMORY = 7
    MEMORY_CACHE = 8
    MEMORY_SWAP = 9
    MEMORY_LIMIT = 10
    MEMORY_PEAK = 11
    OOM_KILLS = 12
    PIDS = 13
    PIDS_LIMIT = 14
    READ_BYTES = 15
    WRITE_BYTES = 16
    READ_OPS = 17
    WRITE_OPS = 18
    CPU_PRESSURE = 19
    MEMORY_PRESSURE = 23
    IO_PRESSURE = 27
