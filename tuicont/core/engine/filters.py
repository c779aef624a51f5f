"""Docker's `--filter key=value` for containers. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tuicont.core.engine.api import ContainerFilter
from tuicont.core.errors import Invalid
from tuicont.core.model.container import Container
from tuicont.core.model.state import State


def matching(containers: tuple[Container, ...], which: ContainerFilter) -> tuple[Container, ...]:
    """Those that `which` asks for: every key must hold, by any of its values. Raises `Invalid`."""
    asked: dict[str, list[str]] = {}
    for key, value in which.filters:
        if key not in _TESTS:
            raise Invalid("list containers", f"unknown filter {key!r}", hint=f"filters are {', '.join(sorted(_TESTS))}")
        asked.setdefault(key, []).append(value)
    if not asked and which.all:
        return containers
    everyone = which.all or "status" in asked or "exited" in asked
    return tuple(c for c in containers if (everyone or c.state.alive) and _holds(c, asked))


def _holds(container: Container, asked: dict[str, list[str]]) -> bool:
    return all(any(_TESTS[key](container, value) for value in values) for key, values in asked.items())


def _label(container: Container, value: str) -> bool:
    key, equals, wanted = value.partition("=")
    return any(k == key and (not equals or v == wanted) for k, v in container.request.labels)


def _status(container: Container, value: str) -> bool:
    if value not in {str(state) for state in State}:
        raise Invalid("list containers", f"unknown status {value!r}", hint=f"a status is {', '.join(State)}")
    return container.state == value


def _exited(container: Container, value: str) -> bool:
    if not value.isdigit():
        raise Invalid("list containers", f"exited={value}: an exit code is a number")
    return container.state is State.EXITED and container.exit is not None and container.exit.code == int(value)


def _ancestor(container: Container, value: str) -> bool:
    return value in (container.request.image, container.image_id) or container.image_id.startswith(f"sha256:{value}")


_TESTS: dict[str, Callable[[Container, str], bool]] = {
    "id": lambda c, v: c.id.startswith(v),
    "name": lambda c, v: v in c.name,
    "status": _status,
    "label": _label,
    "ancestor": _ancestor,
    "exited": _exited,
    "network": lambda c, v: c.request.network == v,
}
