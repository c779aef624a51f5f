"""The demo images: three that share the base layer.

`demo-base` is the bare shell, `demo` has small workloads to watch, `demo-service` is a supervisor with workers, as
services are. The same host gives the same bytes, and so the same ids.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Sequence

from tuicont.core.image import manifest as documents
from tuicont.core.image.base import IncomingImage, IncomingLayer
from tuicont.core.image.demo.base import SEARCH, base_tree
from tuicont.core.image.demo.tree import Tree
from tuicont.core.image.platforms import host_platform

PROGRAMS = ("burn-cpu", "eat-memory", "fork-storm", "write-files", "zombies", "chatter")
SERVICE_PROGRAMS = ("serve",)

_PRACTICE = {
    "/usr/share/demo/read-me": "Reading this file leaves it in the image's layer.\n",
    "/usr/share/demo/change-me": "Writing to this file copies it up into the container's own layer.\n",
    "/usr/share/demo/delete-me": "Deleting this file leaves a whiteout in the container's own layer.\n",
}


class DemoImages:
    """`read_text` gives the programs, by "demo/NAME"."""

    def __init__(self, read_text: Callable[[str], str]) -> None:
        self._read_text = read_text

    @property
    def names(self) -> tuple[str, ...]:
        return ("demo:latest", "demo-base:latest", "demo-service:latest")

    def build(self) -> tuple[IncomingImage, ...]:
        """All three. Raises `Unsupported` when the host lacks the programs for it."""
        base_files = base_tree()
        date = base_files.newest
        base = base_files.tar(date)
        return (
            _image("demo-base", [("host's shell and utilities", base)], ["sh"], date),
            self._with("demo-service", base, SERVICE_PROGRAMS, {}, ["serve"], date),
            self._with("demo", base, PROGRAMS, _PRACTICE, ["sh"], date),
        )

    def _with(
        self, name: str, base: bytes, programs: Sequence[str], files: dict[str, str], command: list[str], date: int
    ) -> IncomingImage:
        tree = Tree()
        for program in programs:
            tree.file(f"/usr/local/bin/{program}", self._read_text(f"demo/{program}"), 0o755)
        for path, text in files.items():
            tree.file(path, text)
        # The base layer has them as this host does: the same entry again would hide that.
        for path in ("/usr", "/usr/local", "/usr/local/bin", "/usr/share"):
            tree.entries.pop(path, None)
        layers = [("host's shell and utilities", base), (", ".join(programs), tree.tar(date))]
        return _image(name, layers, command, date)


def _image(name: str, layers: list[tuple[str, bytes]], command: list[str], date: int) -> IncomingImage:
    created = datetime.datetime.fromtimestamp(date, datetime.UTC).isoformat().replace("+00:00", "Z")
    here = host_platform()
    config = {
        "architecture": here.architecture,
        "os": here.os,
        "created": created,
        "config": {"Env": [f"PATH={SEARCH}"], "Cmd": command, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [documents.digest_of(data) for _, data in layers]},
        "history": [{"created": created, "created_by": by} for by, _ in layers],
    }
    incoming = [
        IncomingLayer(open=lambda data=data: io.BytesIO(data), digest=documents.digest_of(data), size=len(data))  # type: ignore[misc]
        for _, data in layers
    ]
    return IncomingImage(names=(f"{name}:latest",), config=documents.encode(config), layers=tuple(incoming))
