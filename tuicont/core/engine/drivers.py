"""Which module holds which driver; imported when it is used, never by being found."""

from __future__ import annotations

import importlib
from typing import Any

from tuicont.core.errors import Invalid, Unsupported

STORAGE = {"overlay": "tuicont.core.storage.overlay.driver:OverlayDriver"}
RUNTIME = {"native": "tuicont.core.runtime.native.runtime:NativeRuntime"}
CGROUP = {
    "cgroupfs": {
        "v1": "tuicont.core.cgroup.v1.driver:V1Driver",
        "hybrid": "tuicont.core.cgroup.hybrid:HybridDriver",
        "unified": "tuicont.core.cgroup.v2.driver:V2Driver",
    },
}
"""Name → mode of the host's hierarchies (`cgroup.detect.Layout.mode`) → driver."""


def driver_class(table: dict[str, str], name: str) -> Any:
    """The class of the driver called `name`. Raises `Invalid` for one that is not in `table`."""
    if name not in table:
        raise Invalid(f"use the driver {name}", "there is none of that name", hint=f"there are {', '.join(table)}")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def cgroup_driver_class(name: str, mode: str) -> Any:
    """The class of the driver called `name` for a host's mode. Raises `Unsupported` on a host without cgroups, and
    `Invalid` as `driver_class` does."""
    if mode == "none":
        hint = "mount -t cgroup2 cgroup2 /sys/fs/cgroup"
        raise Unsupported("use cgroups", "no cgroup file system is mounted", hint=hint)
    return driver_class({name: modes[mode] for name, modes in CGROUP.items() if mode in modes}, name)
