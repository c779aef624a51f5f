"""Docker's `--filter key=value` for containers. Pure.

A filter is read before any container is looked at, so that a wrong one is said of an empty list too. `label`, `before`
and `since` must hold each time that they are given; of every other key one value is enough, as Docker has it
(docs.docker.com/reference/cli/docker/container/ls, "Filtering"). Docker's for swarms and Windows are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tuicont.core.engine.api import ContainerFilter
from tuicont.core.engine.names import ID_PREFIX
from tuicont.core.errors import Conflict, Invalid
from tuicont.core.model.container import Container
from tuicont.core.model.image import Image
from tuicont.core.model.selection import has_label, selection
from tuicont.core.model.state import State

Test = Callable[[Container], bool]
Images = Callable[[], Sequence[Image]]

_OPERATION = "list containers"
_EVERY = frozenset({"label", "before", "since"})
_STATES = (*State, "restarting", "removing", "dead")
"""Docker's: none is ever in one of the last three here."""
_HEALTH = ("none", "starting", "healthy", "unhealthy")
_PORTS = re.compile(r"\d{1,5}(-\d{1,5})?(/(tcp|udp|sctp))?")


def matching(containers: tuple[Container, ...], which: ContainerFilter, images: Images) -> tuple[Container, ...]:
    """Those that `which` asks for; `images` tells all that there are. Raises `Invalid`."""
    everyone = which.all or any(key in ("status", "exited") for key, _ in which.filters)
    chosen = selection(_OPERATION, which.filters, _readers(containers, images), every=_EVERY)
    return tuple(c for c in containers if (everyone or c.state.alive) and chosen(c))


def _readers(containers: tuple[Container, ...], images: Images) -> dict[str, Callable[[str], Test]]:
    return {
        "id": lambda value: lambda c: c.id.startswith(value),
        "name": _name,
        "status": _one_of("status", _STATES, lambda c: c.state),
        "label": lambda value: lambda c: has_label(c.labels, value),
        "ancestor": lambda value: _ancestor(value, images()),
        "exited": _exited,
        "network": lambda value: lambda c: c.request.network == value,
        "volume": lambda value: lambda c: any(value in (m.target, getattr(m, "source", "")) for m in c.request.mounts),
        "before": lambda value: _before(_named(value, "before", containers)),
        "since": lambda value: _since(_named(value, "since", containers)),
        "health": _one_of("health", _HEALTH, lambda _: "none"),
        "publish": _publish,
    }


def _name(value: str) -> Test:
    """A regular expression that is found anywhere in the name, with Docker's `/` before it or without."""
    try:
        pattern = re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise Invalid(_OPERATION, f"name={value} is no regular expression: {error}") from None
    return lambda c: bool(pattern.search(c.name) or pattern.search(f"/{c.name}"))


def _one_of(key: str, known: Sequence[str], of: Callable[[Container], str]) -> Callable[[str], Test]:
    def read(value: str) -> Test:
        if value not in known:
            raise Invalid(_OPERATION, f"there is no {key} {value!r}", hint=f"there are: {', '.join(known)}")
        return lambda c: of(c) == value

    return read


def _exited(value: str) -> Test:
    if not re.fullmatch(r"-?\d{1,9}", value):
        raise Invalid(_OPERATION, f"exited={value}: an exit code is a number")
    return lambda c: c.state is State.EXITED and c.exit is not None and c.exit.code == int(value)


def _ancestor(value: str, images: Sequence[Image]) -> Test:
    """The image of that name or id and what was made from it: images whose layers go on where its end."""
    from tuicont.core.image.finding import find  # what few lists ask for

    try:
        ancestor = find(images, value)
    except Conflict as error:
        raise Invalid(_OPERATION, f"ancestor={value}: {error.cause}", hint=error.hint) from None
    if ancestor is None:
        return lambda c: value in (c.request.image, c.image_id)  # of an image that lost its name
    top = len(ancestor.layers) - 1
    ids = {ancestor.id} | {
        image.id
        for image in images
        if len(image.layers) > top + 1 > 0 and image.layers[top].chain_id == ancestor.layers[top].chain_id
    }
    return lambda c: c.image_id in ids


def _named(value: str, key: str, containers: tuple[Container, ...]) -> Container:
    named = [c for c in containers if c.name == value.removeprefix("/")]
    found = named or [c for c in containers if ID_PREFIX.fullmatch(value) and c.id.startswith(value)]
    if len(found) != 1:
        raise Invalid(_OPERATION, f"{key}={value}: " + ("several ids begin so" if found else "no such container"))
    return found[0]


def _before(this: Container) -> Test:
    return lambda c: c.created_ns < this.created_ns


def _since(this: Container) -> Test:
    return lambda c: c.created_ns > this.created_ns


def _publish(value: str) -> Test:
    """No port of a container is published."""
    if not _PORTS.fullmatch(value):
        raise Invalid(_OPERATION, f"publish={value} is no port", hint="write it as 80, 80/udp or 8000-8080/tcp")
    return lambda _: False
