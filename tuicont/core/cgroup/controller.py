"""What a controller is: one frozen value that says all there is to know of it, made by its own module.

A driver's group loops over a table of them and knows none by name. A new controller is one module and one entry in
that table.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping

import msgspec

from tuicont.core.cgroup.counters import Source
from tuicont.core.cgroup.settings import Step, Write, missing, setting, unsupported
from tuicont.core.errors import kernel_error
from tuicont.core.model.resources import Resources
from tuicont.core.sys.kernel import Kernel


class Place:
    """Where controllers find a group. Each has its files in a directory below `parent(controller)`, which holds the
    groups and is "" where the host has none for it; what a file's name begins with is its controller. `new` says that
    the group has just been made, so that what its files hold is known without a look."""

    __slots__ = ("_kernel", "_parent", "group", "new")

    def __init__(self, kernel: Kernel, group: str, parent: Callable[[str], str], *, new: bool) -> None:
        self._kernel = kernel
        self.group = group
        self.new = new
        self._parent = parent

    def directory(self, controller: str) -> str:
        """The group's own. Raises `Unsupported` where the host has none for the controller."""
        parent = self._parent(controller)
        if not parent:
            raise unsupported(self.group, controller, {"hierarchy": "none"})
        return f"{parent}/{self.group}"

    def write(
        self, file: str, value: str, limit: str, asked: object, undone: tuple[tuple[str, str], ...] | None = None
    ) -> Write:
        """The step that writes to one of the group's files (see `Write`)."""
        return Write(self.directory(file.partition(".")[0]), file, value, limit, asked, undone)

    def read(self, file: str, *, above: bool = False) -> str:
        """`find`, which raises `Unsupported` where there is no such file: a controller that is not enabled has none."""
        text = self.find(file, above=above)
        if text is None:
            raise unsupported(self.group, file.partition(".")[0], {"missing": file})
        return text

    def find(self, file: str, *, above: bool = False) -> str | None:
        """The text of one of the group's files, or of the directory's `above` it; None where there is no such file.
        Raises `NotFound` when the group is gone."""
        controller = file.partition(".")[0]
        directory = self.directory(controller)
        path = f"{self._parent(controller) if above else directory}/{file}"
        try:
            return self._kernel.read(path).decode().strip()
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV):
                raise kernel_error(setting(self.group), f"read {path}", error) from error
            if not self._kernel.exists(directory):
                raise missing(setting(self.group), self.group) from error
            return None


class Controller(msgspec.Struct, frozen=True):
    """`name` is the kernel's. `steps` are what resources come to for it, in the order in which they must be done: none
    where they say nothing for it. `sources` are the files that it counts in, `meanings` a line on each of its files."""

    name: str
    steps: Callable[[Place, Resources], Iterable[Step]] | None = None
    sources: tuple[Source, ...] = ()
    meanings: Mapping[str, str] = {}
