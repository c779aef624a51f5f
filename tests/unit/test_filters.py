"""`ps --filter`, and which verbs a state takes."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.test_store import container
from tuicont.core.engine.api import ContainerFilter
from tuicont.core.engine.filters import matching
from tuicont.core.errors import Invalid
from tuicont.core.model.container import ExitStatus
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State, Verb, allows, refusal

WEB = msgspec.structs.replace(
    container(1, "web-1"), state=State.RUNNING, request=ContainerRequest(image="demo", labels=(("tier", "front"),))
)
DB = msgspec.structs.replace(container(2, "db"), state=State.EXITED, exit=ExitStatus(code=137))
ALL = (WEB, DB)


def names(which: ContainerFilter) -> list[str]:
    return [c.name for c in matching(ALL, which)]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("name", "web")], ["web-1"]),
        ([("label", "tier")], ["web-1"]),
        ([("label", "tier=back")], []),
        ([("status", "exited")], ["db"]),
        ([("status", "exited"), ("status", "running")], ["web-1", "db"]),
        ([("exited", "137")], ["db"]),
        ([("name", "web"), ("status", "exited")], []),
        ([("ancestor", "demo")], ["web-1", "db"]),
        ([("id", "000")], ["web-1", "db"]),
    ],
)
def test_values_of_one_key_are_alternatives_and_keys_add_up(
    filters: list[tuple[str, str]], expected: list[str]
) -> None:
    assert names(ContainerFilter(filters=tuple(filters))) == expected


def test_only_the_running_ones_unless_all_or_a_state_is_asked_for() -> None:
    assert names(ContainerFilter(all=False)) == ["web-1"]
    assert names(ContainerFilter(all=False, filters=(("status", "exited"),))) == ["db"]


@pytest.mark.parametrize("bad", [("colour", "red"), ("status", "sleeping"), ("exited", "soon")])
def test_an_unknown_key_or_value_is_refused(bad: tuple[str, str]) -> None:
    with pytest.raises(Invalid):
        names(ContainerFilter(filters=(bad,)))


def test_a_state_says_why_it_refuses() -> None:
    assert refusal(State.CREATED, Verb.PAUSE) == "it is created, not running"
    assert refusal(State.RUNNING, Verb.REMOVE) == "it is running, not created or exited"


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_is_taken_by_some_state(verb: Verb) -> None:
    taken = [state for state in State if allows(state, verb)]
    assert taken
    assert all(refusal(state, verb) == "" for state in taken)
