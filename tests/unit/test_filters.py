"""`ps --filter`, and which verbs a state takes."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.test_store import container
from tests.unit.test_store import image as an_image
from tuicont.core.engine.api import ContainerFilter
from tuicont.core.engine.filters import matching
from tuicont.core.errors import Invalid
from tuicont.core.model.container import ExitStatus
from tuicont.core.model.image import Image, Layer
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount
from tuicont.core.model.selection import PruneFilter
from tuicont.core.model.state import State, Verb, allows, refusal


def image(name: str, *chain: str, identity: str) -> Image:
    layers = tuple(Layer(diff_id=f"sha256:{c}", chain_id=f"sha256:{c}", size=1) for c in chain)
    base = msgspec.structs.replace(an_image(name), id=f"sha256:{identity * 64}")
    return msgspec.structs.replace(base, layers=layers, references=(name, f"other/{name}"))


BASE = image("base:latest", "a", identity="1")
BUILT = image("built:v1", "a", "b", identity="2")
STRANGER = image("stranger:latest", "c", identity="3")
WEB = msgspec.structs.replace(
    container(1, "web-1"),
    state=State.RUNNING,
    request=ContainerRequest(
        image="base",
        labels=(("tier", "front"), ("own", "me")),
        mounts=(BindMount(source="/srv", target="/data"), TmpfsMount(target="/scratch")),
    ),
    image_labels=(("own", "image"), ("vendor", "us")),
    image_id=BASE.id,
)
DB = msgspec.structs.replace(
    container(2, "db"),
    state=State.EXITED,
    exit=ExitStatus(code=137),
    image_id=BUILT.id,
    request=ContainerRequest(image="built:v1"),
)
WEB_11 = msgspec.structs.replace(
    container(3, "web-11"), image_id="sha256:" + "9" * 64, request=ContainerRequest(image="gone", network="host")
)
ALL = (WEB_11, DB, WEB)
EVERYONE = ["web-11", "db", "web-1"]


def names(which: ContainerFilter) -> list[str]:
    return [c.name for c in matching(ALL, which, lambda: (BASE, BUILT, STRANGER))]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("name=web", ["web-11", "web-1"]),
        ("name=^web-1$", ["web-1"]),
        ("name=/web", ["web-11", "web-1"]),
        ("name=^/web-1$", ["web-1"]),
        ("name=w.b-1{2}", ["web-11"]),
        ("name=eb name=db", EVERYONE),
        ("label=tier", ["web-1"]),
        ("label=tier=back", []),
        ("label=vendor=us", ["web-1"]),
        ("label=own=image", []),
        ("label=tier label=own=me", ["web-1"]),
        ("label=tier label=nothing", []),
        ("status=exited", ["db"]),
        ("status=exited status=running", ["db", "web-1"]),
        ("status=restarting status=dead", []),
        ("exited=137", ["db"]),
        ("exited=-1", []),
        ("name=web status=exited", []),
        ("id=000", EVERYONE),
        ("network=host", ["web-11"]),
        ("volume=/data", ["web-1"]),
        ("volume=/srv", ["web-1"]),
        ("volume=/scratch", ["web-1"]),
        ("volume=/dat", []),
        ("before=db", ["web-1"]),
        ("since=/db", ["web-11"]),
        ("since=web-1 before=web-11", ["db"]),
        ("since=web-1 since=db", ["web-11"]),
        (f"before={DB.id}", ["web-1"]),
        ("health=none", EVERYONE),
        ("health=healthy", []),
        ("publish=80 publish=8000-8080/tcp", []),
    ],
)
def test_docker_filters(filters: str, expected: list[str]) -> None:
    pairs = tuple((key, value) for key, _, value in (word.partition("=") for word in filters.split()))
    assert names(ContainerFilter(filters=pairs)) == expected


@pytest.mark.parametrize(
    ("ancestor", "expected"),
    [
        ("base", ["db", "web-1"]),
        ("base:latest", ["db", "web-1"]),
        ("other/base:latest", ["db", "web-1"]),
        ("docker.io/library/base", ["db", "web-1"]),
        ("sha256:" + "1" * 64, ["db", "web-1"]),
        ("1" * 12, ["db", "web-1"]),
        ("built:v1", ["db"]),
        ("built", []),
        ("stranger", []),
        ("nobody", []),
        ("gone", ["web-11"]),
    ],
)
def test_an_ancestor_goes_by_any_of_its_names_and_has_descendants(ancestor: str, expected: list[str]) -> None:
    assert names(ContainerFilter(filters=(("ancestor", ancestor),))) == expected


def test_only_the_running_ones_unless_all_or_a_state_is_asked_for() -> None:
    assert names(ContainerFilter(all=False)) == ["web-1"]
    assert names(ContainerFilter(all=False, filters=(("since", "web-1"),))) == []
    assert names(ContainerFilter(all=False, filters=(("status", "exited"),))) == ["db"]


@pytest.mark.parametrize(
    "bad",
    [
        *("status=sleeping", "exited=soon", "health=fine", "publish=web", "before=nobody", "since=0", "name=["),
        *("name=" + "(" * 5000, "volumes=/x"),
    ],
)
def test_an_unknown_key_or_value_is_refused_even_of_nothing(bad: str) -> None:
    key, _, value = bad.partition("=")
    with pytest.raises(Invalid):
        matching((), ContainerFilter(filters=((key, value),)), tuple)


def test_an_unknown_filter_is_told_of_those_that_there_are() -> None:
    known = "ancestor, before, exited, health, id, label, name, network, publish, since, status, volume"
    with pytest.raises(Invalid, match=f"there is no filter 'colour'\nhint: there are: {known}$"):
        names(ContainerFilter(filters=(("colour", "red"),)))


def test_a_prune_takes_what_has_all_of_its_labels_none_of_the_others_and_is_old_enough() -> None:
    labels = {"a": "1", "b": ""}
    assert PruneFilter().takes({}, 5)
    assert PruneFilter(labels=("a", "b"), without=("c",), until_ns=6).takes(labels, 5)
    assert not PruneFilter(labels=("a", "b=2")).takes(labels, 5)
    assert not PruneFilter(without=("c", "a=1")).takes(labels, 5)
    assert not PruneFilter(until_ns=5).takes(labels, 5)


def test_a_state_says_why_it_refuses() -> None:
    assert refusal(State.CREATED, Verb.PAUSE) == "it is created, not running"
    assert refusal(State.RUNNING, Verb.REMOVE) == "it is running, not created or exited"


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_is_taken_by_some_state(verb: Verb) -> None:
    taken = [state for state in State if allows(state, verb)]
    assert taken
    assert all(refusal(state, verb) == "" for state in taken)
