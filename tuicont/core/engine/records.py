"""Containers' records as the parts of the engine use them: found by reference, refused by state, changed with an event.

Knows the store and the table of states; decides nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from tuicont.core.engine.names import ID_PREFIX, is_id
from tuicont.core.errors import Conflict, EngineError, NotFound
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic
from tuicont.core.model.state import State, Verb, refusal
from tuicont.core.store.store import Store, Transaction

JUST_ENDED = "it has just ended"
"""Why nothing can be done in a container that its record still says runs."""
_WAY_OUT = {
    Verb.REMOVE: "stop it first, or remove it with force (rm -f)",
    Verb.EXEC: "start it, or unpause it",
}


class Records:
    """The containers of one state root."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, container_id: str) -> Container | None:
        """The record of a whole id, or None when there is none."""
        found = self.store.find_containers(container_id)
        return found[0] if found else None

    def find(self, ref: str, operation: str) -> Container:
        """The container called `ref`. Raises `NotFound`, or `Conflict` when it begins several ids."""
        found = self.store.find_containers(ref) if ref else ()
        if len(found) == 1 and (ref == found[0].name or ID_PREFIX.fullmatch(ref)):
            return found[0]
        if len(found) > 1:
            raise Conflict(operation, "several containers' ids begin so", hint="give more of the id, or the name")
        raise no_such_container(operation)

    def resolve(self, ref: str, operation: str) -> str:
        """The id that `ref` stands for. A whole id is its own answer: whether there is such a container shows when
        its record is read, which a caller that takes the lock first does afterwards."""
        return ref if is_id(ref) else self.find(ref, operation).id

    def require(self, ref: str, verb: Verb) -> Container:
        """The container called `ref`, if its state allows `verb`. Raises `Conflict` otherwise."""
        container = self.find(ref, f"{verb} {ref}")
        check(container, verb)
        return container

    def running(self, ref: str, operation: str) -> Container:
        """The container called `ref`, for what only a running one can be asked. Raises `Conflict` otherwise."""
        container = self.find(ref, operation)
        if not container.state.alive:
            raise Conflict(operation, f"it is {container.state.value}, not running", hint="start it first")
        return container

    def transaction(self) -> contextlib.AbstractContextManager[Transaction]:
        """Change records and say so in events, all or nothing."""
        return self.store.transaction()

    def announce(self, topic: Topic, container: Container, detail: dict[str, str]) -> None:
        """Record an event that no record depends on. What it is about goes on when that cannot be written: on a
        full disk a container can still be killed, and looked into."""
        with contextlib.suppress(EngineError), self.transaction() as transaction:
            transaction.event(topic, container.id, container.name, detail)


def current(transaction: Transaction, container_id: str, verb: Verb) -> Container:
    """The record inside a transaction, refused anew: it may have ended since it was read."""
    container = transaction.container(container_id)
    if container is None:
        raise NotFound(f"{verb} {container_id[:12]}", "it was removed meanwhile")
    check(container, verb)
    return container


def put_state(
    transaction: Transaction, container: Container, state: State, topic: Topic, detail: dict[str, str]
) -> Container:
    """Record a container as frozen or running, and say so."""
    changed = msgspec.structs.replace(container, state=state)
    transaction.put_container(changed)
    transaction.event(topic, container.id, container.name, detail)
    return changed


def check(container: Container, verb: Verb) -> None:
    """Raise `Conflict` when the container's state refuses `verb`."""
    if why := refusal(container.state, verb):
        raise Conflict(f"{verb} {container.name}", why, hint=_WAY_OUT.get(verb, ""))


def no_such_container(operation: str) -> NotFound:
    """The error for a reference that names nothing."""
    return NotFound(operation, "no such container", hint="`tuicont ps -a` lists them all")


@contextlib.contextmanager
def telling(operation: str) -> Iterator[None]:
    """A driver's error is told as that of the verb: with the container's name instead of its id."""
    try:
        yield
    except EngineError as error:
        error.operation = operation
        raise
