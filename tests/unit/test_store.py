"""The records: what is written together is there together, and a corrupt file never stops an engine."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import msgspec
import pytest

from tuicont.core.errors import Unsupported
from tuicont.core.model.container import Container
from tuicont.core.model.event import Topic
from tuicont.core.model.image import Image, ImageConfig
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State
from tuicont.core.store.store import NameTaken, Store


def container(number: int, name: str = "") -> Container:
    return Container(
        id=f"{number:064x}",
        name=name or f"c{number}",
        request=ContainerRequest(image="demo"),
        image_id="sha256:0",
        state=State.CREATED,
        created_ns=number % 1000,
    )


def image(name: str, created: int = 1) -> Image:
    return Image(
        id=f"sha256:{created:064x}",
        references=(name,),
        config=ImageConfig(),
        layers=(),
        architecture="amd64",
        os="linux",
        created_ns=created,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "t.db"), lambda: None)


def put(store: Store, *containers: Container) -> None:
    with store.transaction() as transaction:
        for value in containers:
            transaction.put_container(value)


def test_containers_come_back_newest_first(store: Store) -> None:
    put(store, container(1), container(2))
    assert [c.name for c in store.containers()] == ["c2", "c1"]


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as transaction:
        transaction.put_container(container(1))
        transaction.event(Topic.CONTAINER_CREATE, "1", "c1")
        raise RuntimeError
    assert store.containers() == ()
    assert store.last_event() == 0


def test_two_containers_cannot_have_one_name(store: Store) -> None:
    put(store, container(1, "web"))
    with pytest.raises(NameTaken):
        put(store, container(2, "web"))
    assert [c.id for c in store.containers()] == [container(1).id]


def test_a_container_is_found_by_name_by_id_and_by_the_beginning_of_its_id(store: Store) -> None:
    put(store, container(0xABC << 200, "web"), container(0xABD << 200, "db"))
    whole = store.find_containers("web")[0].id
    assert store.find_containers(whole)[0].name == "web"
    assert [c.name for c in store.find_containers(whole[:14])] == ["web"]
    assert len(store.find_containers(whole[:13])) == 2
    assert store.find_containers("nothing") == ()


def test_a_name_wins_over_the_beginning_of_an_id(store: Store) -> None:
    put(store, container(0xABC << 244, "first"), container(1, "abc"))
    assert [c.name for c in store.find_containers("abc")] == ["abc"]


def test_another_process_s_change_is_seen(store: Store, tmp_path: Path) -> None:
    assert store.containers() == ()
    other = Store(str(tmp_path / "t.db"), lambda: None)
    put(other, container(1))
    assert len(store.containers()) == 1


def test_events_are_numbered_without_gaps_and_read_from_a_place(store: Store) -> None:
    for number in range(5):
        with store.transaction() as transaction:
            transaction.event(Topic.TASK_START, "id", "web", {"pid": str(number)})
    assert [e.seq for e in store.events(2, 2)] == [3, 4]
    assert [e.detail["pid"] for e in store.last_events(0, 2)] == ["3", "4"]


def test_a_change_rings_once_and_a_failed_one_not_at_all(tmp_path: Path) -> None:
    rings: list[int] = []
    store = Store(str(tmp_path / "t.db"), lambda: rings.append(1))
    put(store, container(1))
    with pytest.raises(NameTaken):
        put(store, container(2, "c1"))
    assert rings == [1]


def test_an_image_takes_a_name_from_another(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_image(image("demo:latest", 1))
    with store.transaction() as transaction:
        transaction.put_image(image("demo:latest", 2))
    assert [(i.created_ns, i.references) for i in store.images()] == [(2, ("demo:latest",)), (1, ())]


def test_deleting_a_container_forgets_its_history_and_keeps_its_events(store: Store) -> None:
    put(store, container(1))
    with store.transaction() as transaction:
        transaction.add_history(container(1).id, 5, b"samples", 0)
        transaction.event(Topic.CONTAINER_CREATE, container(1).id, "c1")
    with store.transaction() as transaction:
        transaction.delete_container(container(1).id)
    assert store.history(container(1).id) == ()
    assert len(store.events(0, 10)) == 1


def test_old_history_goes_when_new_history_comes(store: Store) -> None:
    put(store, container(1))
    for time_ns in (10, 20, 30):
        with store.transaction() as transaction:
            transaction.add_history(container(1).id, time_ns, str(time_ns).encode(), time_ns - 15)
    assert store.history(container(1).id) == (b"20", b"30")


def test_threads_do_not_lose_each_other_s_updates(store: Store) -> None:
    put(store, container(1))

    def count() -> None:
        for _ in range(50):
            with store.transaction() as transaction:
                found = transaction.container(container(1).id)
                assert found is not None
                transaction.put_container(msgspec.structs.replace(found, restarts=found.restarts + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.containers()[0].restarts == 200


@pytest.mark.parametrize("damage", [b"\xff" * 4096, b"not a database at all, sorry" * 200], ids=["bytes", "text"])
def test_a_corrupt_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "t.db"
    store = Store(str(path), lambda: None)
    put(store, container(1))
    store.close()
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"t.db{suffix}").unlink(missing_ok=True)
    path.write_bytes(damage)
    again = Store(str(path), lambda: None)
    assert again.containers() == ()
    assert os.path.exists(again.moved_aside)
    put(again, container(2))


def test_a_later_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    Store(str(path), lambda: None).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(Unsupported, match="schema version 99"):
        Store(str(path), lambda: None)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
