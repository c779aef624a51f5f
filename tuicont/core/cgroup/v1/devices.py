"""The v1 devices controller: which device nodes may be opened or made
(Documentation/admin-guide/cgroup-v1/devices.rst)."""

from __future__ import annotations

from functools import lru_cache

from tuicont.core.cgroup.base import ALL_DEVICES, DeviceRule
from tuicont.core.sys.kernel import Kernel


def allow_only(kernel: Kernel, directory: str, rules: tuple[DeviceRule, ...]) -> None:
    """Refuse the group every device but those of the rules. A new group has what its parent has: all."""
    if rules == ALL_DEVICES:
        return
    kernel.write(f"{directory}/devices.deny", b"a")
    kernel.write_each(f"{directory}/devices.allow", _lines(rules))


@lru_cache(maxsize=64)
def _lines(rules: tuple[DeviceRule, ...]) -> tuple[bytes, ...]:
    return tuple(map(_line, rules))


def _line(rule: DeviceRule) -> bytes:
    """`c 1:3 rwm`; the kernel takes one rule a write."""
    major, minor = ("*" if number < 0 else str(number) for number in (rule.major, rule.minor))
    return f"{rule.kind} {major}:{minor} {rule.access}".encode()


MEANINGS = {
    "devices.allow": "writing `type major:minor access` here allows a device",
    "devices.deny": "writing here takes it away again; `a` takes all",
    "devices.list": "devices that processes may open (r, w) or make nodes of (m)",
}
