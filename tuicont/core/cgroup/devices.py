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
from typing import NamedTuple

from tuicont.core.errors import Unsupported
from tuicont.core.model.resources import DeviceRule, Resources

ACCESSES = "rwm"


class Devices(NamedTuple):
    """Devices of `kind` c or b, -1 for any number, and what may be done with them or not."""

    kind: str
    major: int
    minor: int
    access: str


class DeviceList(NamedTuple):
    """`allows` what is no exception, or refuses it."""

    allows: bool
    exceptions: tuple[Devices, ...] = ()


ALL = DeviceList(allows=True)
"""What a group may use that nobody restricts."""

_Place = tuple[str, int, int]


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
    allows, exceptions = False, dict[_Place, set[str]]()
    for rule in rules:
        access = set(rule.access)
        if (rule.type, rule.major, rule.minor, len(access)) == ("a", -1, -1, len(ACCESSES)):
            allows, exceptions = rule.allow, {}
            continue
        for kind in "bc" if rule.type == "a" else rule.type:
            place = (kind, rule.major, rule.minor)
            if rule.allow != allows:
                exceptions.setdefault(place, set()).update(access)
            else:
                _take_back(exceptions, place, access)
    return DeviceList(allows, tuple(Devices(*place, in_order(access)) for place, access in exceptions.items()))


def _take_back(exceptions: dict[_Place, set[str]], place: _Place, access: set[str]) -> None:
    for known, granted in list(exceptions.items()):
        both = [a == b or -1 in (a, b) for a, b in zip(known[1:], place[1:], strict=True)]
        if known[0] != place[0] or not all(both) or not granted & access:
            continue
        if any(wide not in (narrow, -1) for narrow, wide in zip(known[1:], place[1:], strict=True)):
            raise ValueError(f"the rule for {_text(place)} takes a part out of an earlier one, for {_text(known)}")
        granted -= access
        if not granted:
            del exceptions[known]


def in_order(access: Container[str]) -> str:
    """Some of `ACCESSES`, as a text."""
    return "".join(letter for letter in ACCESSES if letter in access)


def _text(place: _Place) -> str:
    return f"{place[0]} {number(place[1])}:{number(place[2])}"


def number(value: int) -> str:
    """A device number as v1 writes it."""
    return "*" if value < 0 else str(value)
