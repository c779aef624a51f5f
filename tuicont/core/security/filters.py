"""The specification's `linux.seccomp` object as a program for the kernel.

libseccomp is asked for the numbers of names only; `bpf` makes the program. A name that neither libseccomp nor
this module knows is left out, as Docker and runc do: the default action answers it. Knows no profiles.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.security.bpf import Comparison, Operator, Range, Rule, assemble
from tuicont.core.sys import libseccomp

_OPERATION = "compile the seccomp filter"

_KILL_PROCESS, _KILL_THREAD = 0x80000000, 0x00000000
_ERRNO, _TRACE = 0x00050000, 0x7FF00000
_ACTIONS = {
    "SCMP_ACT_KILL": _KILL_THREAD,
    "SCMP_ACT_KILL_THREAD": _KILL_THREAD,
    "SCMP_ACT_KILL_PROCESS": _KILL_PROCESS,
    "SCMP_ACT_TRAP": 0x00030000,
    "SCMP_ACT_ERRNO": _ERRNO,
    "SCMP_ACT_TRACE": _TRACE,
    "SCMP_ACT_ALLOW": 0x7FFF0000,
    "SCMP_ACT_LOG": 0x7FFC0000,
}
# AUDIT_ARCH_* (include/uapi/linux/audit.h). x32 has x86-64's token and its own range of numbers.
_X86_64, _X32 = 0xC000003E, 0x4000003E
_TOKENS = {
    "SCMP_ARCH_X86": 0x40000003,
    "SCMP_ARCH_X86_64": _X86_64,
    "SCMP_ARCH_X32": _X32,
    "SCMP_ARCH_ARM": 0x40000028,
    "SCMP_ARCH_AARCH64": 0xC00000B7,
    "SCMP_ARCH_PPC64LE": 0xC0000015,
    "SCMP_ARCH_S390": 0x00000016,
    "SCMP_ARCH_S390X": 0x80000016,
    "SCMP_ARCH_RISCV64": 0xC00000F3,
    "SCMP_ARCH_LOONGARCH64": 0xC0000102,
}
_X32_BIT = 0x40000000
_NUMBERS_END = 600

# Newer than the libseccomp that many hosts have; the same on every architecture since Linux 5.1.
_RECENT = {
    "set_mempolicy_home_node": 450,
    "cachestat": 451,
    "fchmodat2": 452,
    "map_shadow_stack": 453,
    "futex_wake": 454,
    "futex_wait": 455,
    "futex_requeue": 456,
    "statmount": 457,
    "listmount": 458,
    "lsm_get_self_attr": 459,
    "lsm_set_self_attr": 460,
    "lsm_list_modules": 461,
    "mseal": 462,
    "setxattrat": 463,
    "getxattrat": 464,
    "listxattrat": 465,
    "removexattrat": 466,
}
_RECENT_ON_ONE = {("uretprobe", _X86_64): 335, ("riscv_hwprobe", _TOKENS["SCMP_ARCH_RISCV64"]): 258}


def compile_filter(seccomp: Mapping[str, Any]) -> bytes:
    """A `linux.seccomp` object as a program. Rules for one call are tried in their order. Several conditions
    on one argument are alternatives, on different ones all must hold: so runc reads them."""
    default = _action(seccomp.get("defaultAction"), seccomp.get("defaultErrnoRet"))
    try:
        native = libseccomp.native_architecture()
        names = seccomp.get("architectures") or ()
        tokens = {_token(name) for name in names} | {native}
        rules = [
            (names_of, rule) for entry in seccomp.get("syscalls") or () for names_of, rule in _rules(entry, default)
        ]
        numbered = {token: _numbered(token, rules) for token in sorted(tokens)}
    except libseccomp.LibraryMissing as error:
        raise Unsupported(
            _OPERATION,
            f"libseccomp is missing ({error})",
            hint="install libseccomp2, or run without a filter: --security-opt seccomp=unconfined",
        ) from None
    programs = []
    for token in sorted(tokens - {_X32}, key=lambda token: token != native):
        ranges = _ranges(numbered[token], default, 0, (1 << 32) - 1)
        if token == _X86_64:
            ranges = _with_x32(ranges, numbered.get(_X32), default)
        programs.append((token, ranges))
    return assemble(programs, _KILL_THREAD)


def _action(name: Any, errno_return: int | None) -> int:
    action = _ACTIONS.get(name)
    if action is None:
        raise Unsupported(_OPERATION, f"action {name!r} is not supported")
    if action in (_ERRNO, _TRACE):
        return action | (errno.EPERM if errno_return is None else errno_return & 0xFFFF)
    return action


def _token(name: str) -> int:
    if name not in _TOKENS:
        raise Unsupported(_OPERATION, f"architecture {name!r} is not supported")
    return _TOKENS[name]


def _rules(entry: Mapping[str, Any], default: int) -> list[tuple[Sequence[str], Rule]]:
    action = _action(entry.get("action"), entry.get("errnoRet"))
    if action == default:
        return []
    comparisons = [_comparison(argument) for argument in entry.get("args") or ()]
    names = entry.get("names") or ()
    if len({comparison.argument for comparison in comparisons}) < len(comparisons):
        return [(names, Rule(action, (comparison,))) for comparison in comparisons]
    return [(names, Rule(action, tuple(comparisons)))]


def _comparison(argument: Mapping[str, Any]) -> Comparison:
    index, name = argument.get("index", 0), str(argument.get("op", ""))
    operator = Operator.__members__.get(name.removeprefix("SCMP_CMP_"))
    if operator is None or not 0 <= index <= 5:
        raise Invalid(_OPERATION, f"argument {index} is compared with {name!r}")
    return Comparison(index, operator, argument.get("value", 0), argument.get("valueTwo", 0))


def _numbered(token: int, rules: Sequence[tuple[Sequence[str], Rule]]) -> dict[int, list[Rule]]:
    found: dict[int, list[Rule]] = {}
    behind: dict[int, list[Rule]] = {}
    direct: dict[str, int] | None = None
    for names, rule in rules:
        for name in names:
            number = libseccomp.syscall_number(name, token)
            if number == libseccomp.UNKNOWN_SYSCALL:
                number = _recent(name, token)
            if number < libseccomp.UNKNOWN_SYSCALL:
                if not rule.comparisons:
                    _multiplexed(number, rule, token, behind)
                direct = _direct_numbers(token) if direct is None else direct
                number = direct.get(name, libseccomp.UNKNOWN_SYSCALL)
            if number >= 0:
                found.setdefault(number, []).append(rule)
    # What is said of the multiplexing call itself comes first, as libseccomp has it.
    for number, more in behind.items():
        found.setdefault(number, []).extend(more)
    return found


def _recent(name: str, token: int) -> int:
    if name in _RECENT:
        return _RECENT[name] | (_X32_BIT if token == _X32 else 0)
    return _RECENT_ON_ONE.get((name, token), libseccomp.UNKNOWN_SYSCALL)


def _multiplexed(pseudo: int, rule: Rule, token: int, found: dict[int, list[Rule]]) -> None:
    """A few architectures also reach sockets and System V IPC through one call each, whose first argument says
    which is meant. libseccomp numbers those from -101 and from -201 on. Their other arguments are behind a
    pointer: a rule with conditions is not carried over."""
    for name, base in (("socketcall", -100), ("ipc", -200)):
        which = base - pseudo
        number = libseccomp.syscall_number(name, token) if 0 < which < 100 else libseccomp.UNKNOWN_SYSCALL
        if number >= 0:
            found.setdefault(number, []).append(Rule(rule.action, (Comparison(0, Operator.EQ, which),)))


@cache
def _direct_numbers(token: int) -> dict[str, int]:
    return {libseccomp.syscall_name(number, token): number for number in range(_NUMBERS_END)}


def _ranges(numbered: Mapping[int, Sequence[Rule]], default: int, first: int, last: int) -> list[Range]:
    """Ranges from `first` to `last`. Calls beyond the newest that the filter names did not exist when it was
    written: where others get an error they get ENOSYS, so that libraries fall back to older ones (as runc does)."""
    ranges, following = [], first
    for number in sorted(numbered):
        if number > following:
            ranges.append(Range(following, default))
        ranges.append(_range(number, numbered[number], default))
        following = number + 1
    if following <= last:
        errors = default & 0xFFFF0000 == _ERRNO and numbered
        ranges.append(Range(following, _ERRNO | errno.ENOSYS if errors else default))
    return ranges


def _range(number: int, rules: Sequence[Rule], default: int) -> Range:
    """One call. What follows a rule without conditions is never reached, and rules just before it that say the
    same are not needed."""
    kept: list[Rule] = []
    otherwise = default
    for rule in rules:
        if not rule.comparisons:
            otherwise = rule.action
            break
        kept.append(rule)
    while kept and kept[-1].action == otherwise:
        kept.pop()
    return Range(number, otherwise, tuple(kept))


def _with_x32(ranges: list[Range], x32: Mapping[int, Sequence[Rule]] | None, default: int) -> list[Range]:
    below = [item for item in ranges if item.start < _X32_BIT]
    if x32 is None:
        return [*below, Range(_X32_BIT, _KILL_THREAD)]
    return [*below, *_ranges(x32, default, _X32_BIT, (1 << 32) - 1)]
