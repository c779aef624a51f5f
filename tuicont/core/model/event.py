"""One row of the append-only event log; topics are named as containerd names them."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Topic(StrEnum):
    """Every topic that there is. The first part names the side of its subject that it is about."""

    CONTAINER_CREATE = "/containers/create"
    CONTAINER_UPDATE = "/containers/update"
    CONTAINER_RENAME = "/containers/rename"
    CONTAINER_DELETE = "/containers/delete"
    TASK_START = "/tasks/start"
    TASK_EXIT = "/tasks/exit"
    TASK_OOM = "/tasks/oom"
    TASK_PAUSED = "/tasks/paused"
    TASK_RESUMED = "/tasks/resumed"
    TASK_KILL = "/tasks/kill"
    EXEC_STARTED = "/tasks/exec-started"
    EXEC_EXIT = "/tasks/exec-exit"
    IMAGE_CREATE = "/images/create"
    IMAGE_DELETE = "/images/delete"
    ENGINE_REPAIR = "/engine/repair"


CONTAINER, IMAGE, ENGINE = "container", "image", "engine"
_SUBJECTS = {"containers": CONTAINER, "tasks": CONTAINER, "images": IMAGE, "engine": ENGINE}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` is the id of the container or image; `name` what a user calls it; `detail` small values
    such as {"exit_code": "137"}. `seq` has no gaps that a subscriber could miss. `topic` is a `Topic`, or a text that
    another version of this program wrote."""

    seq: int
    time_ns: int
    topic: str
    subject: str
    name: str
    detail: dict[str, str] = {}

    @property
    def about(self) -> str:
        """The kind of thing that `subject` is: `CONTAINER`, `IMAGE`, `ENGINE`; the side that it names where that is
        one which this version does not know."""
        side = self.topic.removeprefix("/").partition("/")[0]
        return _SUBJECTS.get(side, side)
