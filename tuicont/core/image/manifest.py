"""The documents that describe an image: the OCI image specification's index, manifest and configuration, and
Docker's manifest.json.

Pure: from bytes to values and back. What a document says beyond these fields stays in its raw bytes, which are
what is stored and what its digest is of.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import Any, TypeVar

import msgspec

from tuicont.core.errors import Invalid
from tuicont.core.image import golang_json
from tuicont.core.image.reference import is_digest
from tuicont.core.model.image import ImageConfig

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
INDEXES = (INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = (MANIFEST, "application/vnd.docker.distribution.manifest.v2+json", "")
CONFIGS = (CONFIG, "application/vnd.docker.container.image.v1+json", "application/octet-stream", "")
"""The last but one is what registries said before Docker 1.10."""
_LAYERS = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")

REF_NAME = "org.opencontainers.image.ref.name"
CONTAINERD_NAME = "io.containerd.image.name"
REFERENCE_TYPE = "vnd.docker.reference.type"

LARGEST_DOCUMENT = 4 << 20
"""Bytes; the distribution specification lets registries refuse larger manifests."""

T = TypeVar("T")


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    architecture: str = ""
    os: str = ""
    variant: str = ""


class Descriptor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What another document is: its type, digest and size in bytes."""

    media_type: str = ""
    digest: str
    size: int
    platform: Platform | None = None
    annotations: dict[str, str] | None = None


class Index(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int = 2
    manifests: list[Descriptor] | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    schema_version: int = 2
    media_type: str = MANIFEST
    artifact_type: str | None = None
    config: Descriptor
    layers: list[Descriptor] | None = None


class Execution(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`config` of an image's configuration. Docker writes null for what is empty."""

    user: str | None = None
    env: list[str] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    working_dir: str | None = None
    stop_signal: str | None = None
    labels: dict[str, str] | None = None


class RootFs(msgspec.Struct, frozen=True, kw_only=True):
    type: str = "layers"
    diff_ids: list[str] | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    created_by: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    architecture: str = ""
    os: str = ""
    variant: str = ""
    created: str | None = None
    config: Execution | None = None
    rootfs: RootFs | None = None
    history: list[HistoryEntry] | None = None


class DockerEntry(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One image of a Docker archive's manifest.json; `config` and `layers` are paths in the archive."""

    config: str
    repo_tags: list[str] | None = None
    layers: list[str] | None = None


def decode(raw: bytes, kind: type[T], what: str) -> T:
    """The document as `kind`, read as Go reads it; `what` names it in the error. Raises `Invalid`."""
    try:
        return golang_json.decode(raw, kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid("read the image", f"{what}: {_lower(str(error))}") from error


def read_configuration(raw: bytes) -> Configuration:
    """An image's configuration. Raises `Invalid` for what is none: what it does not say has a meaning, as who its
    programs run as."""
    configuration = decode(raw, Configuration, "configuration")
    if configuration.rootfs is None or configuration.rootfs.type not in ("layers", ""):
        raise Invalid("read the image", "configuration: it names no layers (rootfs)")
    return configuration


def not_an_image(manifest: Manifest) -> str:
    """What a manifest is of (a signature, a chart, …) that is none of an image; "" for one that is."""
    if manifest.config.media_type not in CONFIGS:
        return manifest.artifact_type or manifest.config.media_type
    # Signatures (cosign's) come with the configuration of an image.
    strange = (x.media_type for x in manifest.layers or () if x.media_type and not x.media_type.startswith(_LAYERS))
    return next(strange, "")


def check(descriptor: Descriptor, what: str) -> Descriptor:
    """The descriptor, if its digest and size can be. Raises `Invalid`."""
    if not is_digest(descriptor.digest) or descriptor.size < 0:
        raise Invalid("read the image", f"{what}: not a descriptor", values={"digest": descriptor.digest})
    return descriptor


def layer_type(compression: str) -> str:
    """The media type of a layer; it has no names but for the two that the specification knows."""
    return f"{LAYER}+{compression}" if compression in ("gzip", "zstd") else LAYER


def digest_of(raw: bytes) -> str:
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def platform_of(configuration: Configuration) -> Platform:
    """What its programs are for."""
    return Platform(os=configuration.os, architecture=configuration.architecture, variant=configuration.variant)


def diff_ids(configuration: Configuration) -> list[str]:
    """The digests of its layers' uncompressed archives, bottom first."""
    return (configuration.rootfs and configuration.rootfs.diff_ids) or []


def chain_ids(diff_ids: list[str]) -> list[str]:
    """The chain id of each layer (OCI image-spec, config.md, "Layer ChainID")."""
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(digest_of(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return chain


def layer_commands(configuration: Configuration) -> list[str]:
    """What made each layer, from the history; empty where it does not say."""
    entries = [entry for entry in configuration.history or () if not entry.empty_layer]
    commands = [entry.created_by or entry.comment or "" for entry in entries]
    count = len(diff_ids(configuration))
    return commands if len(commands) == count else [""] * count


def image_config(configuration: Configuration) -> ImageConfig:
    """What the engine needs of `config`."""
    execution = configuration.config or Execution()
    return ImageConfig(
        user=execution.user or "",
        env=tuple(execution.env or ()),
        entrypoint=tuple(execution.entrypoint or ()),
        cmd=tuple(execution.cmd or ()),
        workdir=execution.working_dir or "",
        stop_signal=execution.stop_signal or "",
        labels=execution.labels or {},
    )


def created_ns(configuration: Configuration) -> int:
    """Nanoseconds since the epoch; 0 when it says none or nonsense."""
    match = re.fullmatch(r"(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", configuration.created or "")
    if not match:
        return 0
    try:
        seconds = datetime.datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00")).timestamp()
    except ValueError:
        return 0
    return max(0, int(seconds)) * 10**9 + int((match[2] or "0")[:9].ljust(9, "0"))


def encode(document: Any) -> bytes:
    """JSON in one fixed form, so that equal documents have equal digests."""
    return msgspec.json.encode(document, order="deterministic")


def _lower(text: str) -> str:
    # Not what is written in capitals.
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
