"""Samplers over a group's files, read one by one or all together.

Knows that a row of numbers is a `Sample`; which file fills which place is said by each controller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuicont.core.cgroup.base import Sampler
from tuicont.core.errors import kernel_error
from tuicont.core.model.stats import Sample
from tuicont.core.sys.counters import Counters, Source


class FileSampler:
    """A `Sampler` over files: (path, what to take from it). Raises `KernelError` when the process may open no
    more. Not for two threads at the same time."""

    def __init__(self, sources: Iterable[tuple[str, Source]]) -> None:
        # Several controllers may count in one file, which is opened and read once.
        files: dict[str, Source] = {}
        for path, source in sources:
            known = files.get(path)
            files[path] = source if known is None else Source(source.file, source.form, known.fields + source.fields)
        try:
            self.counters = Counters(files.items(), len(Sample._fields))
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
            samples.append(Sample._make(row) if row is not None else None)
        else:
            samples.append(sampler.sample())
    return samples
