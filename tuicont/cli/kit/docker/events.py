"""An event in Docker's words: the fields of `events`, and by what they are filtered.

The log has containerd's topics. What Docker tells besides, labels and the image, is its subject's and not the event's:
the event of a birth carries both, and what is there now has them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import msgspec

from tuicont.cli.kit.listing import Column
from tuicont.core.errors import Invalid
from tuicont.core.model import signals
from tuicont.core.model.container import Container
from tuicont.core.model.document import Decoder, OpenMap
from tuicont.core.model.event import CONTAINER, IMAGE, Event, Topic
from tuicont.core.model.image import Image
from tuicont.core.model.selection import has_label, selection
from tuicont.text.units import NANO

_ACTIONS = {
    Topic.CONTAINER_DELETE: "destroy",
    Topic.TASK_EXIT: "die",
    Topic.TASK_PAUSED: "pause",
    Topic.TASK_RESUMED: "unpause",
    Topic.EXEC_STARTED: "exec_start",
    Topic.EXEC_EXIT: "exec_die",
    Topic.IMAGE_CREATE: "load",
}
"""Where Docker's word is not the topic's own."""
_ATTRIBUTES = {"exit_code": "exitCode", "exec_id": "execID", "old_name": "oldName"}


class Told(NamedTuple):
    """An event, with the labels and the image of its subject."""

    event: Event
    labels: dict[str, str]
    image: str

    @property
    def action(self) -> str:
        """Docker's word for what happened: `die`, `exec_start`."""
        return _ACTIONS.get(self.event.topic, _topic_action(self.event))  # type: ignore[call-overload,no-any-return]

    @property
    def status(self) -> str:
        """The same with the command that an exec runs, as Docker writes it: `exec_start: sh`."""
        command = self.event.detail.get("command", "")
        return f"{self.action}: {command}" if command and self.event.topic == Topic.EXEC_STARTED else self.action

    @property
    def attributes(self) -> OpenMap:
        """Docker's: labels, image, name, and the event's own details under its names."""
        detail = {_ATTRIBUTES.get(key, key): value for key, value in self.event.detail.items() if key != "labels"}
        if "signal" in detail:
            detail["signal"] = _signal_number(detail["signal"])
        if "oldName" in detail:
            detail["oldName"] = f"/{detail['oldName']}"
        image = {"image": self.image} if self.image else {}
        return OpenMap({**self.labels, **image, "name": self.event.name, **detail})


class Subjects:
    """What is known of those that events are about."""

    def __init__(self, containers: Iterable[Container], images: Iterable[Image]) -> None:
        self._known = {c.id: (c.labels, c.request.image) for c in containers}
        self._known |= {image.id: (image.config.labels, "") for image in images}

    def tell(self, event: Event) -> Told:
        """The event with what is known of its subject; one of a birth makes it known."""
        if event.topic == Topic.CONTAINER_CREATE:
            self._known[event.subject] = (_labels(event.detail.get("labels", "{}")), event.detail.get("image", ""))
        labels, image = self._known.get(event.subject, ({}, ""))
        return Told(event, labels, image)


COLUMNS: tuple[Column[Told], ...] = (
    Column("SEQ", "Seq", lambda told: told.event.seq),
    Column("TIME", "Time", lambda told: told.event.time_ns // NANO),
    Column("TIME NANO", "TimeNano", lambda told: told.event.time_ns),
    Column("TOPIC", "Topic", lambda told: told.event.topic),
    Column("TYPE", "Type", lambda told: told.event.about),
    Column("ACTION", "Action", lambda told: told.status),
    Column("STATUS", "Status", lambda told: told.status),
    Column("ID", "ID", lambda told: told.event.subject),
    Column("FROM", "From", lambda told: told.image),
    Column("SCOPE", "Scope", lambda _: "local"),
    Column("ACTOR", "Actor", lambda told: {"ID": told.event.subject, "Attributes": told.attributes}),
    Column("NAME", "Name", lambda told: told.event.name),
    Column("DETAIL", "Detail", lambda told: OpenMap(told.event.detail)),
)
_JSON_NAMES = {"Status": "status", "ID": "id", "From": "from", "Time": "time", "TimeNano": "timeNano", "Scope": "scope"}
JSON_COLUMNS = (
    *COLUMNS,
    *(Column(c.heading, _JSON_NAMES[c.field], c.value) for c in COLUMNS if c.field in _JSON_NAMES),
)
"""In JSON Docker writes some names in small letters, which scripts go by."""


def chosen(filters: list[tuple[str, str]]) -> Callable[[Told], bool]:
    """Docker's filters (docs.docker.com/reference/cli/docker/system/events, "Filtering"), and `topic`. Raises
    `Invalid`."""
    readers: dict[str, Callable[[str], Callable[[Told], bool]]] = {
        "event": lambda value: lambda told: value in _names(told),
        "topic": lambda value: lambda told: told.event.topic == value,
        "type": lambda value: lambda told: told.event.about == value,
        "container": lambda value: lambda told: told.event.about == CONTAINER and _is(told.event, value),
        "image": lambda value: lambda told: _is(told.event, value) if told.event.about == IMAGE else _of(told, value),
        "label": lambda value: lambda told: has_label(told.labels, value),
        "scope": _scope,
    }
    return selection("list events", filters, readers, every=("label",))


def _names(told: Told) -> tuple[str, ...]:
    """What an event goes by: Docker makes an exec before it starts it, which is one here."""
    made = ("exec_create",) if told.event.topic == Topic.EXEC_STARTED else ()
    return (told.action, told.status, _topic_action(told.event), *made)


def _scope(value: str) -> Callable[[Told], bool]:
    if value not in ("local", "swarm"):
        raise Invalid("list events", f"there is no scope {value!r}", hint="there are: local, swarm")
    return lambda _: value == "local"


def _is(event: Event, value: str) -> bool:
    return event.name == value.removeprefix("/") or event.subject.removeprefix("sha256:").startswith(value)


def _of(told: Told, value: str) -> bool:
    return bool(told.image) and told.image.removesuffix(":latest") == value.removesuffix(":latest")


def _topic_action(event: Event) -> str:
    return event.topic.rsplit("/", 1)[-1]


_read_labels = Decoder(dict[str, str]).decode


def _labels(text: str) -> dict[str, str]:
    try:
        return _read_labels(text)
    except msgspec.DecodeError:
        return {}


def _signal_number(name: str) -> Any:
    try:
        return str(signals.number(name))
    except ValueError:
        return name
