"""The engine's records: containers, images and their names, events, history.

Turns rows into the model's values and back; decides nothing. Whoever changes a container and says so
in an event does both in one `transaction`.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from tuicont.core.model.container import Container
from tuicont.core.model.document import Decoder, encode
from tuicont.core.model.event import Event, Topic
from tuicont.core.model.image import Image
from tuicont.core.store.database import Database

_KEPT_EVENTS = 100_000
_container = Decoder(Container).decode
_image = Decoder(Image).decode
_detail = Decoder(dict[str, str]).decode


class NameTaken(Exception):
    """Another container has the name."""


class Transaction:
    """What can be changed, all or nothing, and read as it is at this very moment."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.changed_images = False

    def container(self, container_id: str) -> Container | None:
        """The container's record now."""
        row = self._connection.execute("SELECT value FROM containers WHERE id = ?", (container_id,)).fetchone()
        return next(iter(_containers([(container_id, *row)])), None) if row else None

    def put_container(self, container: Container) -> None:
        """Write a container's record. Raises `NameTaken`."""
        try:
            self._connection.execute(
                "INSERT INTO containers (id, name, created_ns, value) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET name = excluded.name, value = excluded.value",
                (container.id, container.name, container.created_ns, encode(container)),
            )
        except sqlite3.IntegrityError as error:
            raise NameTaken(container.name) from error

    def delete_container(self, container_id: str) -> None:
        """Forget a container and its history; its events stay."""
        self._connection.execute("DELETE FROM containers WHERE id = ?", (container_id,))
        self._connection.execute("DELETE FROM history WHERE container_id = ?", (container_id,))

    def put_image(self, image: Image) -> None:
        """Write an image's record and give it its names, taken from whichever image had them."""
        self.changed_images = True
        self._connection.execute(
            "INSERT INTO images (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value",
            (image.id, encode(msgspec.structs.replace(image, references=()))),
        )
        for name in image.references:
            self._connection.execute(
                "INSERT OR REPLACE INTO image_names (name, image_id) VALUES (?, ?)", (name, image.id)
            )

    def delete_image_name(self, name: str) -> None:
        """Untag."""
        self.changed_images = True
        self._connection.execute("DELETE FROM image_names WHERE name = ?", (name,))

    def delete_image(self, image_id: str) -> None:
        """Forget an image and its names."""
        self.changed_images = True
        self._connection.execute("DELETE FROM image_names WHERE image_id = ?", (image_id,))
        self._connection.execute("DELETE FROM images WHERE id = ?", (image_id,))

    def event(
        self, topic: Topic, subject: str, name: str, detail: Mapping[str, str] | None = None, *, time_ns: int = 0
    ) -> None:
        """Append an event; `time_ns` 0 is now."""
        self._connection.execute(
            "INSERT INTO events (time_ns, topic, subject, name, detail) VALUES (?, ?, ?, ?, ?)",
            (time_ns or time.time_ns(), topic, subject, name, encode(detail or {})),
        )

    def add_history(self, container_id: str, time_ns: int, samples: bytes, oldest_ns: int) -> None:
        """Append a block of encoded samples and drop the container's blocks before `oldest_ns`."""
        self._connection.execute("INSERT OR REPLACE INTO history VALUES (?, ?, ?)", (container_id, time_ns, samples))
        self._connection.execute(
            "DELETE FROM history WHERE container_id = ? AND time_ns < ?", (container_id, oldest_ns)
        )


class Store:
    """All records of one state root. `changed` is called after every transaction (the doorbell)."""

    def __init__(self, path: str, changed: Callable[[], None]) -> None:
        self._database = Database(path)
        self._changed = changed
        self._seen: tuple[int, int] | None = None
        self._containers: tuple[Container, ...] = ()
        self._unreadable: dict[str, str] = {}
        self._seen_images: tuple[int, int] | None = None
        self._images: tuple[Image, ...] = ()
        self._image_changes = 0
        self.moved_aside = self._database.moved_aside
        self.is_new = self._database.is_new

    @contextlib.contextmanager
    def transaction(self, *, quiet: bool = False) -> Iterator[Transaction]:
        """Change records, all or nothing; `quiet` wakes nobody (for what nobody waits for)."""
        with self._database.transaction() as connection:
            transaction = Transaction(connection)
            yield transaction
        self._image_changes += transaction.changed_images
        if not quiet:
            self._changed()

    def containers(self) -> tuple[Container, ...]:
        """Every container, newest first; read again only when something has changed."""
        generation = self._database.generation()
        if generation != self._seen:
            self._unreadable = {}
            rows = self._database.read("SELECT id, value FROM containers ORDER BY created_ns DESC, id")
            self._containers = tuple(_containers(rows, self._unreadable))
            self._seen = generation
        return self._containers

    def is_unreadable(self, container_id: str) -> bool:
        """The same of one, without reading the others."""
        rows = self._database.read("SELECT id, value FROM containers WHERE id = ?", (container_id,))
        return bool(rows) and not any(_containers(rows))

    def unreadable(self) -> Mapping[str, str]:
        """Why a record cannot be read, by its id: another version wrote it, or it is damaged. Nobody finds such a
        container, but what is its own is not garbage."""
        self.containers()
        return self._unreadable

    def find_containers(self, ref: str) -> tuple[Container, ...]:
        """The container of that name or id; else all whose id begins with `ref`."""
        # Programs name containers by their whole ids, and many times a life.
        if len(ref) == 64 and (whole := self._database.read("SELECT id, value FROM containers WHERE id = ?", (ref,))):
            return tuple(_containers(whole))
        exact = self._database.read("SELECT id, value FROM containers WHERE name = ? OR id = ?", (ref, ref))
        rows = exact or self._database.read(
            "SELECT id, value FROM containers WHERE id >= ? AND id < ? || 'g' ORDER BY id LIMIT 2", (ref, ref)
        )
        return tuple(_containers(rows))

    def find_name(self, name: str) -> str | None:
        """The id of the container called `name`."""
        rows = self._database.read("SELECT id FROM containers WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def images(self) -> tuple[Image, ...]:
        """Every image with its names, newest first; read again only when some image may have changed."""
        generation = (self._database.others_generation(), self._image_changes)
        if generation != self._seen_images:
            self._images, self._seen_images = self._read_images(), generation
        return self._images

    def _read_images(self) -> tuple[Image, ...]:
        names: dict[str, list[str]] = {}
        for name, image_id in self._database.read("SELECT name, image_id FROM image_names ORDER BY name"):
            names.setdefault(image_id, []).append(name)
        images = [_image(row[0]) for row in self._database.read("SELECT value FROM images")]
        named = (msgspec.structs.replace(i, references=tuple(names.get(i.id, ()))) for i in images)
        return tuple(sorted(named, key=lambda i: i.created_ns, reverse=True))

    def events(self, after: int, limit: int, subject: str = "") -> tuple[Event, ...]:
        """The first `limit` events after sequence number `after`, oldest first."""
        return self._select_events("ASC", after, limit, subject)

    def last_events(self, after: int, limit: int, subject: str = "") -> tuple[Event, ...]:
        """The last `limit` events after sequence number `after`, oldest first."""
        return self._select_events("DESC", after, limit, subject)[::-1]

    def _select_events(self, order: str, after: int, limit: int, subject: str) -> tuple[Event, ...]:
        rows = self._database.read(
            f"SELECT seq, time_ns, topic, subject, name, detail FROM events WHERE seq > ? "
            f"AND (? = '' OR subject = ?) ORDER BY seq {order} LIMIT ?",
            (after, subject, subject, limit),
        )
        return tuple(
            Event(seq=seq, time_ns=time_ns, topic=topic, subject=about, name=name, detail=_detail(detail))
            for seq, time_ns, topic, about, name, detail in rows
        )

    def last_event(self) -> int:
        """The newest event's sequence number; 0 when there is none."""
        return int(self._database.read("SELECT coalesce(max(seq), 0) FROM events")[0][0])

    def history(self, container_id: str) -> tuple[bytes, ...]:
        """The blocks of samples of a container, oldest first."""
        rows = self._database.read(
            "SELECT samples FROM history WHERE container_id = ? ORDER BY time_ns", (container_id,)
        )
        return tuple(row[0] for row in rows)

    def trim(self) -> None:
        """Forget events beyond the last hundred thousand."""
        oldest = self.last_event() - _KEPT_EVENTS
        if oldest > 0 and self._database.read("SELECT 1 FROM events WHERE seq <= ? LIMIT 1", (oldest,)):
            with self._database.transaction() as connection:
                connection.execute("DELETE FROM events WHERE seq <= ?", (oldest,))

    def close(self) -> None:
        """Close the database. May be repeated."""
        self._database.close()


def _containers(rows: Iterable[tuple[str, bytes]], unreadable: dict[str, str] | None = None) -> Iterator[Container]:
    """The records of rows (id, value), without those that cannot be read, which are put into `unreadable`."""
    for container_id, value in rows:
        try:
            yield _container(value)
        except (msgspec.DecodeError, TypeError) as error:
            if unreadable is not None:
                unreadable[container_id] = str(error)
