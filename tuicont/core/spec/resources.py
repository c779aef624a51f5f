"""Reading `linux.resources` of the OCI specification, our own or anybody's; and the device rules of our own.

Pure. What becomes of them in the kernel is the cgroup drivers' matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import msgspec

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.model.resources import Cpu, DeviceRule, Memory, Pids, Resources

DEFAULT_DEVICES: list[dict[str, Any]] = [
    {"allow": False, "access": "rwm"},
    {"allow": True, "type": "c", "access": "m"},  # making a node is harmless, opening it is what counts
    {"allow": True, "type": "b", "access": "m"},
    {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"},  # null
    {"allow": True, "type": "c", "major": 1, "minor": 5, "access": "rwm"},  # zero
    {"allow": True, "type": "c", "major": 1, "minor": 7, "access": "rwm"},  # full
    {"allow": True, "type": "c", "major": 1, "minor": 8, "access": "rwm"},  # random
    {"allow": True, "type": "c", "major": 1, "minor": 9, "access": "rwm"},  # urandom
    {"allow": True, "type": "c", "major": 5, "minor": 0, "access": "rwm"},  # tty
    {"allow": True, "type": "c", "major": 5, "minor": 1, "access": "rwm"},  # console
    {"allow": True, "type": "c", "major": 5, "minor": 2, "access": "rwm"},  # ptmx
    {"allow": True, "type": "c", "major": 136, "access": "rwm"},  # the slaves of devpts
]
"""What containers may use unless they are privileged: the nodes that a container's /dev has (Docker's list)."""

EVERY_DEVICE: list[dict[str, Any]] = [{"allow": True, "access": "rwm"}]
"""What privileged containers may use."""

_ACCESSES = frozenset("".join(letters) for n in (1, 2, 3) for letters in permutations("rwm", n))
_OPERATION = "use the specification"
_OBJECTS: Mapping[str, type[msgspec.Struct]] = {"memory": Memory, "cpu": Cpu, "pids": Pids}
_HOLDS_ANYWAY = "linux.resources.memory.useHierarchy"
"""Since Linux 5.11 there is nothing else (Documentation/admin-guide/cgroup-v1/memory.rst)."""


def read(raw: Mapping[str, Any]) -> Resources:
    """What a `linux.resources` object of anybody's asks for. Raises `Unsupported`, naming the field, for one that
    sets what we do not, and `Invalid` for a value of another kind than the specification's."""
    try:
        resources = msgspec.convert(raw, Resources)
    except msgspec.ValidationError:
        # Others write out every field there is. What is null or empty asks for nothing, whether we know it or not.
        try:
            resources = msgspec.convert(_named(raw), Resources)
        except msgspec.ValidationError as error:
            raise Invalid(_OPERATION, f"linux.resources: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if wrong := {rule.access for rule in resources.devices} - _ACCESSES:
        raise Invalid(_OPERATION, f"linux.resources.devices: access {wrong.pop()!r} is not made of r, w and m")
    return resources


def _named(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    named: dict[str, Any] = {}
    for name, value in raw.items():
        path = f"linux.resources.{name}"
        if not value:
            continue
        if name == "devices" and isinstance(value, list):
            named[name] = [_fields(rule, DeviceRule, f"{path}[{n}]") for n, rule in enumerate(value)]
        elif name in _OBJECTS:
            named[name] = _fields(value, _OBJECTS[name], path)
        elif isinstance(value, Mapping):
            _fields(value, msgspec.Struct, path)
        else:
            raise Unsupported(_OPERATION, f"{path} is not supported")
    return named


def _fields(value: Any, kind: type[msgspec.Struct], path: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    for name, inner in value.items():
        if name not in kind.__struct_encode_fields__ and inner and f"{path}.{name}" != _HOLDS_ANYWAY:
            raise Unsupported(_OPERATION, f"{path}.{name} is not supported")
    known = kind.__struct_encode_fields__
    return {name: inner for name, inner in value.items() if name in known and inner not in (None, "")}
