"""One row of the append-only event log; topics are named as containerd names them."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` is the id of the container or image; `name` what a user calls it; `detail` small values
    such as {"exit_code": "137"}. `seq` has no gaps that a subscriber could miss."""

    seq: int
    time_ns: int
    topic: str
    subject: str
    name: str
    detail: dict[str, str] = {}


TOPICS = (
    "/containers/create",
    "/containers/update",
    "/containers/rename",
    "/containers/delete",
    "/tasks/start",
    "/tasks/exit",
    "/tasks/oom",
    "/tasks/paused",
    "/tasks/resumed",
    "/tasks/exec-started",
    "/tasks/exec-exit",
    "/tasks/kill",
    "/images/create",
    "/images/delete",
    "/snapshot/prepare",
    "/snapshot/remove",
    "/engine/repair",
)
