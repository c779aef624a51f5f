"""The database file: opening, schema, transactions, and what happens when it is corrupt.

Knows SQLite and nothing of containers. WAL with synchronous=NORMAL: a crash of a process loses
nothing, a power cut at most the last transactions, and neither leaves the file inconsistent
(sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tuicont.core.errors import KernelError, Unsupported
from tuicont.core.store.room import Room

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE containers (            -- one row a container, from the end of its creation to its removal
    id TEXT PRIMARY KEY,             -- 64 hexadecimal digits
    name TEXT NOT NULL UNIQUE,       -- the same as in value: here to be found by, and never twice
    created_ns INTEGER NOT NULL,     -- the same as in value: here to be listed by
    value BLOB NOT NULL              -- model.container.Container as JSON (limits and mounts are in its bundle)
);
CREATE TABLE images (
    id TEXT PRIMARY KEY,             -- digest of its configuration, sha256:…
    value BLOB NOT NULL              -- model.image.Image as JSON, without its names
);
CREATE TABLE image_names (           -- a name belongs to one image, which may have many or none
    name TEXT PRIMARY KEY,           -- in its full form, with a tag
    image_id TEXT NOT NULL REFERENCES images(id)
) WITHOUT ROWID;
CREATE TABLE events (                -- appended to, and cut at its beginning
    seq INTEGER PRIMARY KEY,         -- in the order of the transactions, and so a subscriber's place in the log
    time_ns INTEGER NOT NULL,
    topic TEXT NOT NULL,             -- model.event.Topic
    subject TEXT NOT NULL,           -- id of a container or image, or empty
    name TEXT NOT NULL,              -- what it was called then
    detail BLOB NOT NULL             -- {name: text} as JSON
);
CREATE TABLE history (               -- what was measured, removed with its container
    container_id TEXT NOT NULL,
    time_ns INTEGER NOT NULL,        -- of the block's first sample
    samples BLOB NOT NULL,           -- a block of some sixty samples, packed by core.history
    PRIMARY KEY (container_id, time_ns)
);
"""
_BUSY_SECONDS = 10.0
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


T = TypeVar("T")


class Corrupt(sqlite3.DatabaseError):
    """What a check of SQLite's found."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class Database:
    """One connection, used by one thread at a time; other processes have their own.

    `moved_aside` is where a corrupt file was put when this object had to begin a new one, else "";
    `is_new` says that this object made the tables, as there were none.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.moved_aside = ""
        self.is_new = False
        self._room = Room(path)
        self._lock = threading.RLock()
        self._generation = 0
        _make_private(path)
        try:
            self._connection = self._with_room(self._open)
        except sqlite3.DatabaseError as error:
            if not _is_corruption(error):
                raise self._unusable(error) from error
            self.moved_aside = _move_aside(path)
            self._connection = self._open()
        self._room.keep()

    def _open(self) -> sqlite3.Connection:
        self._room.hold()
        try:
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=64
            )
        except BaseException:
            self._room.let_go()
            raise
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            if _version(connection) == 0:
                self.is_new = _create(connection)
            if (found := _version(connection)) != SCHEMA_VERSION:
                raise Unsupported(
                    "open the state database",
                    f"it has schema version {found}, this tuicont reads version {SCHEMA_VERSION}",
                    values={"file": self.path},
                    hint="use the tuicont version that wrote it, or another --root",
                )
            # What the engine cannot do without: corruption shows here, not in the middle of a verb. The rest (events,
            # history) is long, and is checked when it was once found wanting.
            checks = [f"quick_check({table})" for table in ("containers", "images", "image_names")]
            if os.path.exists(self._suspect):
                checks = ["integrity_check"]
            for check in checks:
                if (found := connection.execute(f"PRAGMA {check}").fetchone()[0]) != "ok":
                    raise Corrupt(found)
            connection.execute("SELECT max(seq) FROM events").fetchone()
            if self._room.is_scarce():  # the log must not grow
                _put_back(connection)
            with contextlib.suppress(OSError):
                os.unlink(self._suspect)
        except BaseException:
            self._close(connection)
            raise
        return connection

    def _close(self, connection: sqlite3.Connection) -> None:
        with self._room.left_in_place():
            _put_back(connection)
            connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; takes the write lock at once, so that what is read inside cannot change."""
        with self._lock:
            connection = self._connection
            try:
                self._with_room(lambda: connection.execute("BEGIN IMMEDIATE"))
                try:
                    yield connection
                    self._commit(connection)
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except (sqlite3.OperationalError, sqlite3.DatabaseError) as error:
                if isinstance(error, sqlite3.IntegrityError):
                    raise
                raise self._unusable(error) from error
            self._generation += 1

    def _commit(self, connection: sqlite3.Connection) -> None:
        """Where the disk was full for it, the reserve is given up and it is tried again, unless it was rolled back."""
        try:
            connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            if not (_is_want_of_room(error) and self._room.give_up() and connection.in_transaction):
                raise
            connection.execute("COMMIT")

    def _with_room(self, action: Callable[[], T]) -> T:
        """Do it; once more with the reserve given up where it lacked room."""
        try:
            return action()
        except sqlite3.DatabaseError as error:
            if not (_is_want_of_room(error) and self._room.give_up()):
                raise
            return action()

    def read(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        """The rows of one SELECT, or of a PRAGMA that tells something."""
        with self._lock:
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except UnicodeEncodeError:
                return []  # what is no UTF-8 is nobody's name
            except sqlite3.DatabaseError as error:
                raise self._unusable(error) from error

    def generation(self) -> tuple[int, int]:
        """A value that differs whenever this or another process has changed something since."""
        return self.others_generation(), self._generation

    def others_generation(self) -> int:
        """A value that differs whenever another process has changed something since."""
        return int(self.read("PRAGMA data_version")[0][0])

    @property
    def _suspect(self) -> str:
        """A file that says: look at all of it the next time that it is opened."""
        return f"{self.path}.suspect"

    def _unusable(self, error: sqlite3.DatabaseError) -> KernelError:
        text = str(error)
        hint = ""
        if _is_want_of_room(error):
            hint = "the disk is full, or fails: free space below the state root"
        elif _code(error) == sqlite3.SQLITE_READONLY:
            hint = "the state root cannot be written; an end is recorded when it can be again"
        elif "locked" in text:
            hint = f"another process held it for more than {_BUSY_SECONDS:.0f} s"
        elif _is_corruption(error):
            hint = "start tuicont again: a corrupt database is moved aside and running containers are adopted"
            with contextlib.suppress(OSError), open(self._suspect, "w"):
                pass
        return KernelError("use the state database", text, values={"file": self.path}, hint=hint)

    def close(self) -> None:
        """Close the connection. May be repeated."""
        with self._lock:
            self._close(self._connection)


def _make_private(path: str) -> None:
    """It has what `-e` was given. SQLite makes the other files with the modes of this one. One that is there is not
    opened: to close it would drop the locks of this process on it (sqlite.org/howtocorrupt.html, 2.2)."""
    with contextlib.suppress(OSError):
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if os.stat(path).st_mode & 0o077:
                os.chmod(path, 0o600)


def _put_back(connection: sqlite3.Connection) -> None:
    """What is in the log, into the database, as far as there is room. SQLite does so by itself when a log is long, and
    when nobody else has the database."""
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create(connection: sqlite3.Connection) -> bool:
    """Make the tables, unless another process did so while this one waited for the lock: then False."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if missing := _version(connection) == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        return missing
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _is_corruption(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in _CORRUPT


def _code(error: sqlite3.DatabaseError) -> int:
    """The primary result code, which is the low byte (sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _is_want_of_room(error: sqlite3.DatabaseError) -> bool:
    """A full disk shows as itself, or as a file that cannot be made, extended or mapped."""
    return _code(error) in _NO_ROOM


def _move_aside(path: str) -> str:
    aside = f"{path}.corrupt-{time.strftime('%Y%m%dT%H%M%S')}"
    for suffix in ("", "-wal", "-shm", ".suspect"):
        with contextlib.suppress(FileNotFoundError):
            os.rename(path + suffix, aside + suffix)
    return aside
