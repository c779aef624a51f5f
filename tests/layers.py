"""Archives of layers, written and unpacked by tests."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

from tuicont.core.image.layers.apply import apply_layer
from tuicont.core.storage.base import LayerTarget


class Layer:
    """Writes a layer's archive."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def add(self, name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: Any) -> Layer:
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, len(data)
        info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        for field, value in fields.items():
            setattr(info, field, value)
        self._tar.addfile(info, io.BytesIO(data))
        return self

    def directory(self, name: str, **fields: Any) -> Layer:
        return self.add(name, kind=tarfile.DIRTYPE, **fields)

    def link(self, name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Layer:
        return self.add(name, kind=kind, linkname=target)

    def bytes(self) -> bytes:
        self._tar.close()
        return self._file.getvalue()

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.bytes()).hexdigest()


def unpack(layer: Layer, root: Path, *lowers: Path, whiteouts: str = "overlay") -> None:
    opened = [os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (root, *lowers)]
    try:
        target = LayerTarget(root_fd=opened[0], whiteouts=whiteouts, lower_fds=tuple(opened[1:]))
        apply_layer(io.BytesIO(layer.bytes()), layer.digest, target)
    finally:
        for fd in opened:
            os.close(fd)
