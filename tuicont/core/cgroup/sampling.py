"""Turning the counters of a group's files into samples.

Knows which place of a row is which field of a `Sample`; which file fills it is said by each controller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tuicont.core.cgroup.base import Sampler
from tuicont.core.cgroup.counters import SLOTS, Slot, Source
from tuicont.core.errors import kernel_error
from tuicont.core.model.stats import Pressure, Sample
from tuicont.core.sys.counters import CounterField, CounterFile, Counters

Located = tuple[str, Source]


class FileSampler:
    """A `Sampler` over files: (path, what to take from it). Raises `KernelError` when the process may open no
    more. Not for two threads at the same time."""

    def __init__(self, sources: Iterable[Located]) -> None:
        # Several controllers may count in one file, which is opened and read once.
        files: dict[str, CounterFile] = {}
        for path, source in sources:
            fields = [CounterField(field.key, int(field.slot), field.scale) for field in source.fields]
            before = files[path].fields if path in files else ()
            files[path] = CounterFile(path, int(source.form), (*before, *fields))
        try:
            self.counters = Counters(files.values(), SLOTS)
        except OSError as error:
            hint = "raise the limit of open files (ulimit -n)"
            raise kernel_error("sample a cgroup", f"open {error.filename}", error, hint=hint) from error

    def sample(self) -> Sample | None:
        return sample_all((self,))[0]

    def close(self) -> None:
        self.counters.close()


def sample_all(samplers: Sequence[Sampler]) -> list[Sample | None]:
    """`sample()` of each, those of files in one call to C: five hundred calls that each let go of the
    interpreter's lock would each have to wait for a busy interface to get it back."""
    rows = iter(Counters.read_all([s.counters for s in samplers if isinstance(s, FileSampler)]))
    samples: list[Sample | None] = []
    for sampler in samplers:
        if isinstance(sampler, FileSampler):
            row = next(rows)
            samples.append(sample_of_row(*row) if row is not None else None)
        else:
            samples.append(sampler.sample())
    return samples


def sample_of_row(time_ns: int, row: Sequence[int]) -> Sample:
    """The sample that a row of `SLOTS` numbers stands for."""
    values: list[Any] = [time_ns, max(row[0], 0), *row[1 : Slot.CPU_PRESSURE]]
    values += [_pressure(row, slot) for slot in (Slot.CPU_PRESSURE, Slot.MEMORY_PRESSURE, Slot.IO_PRESSURE)]
    return Sample(*values)


def row_of_sample(sample: Sample) -> list[int]:
    """The inverse of `sample_of_row`."""
    row = [getattr(sample, name) for name in _NAMES]
    for pressure in (sample.cpu_pressure, sample.memory_pressure, sample.io_pressure):
        if pressure is None:
            row += (-1, -1, -1, -1)
        else:
            row += (
                round(pressure.some_avg10 * 100),
                pressure.some_us,
                round(pressure.full_avg10 * 100),
                pressure.full_us,
            )
    return row


_NAMES = Sample.__struct_fields__[1 : 1 + Slot.CPU_PRESSURE]


def _pressure(row: Sequence[int], slot: int) -> Pressure | None:
    some, some_us, full, full_us = row[slot : slot + 4]
    if some_us < 0:
        return None
    return Pressure(
        some_avg10=some / 100,
        some_us=some_us,
        full_avg10=max(full, 0) / 100,
        full_us=max(full_us, 0),
    )
