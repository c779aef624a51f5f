"""An image service on a state root of its own, and archives to load into it; shared by the tests of images."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tuicont import resources
from tuicont.core.image.content import ContentStore
from tuicont.core.image.demo.images import DemoImages
from tuicont.core.image.platforms import host_platform
from tuicont.core.image.service import ImageService
from tuicont.core.storage.overlay.driver import OverlayDriver
from tuicont.core.storage.view import open_view
from tuicont.core.store.store import Store
from tuicont.core.sys.kernel import RealKernel
from tuicont.core.sys.openat2 import open_in_root


class Home:
    """An image service on a state root of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(str(root / "db"), lambda: None)
        self.content = ContentStore(str(root / "content"))
        self.storage = OverlayDriver(RealKernel(), str(root / "storage"))
        self.users: dict[str, tuple[str, ...]] = {}
        """Image id → names of the containers made from it."""
        self.service = self.open(self.store)

    def open(self, store: Store) -> ImageService:
        """The service on these records."""
        return ImageService(
            store,
            self.content,
            self.storage,
            DemoImages(resources.read_text),
            storages=lambda: [self.storage],
            users=lambda: self.users,
            guard=nullcontext,
        )

    def layout(self) -> str:
        return f"oci:{self.content.root}"

    def read(self, ref: str, path: str) -> bytes:
        """A file of the image, as a container would see it."""
        chain = tuple(layer.chain_id for layer in self.service.get(ref).layers)
        self.storage.prepare("look", chain)
        try:
            mounts = self.storage.mounts("look")
            with open_view(mounts) as root, os.fdopen(open_in_root(root, path, os.O_RDONLY), "rb") as file:
                return file.read()
        finally:
            self.storage.remove("look")

    def is_empty(self) -> bool:
        left = [
            self.storage.names(),
            self.content.digests(),
            self.store.images(),
            tuple(os.listdir(self.root / "content/ingest")),
        ]
        return not any(left) and os.listdir(self.root / "storage/layers") == []


def tar_of(*members: tuple[str, bytes] | tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return file.getvalue()


def digest(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def configuration(*layers: bytes, **more: Any) -> bytes:
    here = host_platform()
    document = {
        "architecture": here.architecture,
        "os": here.os,
        "config": {"Cmd": ["sh"], "Env": None},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
    }
    return json.dumps(document | more).encode()


def docker_archive(*layers: bytes, tags: list[str] | None = None, **more: Any) -> dict[str, bytes]:
    files = {f"{number}/layer.tar": layer for number, layer in enumerate(layers)}
    files["config.json"] = configuration(*layers, **more)
    entry = {"Config": "config.json", "RepoTags": tags or ["made:latest"], "Layers": list(files)[:-1]}
    return files | {"manifest.json": json.dumps([entry]).encode()}


def layout(
    *layers: bytes,
    pack: Callable[[bytes], bytes] = lambda raw: raw,
    platform: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, bytes]:
    blobs: dict[str, bytes] = {}

    def blob(raw: bytes, **fields: Any) -> dict[str, Any]:
        blobs[f"blobs/{digest(raw).replace(':', '/')}"] = raw
        return {"digest": digest(raw), "size": len(raw), **fields}

    manifest = {
        "schemaVersion": 2,
        "config": blob(configuration(*layers), mediaType="application/vnd.oci.image.config.v1+json"),
        "layers": [blob(pack(layer), mediaType="application/vnd.oci.image.layer.v1.tar") for layer in layers],
    }
    descriptor = blob(json.dumps(manifest).encode(), mediaType="application/vnd.oci.image.manifest.v1+json", **more)
    if platform:
        descriptor["platform"] = platform
    return {"index.json": json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode(), **blobs}


def write(path: Path, files: dict[str, bytes]) -> str:
    path.write_bytes(tar_of(*files.items()))
    return str(path)


HELLO = tar_of(("hello", b"world"))
