"""What a container uses, in Docker's words: the fields of `stats`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tuicont.cli.kit.listing import Column
from tuicont.cli.kit.words import binary_size, decimal_size
from tuicont.core.model.container import Container
from tuicont.core.model.stats import Rates, Sample

_UNKNOWN = "--"
_NOTHING = Sample(time_ns=0, cpu_ns=-1)


class Used(NamedTuple):
    """A row of `stats`; one that does not run has no sample. `whole` shows its id unshortened."""

    container: Container
    sample: Sample | None
    rates: Rates
    whole: bool

    @property
    def known(self) -> Sample:
        """Its sample, or one in which nothing is counted."""
        return self.sample or _NOTHING


def _id(row: Used) -> str:
    return row.container.id if row.whole else row.container.short_id


COLUMNS: tuple[Column[Used], ...] = (
    Column("CONTAINER ID", "ID", _id),
    Column("NAME", "Name", lambda row: row.container.name),
    Column("CPU %", "CPUPerc", lambda row: f"{row.rates.cpu:.2f}%" if row.sample else _UNKNOWN),
    Column("MEM USAGE / LIMIT", "MemUsage", lambda row: _memory(row.known)),
    Column("MEM %", "MemPerc", lambda row: _share(row.known)),
    Column("BLOCK I/O", "BlockIO", lambda row: _transferred(row.known)),
    Column("NET I/O", "NetIO", lambda _: _UNKNOWN, shown=False),
    Column("CONTAINER", "Container", _id, shown=False),
    Column("PIDS", "PIDs", lambda row: _counted(row.known.pids, str)),
)


def _memory(sample: Sample) -> str:
    return f"{_counted(sample.memory, binary_size)} / {_counted(sample.memory_limit, binary_size, least=1)}"


def _share(sample: Sample) -> str:
    limited = sample.memory_limit > 0 and sample.memory >= 0
    return f"{100 * sample.memory / sample.memory_limit:.2f}%" if limited else _UNKNOWN


def _transferred(sample: Sample) -> str:
    return f"{_counted(sample.read_bytes, decimal_size)} / {_counted(sample.write_bytes, decimal_size)}"


def _counted(value: int, text: Callable[[int], str], *, least: int = 0) -> str:
    return text(value) if value >= least else _UNKNOWN
