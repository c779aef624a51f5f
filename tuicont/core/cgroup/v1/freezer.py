"""The v1 freezer (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst) as a controller: it has no limits."""

from __future__ import annotations

from tuicont.core.cgroup.controller import Controller

CONTROLLER = Controller(
    "freezer",
    meanings={
        "freezer.state": "THAWED, FREEZING or FROZEN; writing FROZEN or THAWED changes it",
        "freezer.self_freezing": "1 when this group was asked to freeze",
        "freezer.parent_freezing": "1 when a group above was",
    },
)
