"""Which driver does what: the tables of all, the ones chosen for what is new, and those that a container was made with.

A driver is imported when it is first used, never by being found. One that the user named and that cannot work is an
error; one that was not named is passed over for the next of its table.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import takewhile
from typing import Any

import msgspec

from tuicont.core.cgroup.base import CgroupDriver
from tuicont.core.errors import EngineError, Invalid, Unsupported
from tuicont.core.model.probe import Probe
from tuicont.core.runtime.base import Runtime
from tuicont.core.storage.base import StorageDriver

STORAGE = {
    "overlay": "tuicont.core.storage.overlay.driver:OverlayDriver",
    "vfs": "tuicont.core.storage.vfs.driver:VfsDriver",
}
RUNTIME = {
    "native": "tuicont.core.runtime.native.runtime:NativeRuntime",
    "crun": "tuicont.core.runtime.oci.runtime:Crun",
    "runc": "tuicont.core.runtime.oci.runtime:Runc",
}
_NATIVE = "native"
CGROUP = {
    "cgroupfs": {
        "v1": "tuicont.core.cgroup.v1.driver:V1Driver",
        "hybrid": "tuicont.core.cgroup.hybrid:HybridDriver",
        "unified": "tuicont.core.cgroup.v2.driver:V2Driver",
    },
}
"""Name → mode of the host's hierarchies (`cgroup.detect.Layout.mode`) → driver."""


class Drivers:
    """The drivers of one engine. `make_storage` and `make_runtime` build one from its class and name; `storage` and
    `runtime` are the names that the user chose, or ""; `used_storages` tells which have something on the disk."""

    def __init__(
        self,
        cgroups: CgroupDriver,
        make_storage: Callable[[Any, str], StorageDriver],
        make_runtime: Callable[[Any, str], Runtime],
        *,
        storage: str = "",
        runtime: str = "",
        used_storages: Callable[[], tuple[str, ...]],
    ) -> None:
        self.cgroups = cgroups
        self._make_storage = make_storage
        self._make_runtime = make_runtime
        self._chosen_storage = storage
        self._chosen_runtime = runtime
        self.used_storages = used_storages
        self._storages: dict[str, StorageDriver] = {}
        self._runtimes: dict[str, Runtime] = {}

    def storage(self, name: str = "") -> StorageDriver:
        """The storage driver of that name; without one the engine's own, for what is new. Raises `Invalid`."""
        name = name or self._default_storage
        if name not in self._storages:
            self._storages[name] = self._make_storage(_driver_class("storage driver", STORAGE, name), name)
        return self._storages[name]

    def runtime(self, name: str = "") -> Runtime:
        """The runtime of that name; without one the engine's own. Raises `Invalid`."""
        name = name or self._default_runtime
        if name not in self._runtimes:
            self._runtimes[name] = self._make_runtime(_driver_class("runtime", RUNTIME, name), name)
        return self._runtimes[name]

    def keeping_runtime(self, name: str) -> Runtime:
        """What controls a container that was made by the runtime of that name: where this version has none of it, or
        nobody knows which it was, the native one, as a shim keeps them all."""
        return self.runtime(name if name in RUNTIME else _NATIVE)

    def new_runtime(self, name: str = "") -> Runtime:
        """The runtime of a container that is made now: the one that was asked for, or the engine's own. Raises
        `Invalid`, and `Unsupported` for one that cannot work here."""
        return self.runtime(_chosen("runtime", RUNTIME, name, self.runtime) if name else "")

    def probes(self) -> tuple[Probe, ...]:
        """Of every driver that there is, whether it can work here."""
        storages = (self.storage(name).probe() for name in STORAGE)
        runtimes = (self.runtime(name).probe() for name in RUNTIME)
        return (
            _marked(self.cgroups.probe(), self.cgroups.name),
            *(_marked(probe, self.storage_name) for probe in storages),
            *(_marked(probe, self.runtime_name) for probe in runtimes),
        )

    def passed_over(self) -> Iterator[str]:
        """A line for each driver in whose place the engine's own stands, as it cannot work here: which, and why."""
        for what, table, own, chosen, get in (
            ("storage", STORAGE, self.storage_name, self._chosen_storage, self.storage),
            ("runtime", RUNTIME, self.runtime_name, self._chosen_runtime, self.runtime),
        ):
            for name in takewhile(own.__ne__, table) if own and not chosen else ():
                probe = get(name).probe()
                if not probe.supported:
                    yield f"{what} is {own}, as {name} cannot be: {probe.reason}"

    @property
    def storage_name(self) -> str:
        """The name of the engine's own storage driver; "" when none can work here."""
        return _name(self.storage)

    @property
    def runtime_name(self) -> str:
        """The name of the engine's own runtime; "" when none can work here."""
        return _name(self.runtime)

    @cached_property
    def _default_storage(self) -> str:
        # Layers are there once a driver: a root stays with the one that it has begun with.
        used = () if self._chosen_storage else self.used_storages()
        return used[0] if used else _chosen("storage driver", STORAGE, self._chosen_storage, self.storage)

    @cached_property
    def _default_runtime(self) -> str:
        return _chosen("runtime", RUNTIME, self._chosen_runtime, self.runtime)


def check_names(*, storage: str, runtime: str) -> None:
    """Raise `Invalid` for a name that is neither "" nor in its table."""
    for what, table, name in (("storage driver", STORAGE, storage), ("runtime", RUNTIME, runtime)):
        if name:
            _place(what, table, name)


def has_content(directory: str) -> bool:
    """Whether a storage driver keeps anything in its directory. Of one that was only probed there are empty ones."""
    try:
        entries = list(os.scandir(directory))
    except FileNotFoundError:
        return False
    return any(not entry.is_dir(follow_symlinks=False) or os.listdir(entry.path) for entry in entries)


def _place(what: str, table: Mapping[str, str], name: str) -> str:
    if name not in table:
        raise Invalid(f"use the {what} {name}", f"there is no {what} {name}", hint=f"there are {', '.join(table)}")
    return table[name]


def _driver_class(what: str, table: Mapping[str, str], name: str) -> Any:
    module, _, attribute = _place(what, table, name).partition(":")
    return getattr(importlib.import_module(module), attribute)


def cgroup_driver_class(name: str, mode: str) -> Any:
    """The class of the driver called `name` for a host's mode. Raises `Unsupported` on a host without cgroups, and
    `Invalid` for a name that there is not."""
    if mode == "none":
        hint = "mount -t cgroup2 cgroup2 /sys/fs/cgroup"
        raise Unsupported("use cgroups", "no cgroup file system is mounted", hint=hint)
    return _driver_class("cgroup driver", {name: modes[mode] for name, modes in CGROUP.items() if mode in modes}, name)


def _chosen(what: str, table: Mapping[str, str], wanted: str, get: Callable[[str], StorageDriver | Runtime]) -> str:
    """`wanted`, or the first of the table that can work here. Raises `Invalid`, `Unsupported`."""
    reasons = []
    for name in (wanted,) if wanted else table:
        probe = get(name).probe()
        if probe.supported:
            return name
        reasons.append(probe.reason if wanted else f"{name}: {probe.reason}")
    raise Unsupported(f"use the {what} {wanted}".rstrip(), "; ".join(reasons), hint="`tuicont doctor` has the details")


def _name(get: Callable[[], StorageDriver | Runtime]) -> str:
    try:
        return get().name
    except EngineError:
        return ""


def _marked(probe: Probe, used: str) -> Probe:
    return msgspec.structs.replace(probe, used=probe.name == used)
