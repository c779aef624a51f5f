"""An image as `inspect` tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicont.core.model.document import OpenMap

_MAPS = ("Labels", "ExposedPorts", "Volumes")


def inspected(view: Mapping[str, Any]) -> dict[str, Any]:
    """Docker's keys, and below them what only this engine can tell. `view` is what the engine's `inspect` answers."""
    document = view["document"]
    config: dict[str, Any] = dict(document.get("config") or {})
    return {
        "Id": view["id"],
        "RepoTags": view["references"],
        "RepoDigests": [],
        "Parent": "",
        "Comment": document.get("comment", ""),
        "Created": document.get("created"),
        "DockerVersion": document.get("docker_version", ""),
        "Author": document.get("author", ""),
        "Config": config | {name: OpenMap(config[name]) for name in _MAPS if config.get(name)},
        "Architecture": view["architecture"],
        "Os": view["os"],
        "Size": view["size"],
        "VirtualSize": view["size"],
        "GraphDriver": {"Data": None, "Name": ""},
        "RootFS": {"Type": "layers", "Layers": [layer["diff_id"] for layer in view["layers"]]},
        "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"},
        "ManifestDigest": view["manifest_digest"],
        "Layers": view["layers"],
        "History": document.get("history") or [],
    }
