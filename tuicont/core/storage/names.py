"""What layers and snapshots are called, and what no driver takes for a name. Pure."""

from __future__ import annotations

import re

from tuicont.core.errors import Invalid

# With what a shelf puts behind the name of a layer that is in work.
_CHAIN_ID = re.compile(r"sha256:([0-9a-f]{64}(?:\.[0-9a-f]+\.tmp)?)")
# They stand in mount options, where "," ":" and "\" mean something.
_SNAPSHOT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(?<!\.tmp)")
_LAYER = "sha256:"


def is_layer(name: str) -> bool:
    """Whether `name` is a chain id, and not a snapshot's name."""
    return name.startswith(_LAYER)


def layer_name(chain_id: str) -> str:
    """The chain id as the name of a file. Raises `Invalid`."""
    match = _CHAIN_ID.fullmatch(chain_id)
    if not match:
        raise Invalid("find a layer", "not a chain id", values={"chain id": chain_id})
    return match[1]


def chain_id(layer: str) -> str:
    """The other way round."""
    return _LAYER + layer


def check_snapshot(name: str) -> None:
    """Raise `Invalid` for what is no snapshot's name."""
    if not _SNAPSHOT.fullmatch(name):
        raise Invalid("find a snapshot", "not a snapshot's name", values={"name": name})
