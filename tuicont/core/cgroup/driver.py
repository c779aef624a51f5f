"""How drivers that make directories make groups of them: begun, finished, or nothing left of them.

Knows no hierarchy's version.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from tuicont.core.cgroup.base import Cgroup, Placement
from tuicont.core.cgroup.naming import SHIMS, check_name
from tuicont.core.cgroup.owner import mark
from tuicont.core.cgroup.removal import remove_group
from tuicont.core.errors import EngineError, kernel_error
from tuicont.core.model.resources import Resources
from tuicont.core.sys.kernel import Kernel


class _Group(Cgroup, Protocol):
    name: str

    def apply_new(self, resources: Resources) -> None: ...


G = TypeVar("G", bound=_Group)


class BegunGroup(Generic[G]):
    """A `BegunCgroup`."""

    def __init__(self, driver: MakingDriver[G], group: G) -> None:
        self._driver = driver
        self._group = group

    @property
    def placement(self) -> Placement:
        return self._group.placement

    def finish(self, resources: Resources) -> G:
        group = self._group
        try:
            self._driver.finish_directories(group)
        except OSError as error:
            self._undo()
            raise _not_made(group.name, error) from error
        try:
            group.apply_new(resources)
        except BaseException:
            self._undo()
            raise
        return group

    def _undo(self) -> None:
        with contextlib.suppress(EngineError):
            self._driver.remove(self._group.name)


class MakingDriver(ABC, Generic[G]):
    """`begin` and `create` of a `CgroupDriver`, from how its directories are made."""

    @abstractmethod
    def open(self, group: str) -> G:
        """See `CgroupDriver`."""

    @abstractmethod
    def remove(self, group: str) -> None:
        """See `CgroupDriver`."""

    @abstractmethod
    def begin_directories(self, group: G) -> None:
        """Make those that a process must find to be born in the group. Raises `OSError` and `Conflict`."""

    @abstractmethod
    def finish_directories(self, group: G) -> None:
        """Make the others. Raises `OSError` and `Conflict`."""

    def begin(self, group: str) -> BegunGroup[G]:
        """See `CgroupDriver`."""
        made = self.open(group)
        try:
            self.begin_directories(made)
        except OSError as error:
            raise _not_made(group, error) from error
        return BegunGroup(self, made)

    def create(self, group: str, resources: Resources) -> G:
        """See `CgroupDriver`."""
        return self.begin(group).finish(resources)


class HierarchyDriver(MakingDriver[G]):
    """A `MakingDriver` that has one directory for its groups (a holder) in each hierarchy it uses, marked as those of
    the state root `root`. Nothing is asked before it is done: a directory that is missing shows by ENOENT.

    What a group is made of is imported when one is opened: to list groups, and to see which are frozen, takes none."""

    def __init__(self, kernel: Kernel, root: str) -> None:
        self._kernel = kernel
        self._root = root
        self._prepared = False

    @property
    @abstractmethod
    def holders(self) -> tuple[str, ...]:
        """Those that a group has a directory in."""

    @property
    def places(self) -> tuple[str, ...]:
        """Where groups are looked for: the holders, and perhaps more."""
        return self.holders

    @abstractmethod
    def prepare_holders(self) -> None:
        """Make them, and what groups get from them."""

    def remove(self, group: str) -> None:
        """See `CgroupDriver`."""
        check_name(f"remove the cgroup of {group}", group)
        remove_group(self._kernel, group, self.directories(group), lambda seconds: self.await_empty(group, seconds))

    def await_empty(self, group: str, seconds: float) -> None:
        """Wait, at most `seconds`, for the last process of the group to be gone, where the kernel tells."""

    def groups(self) -> tuple[str, ...]:
        """See `CgroupDriver`."""
        found: set[str] = set()
        for holder in self.places:
            with contextlib.suppress(FileNotFoundError):
                found.update(self._kernel.directories(holder))
        return tuple(sorted(found - {SHIMS}))

    def directories(self, group: str) -> tuple[str, ...]:
        """The group's directory in each hierarchy."""
        return tuple([f"{holder}/{group}" for holder in self.holders])

    def make_directories(self, group: str, directories: tuple[str, ...]) -> None:
        """mkdir of the group's in each hierarchy; what a crash left of a group of that name is removed first. The
        holders are made once, and again when they have vanished. Raises `OSError`, or `Conflict` when processes are in
        the group."""
        try:
            if not self._prepared:
                self._prepare()
            for directory in directories:
                self._kernel.mkdir(directory)
            return
        except FileNotFoundError:
            self._prepare()
        except FileExistsError:
            pass
        self.remove(group)
        for directory in directories:
            self._kernel.mkdir(directory)

    def _prepare(self) -> None:
        self.prepare_holders()
        mark(self._kernel, self.holders, self._root)
        self._prepared = True


def _not_made(group: str, error: OSError) -> EngineError:
    return kernel_error(f"create the cgroup of {group}", f"mkdir {error.filename or group}", error)
