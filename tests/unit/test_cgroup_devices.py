"""What device rules come to: the v1 files and the v2 program answer alike, and as the rules read."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.contract.cgroups import DEFAULT, EVERY
from tests.doubles.memory_kernel import MemoryKernel
from tuicont.core.cgroup.controller import Place
from tuicont.core.cgroup.devices import list_of
from tuicont.core.cgroup.settings import carry_out
from tuicont.core.cgroup.v1 import devices as v1
from tuicont.core.cgroup.v2 import devices as v2
from tuicont.core.errors import EngineError, Unsupported
from tuicont.core.model.resources import DeviceRule, Resources

Rules = tuple[DeviceRule, ...]
Request = tuple[str, str, int, int]
"""(b or c, some of rwm, major, minor)"""

ACCESSES = ("r", "w", "m", "rw", "rm", "wm", "rwm")
REQUESTS: list[Request] = [(kind, access, a, b) for kind in "bc" for access in ACCESSES for a in (1, 2) for b in (1, 2)]
RULES = st.builds(
    DeviceRule,
    allow=st.booleans(),
    type=st.sampled_from("abc"),
    major=st.integers(-1, 2),
    minor=st.integers(-1, 2),
    access=st.sampled_from(ACCESSES),
)
LISTS = st.lists(RULES, min_size=1, max_size=6).map(tuple)
EVERYTHING = st.sampled_from([DeviceRule(allow=True), DeviceRule(allow=False)])
"""What lists begin with that people write."""


def possible(rules: Rules) -> bool:
    try:
        list_of(rules)
    except ValueError:
        return False
    return True


POSSIBLE = (st.tuples(EVERYTHING, LISTS).map(lambda both: (both[0], *both[1])) | LISTS).filter(possible)


class V1Files(MemoryKernel):
    """The devices controller of cgroup v1, as security/device_cgroup.c has it, for one group below one without
    restrictions."""

    def __init__(self) -> None:
        super().__init__({"/p/g/devices.list": b""})
        self.allows = True
        self.exceptions: dict[tuple[str, str, str], set[str]] = {}
        self.fail_at = -1

    def write(self, path: str, data: bytes) -> None:
        self.write_each(path, [data])

    def write_each(self, path: str, pieces: list[bytes]) -> None:
        for piece in pieces:
            self.fail_at -= 1
            if self.fail_at == 0:
                raise OSError(errno.EPERM, "", path)
            self._update(piece.decode(), allow=path == "/p/g/devices.allow")

    def _update(self, line: str, *, allow: bool) -> None:
        if line.startswith("a"):
            self.allows, self.exceptions = allow, {}
            return
        kind, numbers, access = line.split()
        place = (kind, *numbers.split(":"))
        assert len(place) == 3
        if allow != self.allows:
            self.exceptions.setdefault(place, set()).update(access)
        elif place in self.exceptions:
            self.exceptions[place] -= set(access)
            if not self.exceptions[place]:
                del self.exceptions[place]

    def read(self, path: str) -> bytes:
        if path != "/p/g/devices.list":
            return super().read(path)
        if self.allows:
            return b"a *:* rwm\n"
        lines = [f"{k} {a}:{b} {''.join(access)}\n" for (k, a, b), access in self.exceptions.items()]
        return "".join(lines).encode()

    def answers(self, request: Request) -> bool:
        kind, access, major, minor = request
        matching = [
            granted
            for (k, a, b), granted in self.exceptions.items()
            if k == kind and a in ("*", str(major)) and b in ("*", str(minor))
        ]
        if self.allows:
            return not any(granted & set(access) for granted in matching)
        return any(granted >= set(access) for granted in matching)

    def apply(self, rules: Rules, *, new: bool = False) -> V1Files:
        place = Place(self, "g", lambda controller: "/p", new=new)
        carry_out(self, "g", list(v1.CONTROLLER.steps(place, Resources(devices=rules))), undo=not new)
        return self


def run(program: bytes, request: Request) -> bool:
    """What a device program answers, run as the kernel would run it (enum bpf_devcg: types b 1, c 2; access m 1,
    r 2, w 4)."""
    kind, access, major, minor = request
    asked = sum({"m": 1, "r": 2, "w": 4}[letter] for letter in access)
    context = {0: asked << 16 | {"b": 1, "c": 2}[kind], 4: major, 8: minor}
    registers = [0] * 11
    code = [struct.unpack("<BBhi", program[at : at + 8]) for at in range(0, len(program), 8)]
    at = 0
    while True:
        operation, pair, offset, value = code[at]
        target, source = pair & 15, pair >> 4
        at += 1
        match operation:
            case 0x61:
                registers[target] = context[offset]
            case 0xBF:
                registers[target] = registers[source]
            case 0xB7:
                registers[target] = value
            case 0x57:
                registers[target] &= value
            case 0x77:
                registers[target] >>= value
            case 0x55:
                at += offset if registers[target] != value else 0
            case 0x5D:
                at += offset if registers[target] != registers[source] else 0
            case 0x15:
                at += offset if registers[target] == value else 0
            case 0x95:
                return bool(registers[0])
            case _:
                raise AssertionError(f"unknown operation {operation:#x}")


def program(rules: Rules) -> bytes:
    return v2.compile_list(list_of(rules))


def last_word(rules: Rules, request: Request) -> bool:
    """The answer of the last rule that matches one access; what none matches is refused."""
    kind, access, major, minor = request
    assert len(access) == 1
    for rule in reversed(rules):
        if (
            rule.type in ("a", kind)
            and rule.major in (-1, major)
            and rule.minor in (-1, minor)
            and access in rule.access
        ):
            return rule.allow
    return False


@given(POSSIBLE)
def test_files_and_program_answer_alike(rules: Rules) -> None:
    files, code = V1Files().apply(rules, new=True), program(rules)
    assert [files.answers(request) for request in REQUESTS] == [run(code, request) for request in REQUESTS]


@given(POSSIBLE)
def test_the_last_rule_that_matches_decides(rules: Rules) -> None:
    code = program(rules)
    for kind, accesses, major, minor in REQUESTS:
        words = [last_word(rules, (kind, access, major, minor)) for access in accesses]
        if len(accesses) == 1:
            assert run(code, (kind, accesses, major, minor)) == all(words)
        else:
            assert run(code, (kind, accesses, major, minor)) <= all(words)


@given(POSSIBLE, POSSIBLE)
def test_new_rules_of_a_group_replace_the_old_ones(before: Rules, after: Rules) -> None:
    files = V1Files().apply(before, new=True).apply(after)
    assert [files.answers(request) for request in REQUESTS] == [run(program(after), request) for request in REQUESTS]


@given(POSSIBLE, POSSIBLE, st.integers(1, 8))
def test_rules_that_the_kernel_refuses_leave_those_before_them(before: Rules, after: Rules, nth: int) -> None:
    files = V1Files().apply(before, new=True)
    # A list that allows hides its exceptions, which cannot be put back then.
    assume(not files.allows)
    answers = [files.answers(request) for request in REQUESTS]
    files.fail_at = nth
    try:
        files.apply(after)
    except EngineError:
        assert [files.answers(request) for request in REQUESTS] == answers


def test_what_stays_allowed_is_not_refused_for_a_moment() -> None:
    files = V1Files().apply(DEFAULT, new=True)
    written: list[str] = []
    files._update = lambda line, *, allow: written.append(f"{'allow' if allow else 'deny'} {line}")
    files.apply(DEFAULT)
    assert written == []
    files.apply((*DEFAULT[:-1], DeviceRule(allow=True, type="c", major=10, minor=229)))
    assert written == ["allow c 10:229 rwm", "deny c 136:* rwm"]


@pytest.mark.parametrize(
    ("rules", "impossible"),
    [
        ([(True, "c", 1, -1), (False, "c", 1, 3)], "the rule for c 1:3 takes a part out of an earlier one, for c 1:*"),
        ([(True, "c", 1, -1), (False, "c", -1, 3)], "c *:3 takes a part out"),
        ([(True, "a", -1, -1), (False, "b", 8, -1), (True, "b", 8, 1)], "b 8:1 takes a part out"),
    ],
)
def test_a_list_that_v1_cannot_hold_is_refused_on_both(
    rules: list[tuple[bool, str, int, int]], impossible: str
) -> None:
    listed = tuple(DeviceRule(allow=a, type=t, major=major, minor=minor) for a, t, major, minor in rules)
    place = Place(V1Files(), "web", lambda controller: "/p", new=True)
    for version in (v1, v2):
        with pytest.raises(Unsupported, match=r"restrict the devices of web") as caught:
            list(version.CONTROLLER.steps(place, Resources(devices=listed)))
        assert impossible in str(caught.value)


def test_a_wider_rule_takes_back_the_narrower_ones_before_it() -> None:
    rules = (DeviceRule(allow=True, type="c", major=1, minor=3), DeviceRule(allow=False, type="c", access="w"))
    assert run(program(rules), ("c", "r", 1, 3))
    assert not run(program(rules), ("c", "w", 1, 3))


def test_no_rules_restrict_nothing_and_every_device_needs_no_step_for_a_new_group() -> None:
    place = Place(V1Files(), "g", lambda controller: "/p", new=True)
    for rules in ((), EVERY):
        assert not list(v1.CONTROLLER.steps(place, Resources(devices=rules)))
        assert not list(v2.CONTROLLER.steps(place, Resources(devices=rules)))


def test_the_default_rules_open_null_and_no_disk() -> None:
    code = program(DEFAULT)
    assert run(code, ("c", "rw", 1, 3))
    assert run(code, ("c", "rw", 136, 77))
    assert run(code, ("b", "m", 8, 0))
    assert not run(code, ("b", "r", 8, 0))
    assert not run(code, ("c", "rw", 1, 1))
