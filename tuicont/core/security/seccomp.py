"""Profiles of system calls in Docker's form, and what of one applies to a container.

Pure. A profile's rules may depend on capabilities, machine and kernel; what is left for one container is the
`linux.seccomp` object of the OCI specification. Knows no numbers and no programs: those are `filters`'.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.model.host import HostFacts
from tuicont.core.security import capabilities

_OPERATION = "use the seccomp profile"

# By uname(2): what a profile's conditions call the machine (Go's names), and the architecture's own name.
_MACHINES = {
    "x86_64": ("amd64", "SCMP_ARCH_X86_64"),
    "aarch64": ("arm64", "SCMP_ARCH_AARCH64"),
    "ppc64le": ("ppc64le", "SCMP_ARCH_PPC64LE"),
    "s390x": ("s390x", "SCMP_ARCH_S390X"),
    "riscv64": ("riscv64", "SCMP_ARCH_RISCV64"),
    "loongarch64": ("loong64", "SCMP_ARCH_LOONGARCH64"),
}


class _Condition(msgspec.Struct, frozen=True, rename="camel"):
    caps: tuple[str, ...] | None = None
    arches: tuple[str, ...] | None = None
    min_kernel: str = ""


class _Argument(msgspec.Struct, frozen=True, rename="camel"):
    index: int
    value: int
    op: str
    value_two: int = 0


class _Rule(msgspec.Struct, frozen=True, rename="camel"):
    action: str
    names: tuple[str, ...] = ()
    name: str = ""
    errno_ret: int | None = None
    args: tuple[_Argument, ...] | None = None
    includes: _Condition | None = None
    excludes: _Condition | None = None


class _Architecture(msgspec.Struct, frozen=True, rename="camel"):
    architecture: str
    sub_architectures: tuple[str, ...] | None = None


class _Document(msgspec.Struct, frozen=True, rename="camel"):
    default_action: str
    default_errno_ret: int | None = None
    arch_map: tuple[_Architecture, ...] | None = None
    architectures: tuple[str, ...] | None = None
    flags: tuple[str, ...] | None = None
    syscalls: tuple[_Rule, ...] | None = None


class Profile:
    """A parsed profile. Keeps what it answered to earlier questions."""

    def __init__(self, document: _Document) -> None:
        self._document = document
        self.resolve = lru_cache(maxsize=32)(self._resolve)

    def _resolve(self, bits: int, machine: str, kernel: tuple[int, int]) -> dict[str, Any]:
        if machine not in _MACHINES:
            hint = "run without a filter: --security-opt seccomp=unconfined"
            raise Unsupported(_OPERATION, f"machine {machine} is not supported", hint=hint)
        short, native = _MACHINES[machine]
        held = frozenset(capabilities.names(bits))
        document = self._document
        chosen: dict[str, Any] = {"defaultAction": document.default_action}
        if document.default_errno_ret is not None:
            chosen["defaultErrnoRet"] = document.default_errno_ret
        architectures = list(document.architectures or ())
        for entry in document.arch_map or ():
            if entry.architecture == native:
                architectures = [native, *(entry.sub_architectures or ())]
        if architectures:
            chosen["architectures"] = architectures
        if document.flags:
            chosen["flags"] = list(document.flags)
        allowed: set[str] = set()
        rules: list[dict[str, Any]] = []
        for rule in document.syscalls or ():
            if not _applies(rule, held, short, kernel):
                continue
            names = rule.names or (rule.name,)
            if rule.action == "SCMP_ACT_ALLOW" and not rule.args:
                allowed.update(names)
            else:
                rules.append(_specified(rule, names))
        plain = [{"names": sorted(allowed), "action": "SCMP_ACT_ALLOW"}] if allowed else []
        chosen["syscalls"] = [*plain, *rules]
        return chosen


def _specified(rule: _Rule, names: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"names": list(names), "action": rule.action}
    if rule.errno_ret is not None:
        found["errnoRet"] = rule.errno_ret
    if rule.args:
        found["args"] = [
            {"index": arg.index, "value": arg.value, "valueTwo": arg.value_two, "op": arg.op} for arg in rule.args
        ]
    return found


def _applies(rule: _Rule, held: frozenset[str], machine: str, kernel: tuple[int, int]) -> bool:
    """Everything that `includes` names must be so, nothing that `excludes` names may be."""
    wanted, unwanted = rule.includes, rule.excludes
    if wanted is not None and (
        (wanted.arches and machine not in wanted.arches)
        or not held.issuperset(wanted.caps or ())
        or (wanted.min_kernel and kernel < _kernel(wanted.min_kernel))
    ):
        return False
    return unwanted is None or not (
        machine in (unwanted.arches or ())
        or held.intersection(unwanted.caps or ())
        or (unwanted.min_kernel and kernel >= _kernel(unwanted.min_kernel))
    )


def _kernel(text: str) -> tuple[int, int]:
    major, _, minor = text.partition(".")
    try:
        return int(major), int(minor or 0)
    except ValueError:
        raise Invalid(_OPERATION, f"minKernel {text!r} is not a version") from None


def parse_profile(text: str | bytes, origin: str = "the profile") -> Profile:
    """Read a profile. Raises `Invalid`, naming `origin`, for what is none."""
    try:
        return Profile(msgspec.json.decode(text, type=_Document))
    except msgspec.DecodeError as error:
        raise Invalid(_OPERATION, f"{origin} is not a seccomp profile: {str(error).lower()}") from None


def resolve(profile: Profile, capability_bits: int, host: HostFacts) -> dict[str, Any]:
    """The `linux.seccomp` object for a container with these capabilities on this host. Equal questions get
    the same object: nobody may change it. Raises `Unsupported`."""
    return profile.resolve(capability_bits, host.machine, host.kernel)
