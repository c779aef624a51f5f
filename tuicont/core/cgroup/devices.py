"""What a list of device rules comes to, which both versions carry out: v1 in files, v2 as a program.

Pure. The rules are read as runc reads them for either version, and as the word "allowlist" of the specification
says: what no rule matches is refused, and of several rules that match, the last one decides. The kernel's v1 files
know one answer for all devices and exceptions from it (security/device_cgroup.c), and cannot hold every such list:
they silently ignore a rule that takes a part out of an exception. Such a list is refused, on v2 too, so that a
container is never less confined than its specification reads, nor more on one host than on another. Unlike runc we
let a wider rule take narrower exceptions along; its emulator, as the kernel, leaves them there.

For a request of several accesses at once (open(2) for reading and writing) one exception must grant all of them,
or deny one, as in the kernel.
"""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache

import msgspec

from tuicont.core.errors import Unsupported
from tuicont.core.model.resources import DeviceRule, Resources

ACCESSES = "rwm"
Nodes = tuple[str, int, int]
"""(kind, major, minor)"""


class Devices(msgspec.Struct, frozen=True):
    """Devices of `kind` c or b, -1 for any number, and what may be done with them or not."""

    kind: str
    major: int
    minor: int
    access: str

    @property
    def nodes(self) -> Nodes:
        """Which they are, without the access."""
        return self.kind, self.major, self.minor


class DeviceList(msgspec.Struct, frozen=True):
    """`allows` what is no exception, or refuses it."""

    allows: bool
    exceptions: tuple[Devices, ...] = ()


ALL = DeviceList(allows=True)
"""What a group may use that nobody restricts."""


def device_list(group: str, resources: Resources) -> DeviceList:
    """What the rules come to; there are some. Raises `Unsupported` for a list that no group can carry out."""
    try:
        return list_of(resources.devices)
    except ValueError as error:
        raise Unsupported(
            f"restrict the devices of {group}", str(error), hint="name the devices that may be used one by one"
        ) from None


@lru_cache(maxsize=64)
def list_of(rules: tuple[DeviceRule, ...]) -> DeviceList:
    """`device_list` by itself: `ValueError` says which rule is impossible."""
    allows, exceptions = False, dict[Nodes, set[str]]()
    for rule in rules:
        access = set(rule.access)
        if (rule.type, rule.major, rule.minor, len(access)) == ("a", -1, -1, len(ACCESSES)):
            allows, exceptions = rule.allow, {}
            continue
        for kind in "bc" if rule.type == "a" else rule.type:
            nodes = (kind, rule.major, rule.minor)
            if rule.allow != allows:
                exceptions.setdefault(nodes, set()).update(access)
            else:
                _take_back(exceptions, nodes, access)
    return DeviceList(allows, tuple(Devices(*nodes, in_order(access)) for nodes, access in exceptions.items()))


def _take_back(exceptions: dict[Nodes, set[str]], nodes: Nodes, access: set[str]) -> None:
    for known, granted in list(exceptions.items()):
        both = [a == b or -1 in (a, b) for a, b in zip(known[1:], nodes[1:], strict=True)]
        if known[0] != nodes[0] or not all(both) or not granted & access:
            continue
        if any(wide not in (narrow, -1) for narrow, wide in zip(known[1:], nodes[1:], strict=True)):
            raise ValueError(
                f"the rule for {node_text(nodes)} takes a part out of an earlier one, for {node_text(known)}"
            )
        granted -= access
        if not granted:
            del exceptions[known]


def in_order(access: Container[str]) -> str:
    """Some of `ACCESSES`, as a text."""
    return "".join(letter for letter in ACCESSES if letter in access)


def node_text(nodes: Nodes) -> str:
    """`c 1:3`, `b *:*`, as v1 writes them."""
    major, minor = ("*" if number < 0 else number for number in nodes[1:])
    return f"{nodes[0]} {major}:{minor}"
