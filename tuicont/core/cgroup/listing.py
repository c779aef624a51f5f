"""The files of a group as a reader wants to see them: name, value now, whether it can be written, meaning.

Knows no controller; the meanings are given.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping

from tuicont.core.errors import errno_text
from tuicont.core.model.container import CgroupFile
from tuicont.core.sys.kernel import Kernel

VALUE_BYTES = 4096


def files(kernel: Kernel, directory: str, meanings: Mapping[str, str]) -> Iterator[CgroupFile]:
    """Every file of the directory by name, its value cut at `VALUE_BYTES`. A directory that is gone has none."""
    try:
        names = sorted(set(kernel.listdir(directory)) - set(kernel.directories(directory)))
    except FileNotFoundError:
        return
    for name in names:
        path = f"{directory}/{name}"
        try:
            mode = kernel.mode(path)
        except FileNotFoundError:
            continue
        yield CgroupFile(
            path=path,
            name=name,
            value=_value(kernel, path) if mode & stat.S_IRUSR else "",
            writable=bool(mode & stat.S_IWUSR),
            meaning=meanings.get(name, ""),
        )


def _value(kernel: Kernel, path: str) -> str:
    try:
        return kernel.read(path)[:VALUE_BYTES].decode("utf-8", "replace").rstrip("\n")
    except OSError as error:
        return errno_text(error.errno or 0)
