"""Copying files into and out of containers. Implements `api.Files`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import BinaryIO

from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.records import JUST_ENDED, Records
from tuicont.core.errors import Conflict
from tuicont.core.host.processes import open_root
from tuicont.core.model.container import Container
from tuicont.core.model.file import FileStat, LeftOut
from tuicont.core.spec.mounts import clean
from tuicont.core.storage.view import Cover, open_view


class LocalFiles:
    """Copies."""

    def __init__(self, records: Records, locks: Locks, drivers: Drivers, bundles: Bundles) -> None:
        self._records = records
        self._locks = locks
        self._drivers = drivers
        self._bundles = bundles

    def stat(self, ref: str, path: str) -> FileStat:
        from tuicont.core.image.layers.copy import look

        with self._root(self._records.find(ref, f"look into {ref}")) as root:
            return look(root, path)

    def copy_out(
        self, ref: str, path: str, *, follow: bool = False, left_out: LeftOut | None = None
    ) -> Iterator[bytes]:
        from tuicont.core.image.layers.copy import pack

        container = self._records.find(ref, f"copy from {ref}")
        stack = contextlib.ExitStack()
        with contextlib.ExitStack() as guard:
            root = guard.enter_context(self._root(container))
            chunks = pack(root, path, follow=follow, left_out=left_out)
            first = next(chunks, b"")
            stack = guard.pop_all()
        return self._rest(stack, first, chunks)

    def copy_in(self, ref: str, path: str, archive: BinaryIO, *, left_out: LeftOut | None = None) -> None:
        from tuicont.core.image.layers.copy import unpack

        with self._root(self._records.find(ref, f"copy to {ref}")) as root:
            unpack(root, path, archive, left_out=left_out)

    def pack(
        self, path: str, name: str, *, follow: bool = False, keep_owner: bool = False, left_out: LeftOut | None = None
    ) -> Iterator[bytes]:
        from tuicont.core.image.layers.copy import pack_path

        return pack_path(path, name, follow=follow, keep_owner=keep_owner, left_out=left_out)

    @staticmethod
    def _rest(stack: contextlib.ExitStack, first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
        with stack:
            yield first
            yield from chunks

    @contextlib.contextmanager
    def _root(self, container: Container) -> Iterator[int]:
        """A descriptor of its root: as its init sees it when it runs, else a detached mount of its snapshot, and of
        what is mounted in it."""
        if not container.state.alive:
            mounts = self._drivers.storage(container.storage).mounts(container.id)
            with (
                self._locks.unmounted(container, f"copy to or from {container.name}", shared=True),
                open_view(mounts, self._covers(container), read_only=container.request.read_only) as root,
            ):
                yield root
            return
        try:
            root = open_root(container.pid, container.start_time)
        except ProcessLookupError:
            raise Conflict(f"copy to or from {container.name}", JUST_ENDED) from None
        try:
            yield root
        finally:
            os.close(root)

    def _covers(self, container: Container) -> list[Cover]:
        """What its specification mounts. The engine's own files (/etc/hosts) are there only while it runs; a mount that
        somebody asked for is made, or said to be impossible."""
        asked = {clean(mount.target) for mount in container.request.mounts}
        covers = []
        for entry in self._bundles.spec(container)["mounts"]:
            target, source = entry["destination"], entry["source"] if entry["type"] == "bind" else ""
            wanted = target in asked
            if source and not wanted and not os.path.exists(source):
                source = ""
            covers.append(
                Cover(target=target, source=source, read_only="ro" in entry.get("options", ()), wanted=wanted)
            )
        return covers
