"""The v1 devices controller: which device nodes may be opened or made
(Documentation/admin-guide/cgroup-v1/devices.rst)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from tuicont.core.cgroup.controller import Controller, Place
from tuicont.core.cgroup.devices import ALL, DeviceList, Devices, device_list, in_order, node_text
from tuicont.core.cgroup.settings import Write
from tuicont.core.model.resources import Resources

_ALLOW, _DENY, _LIST = "devices.allow", "devices.deny", "devices.list"


def _steps(place: Place, resources: Resources) -> Iterator[Write]:
    """A new group has what its parent has; of one that runs, the list is read, so that what stays allowed is not
    refused for a moment. Exceptions that cannot be read cannot be put back either: then all stays refused."""
    if not resources.devices:
        return
    wanted = device_list(place.group, resources)
    now = ALL if place.new else _parse(place.read(_LIST))
    # The first undoes them all.
    undone = _changes(None, now) if now is not None and not place.new else ()
    for file, lines in _changes(now, wanted):
        yield place.write(file, lines, "devices", lines, undone)
        undone = ()


@lru_cache(maxsize=64)
def _changes(now: DeviceList | None, wanted: DeviceList) -> tuple[tuple[str, str], ...]:
    """The (file, lines) that lead from one list to the other; from any when it is not known."""
    changes: list[tuple[str, str]] = []
    if now is None or now.allows != wanted.allows:
        changes.append((_ALLOW if wanted.allows else _DENY, "a"))
        now = DeviceList(allows=wanted.allows)
    add, take = (_DENY, _ALLOW) if wanted.allows else (_ALLOW, _DENY)
    changes.append((add, _lines(_less(wanted, now))))
    changes.append((take, _lines(_less(now, wanted))))
    return tuple((file, lines) for file, lines in changes if lines)


def _less(these: DeviceList, those: DeviceList) -> Iterator[Devices]:
    """The exceptions of `these` without what is in `those`."""
    known = {devices.nodes: devices.access for devices in those.exceptions}
    for devices in these.exceptions:
        if access := set(devices.access) - set(known.get(devices.nodes, "")):
            yield Devices(*devices.nodes, in_order(access))


def _lines(exceptions: Iterable[Devices]) -> str:
    return "\n".join(f"{node_text(devices.nodes)} {devices.access}" for devices in exceptions)


def _parse(text: str) -> DeviceList | None:
    """devices.list: exceptions (`c 1:3 rw`) from refusing all; None for `a *:* rwm`, which hides its exceptions."""
    exceptions: list[Devices] = []
    for line in text.splitlines():
        kind, numbers, access = line.split()
        if kind == "a":
            return None
        major, minor = (-1 if part == "*" else int(part) for part in numbers.split(":"))
        exceptions.append(Devices(kind, major, minor, in_order(access)))
    return DeviceList(allows=False, exceptions=tuple(exceptions))


CONTROLLER = Controller(
    "devices",
    steps=_steps,
    meanings={
        _ALLOW: "writing `type major:minor access` here allows a device",
        _DENY: "writing here takes it away again; `a` takes all",
        _LIST: "devices that processes may open (r, w) or make nodes of (m)",
    },
)
