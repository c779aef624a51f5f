"""Which module holds which driver; imported when it is used, never by being found."""

from __future__ import annotations

import importlib
from typing import Any

from tuicont.core.errors import Invalid

STORAGE = {"overlay": "tuicont.core.storage.overlay.driver:OverlayDriver"}
RUNTIME = {
    "native": "tuicont.core.runtime.native.runtime:NativeRuntime",
    "crun": "tuicont.core.runtime.oci.runtime:Crun",
    "runc": "tuicont.core.runtime.oci.runtime:Runc",
}


def driver_class(table: dict[str, str], name: str) -> Any:
    """The class of the driver called `name`. Raises `Invalid` for one that is not in `table`."""
    if name not in table:
        raise Invalid(f"use the driver {name}", "there is none of that name", hint=f"there are {', '.join(table)}")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)
