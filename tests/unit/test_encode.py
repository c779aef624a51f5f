"""Plans and packets on the wire: the Python and the C side must agree to the bit."""

from __future__ import annotations

import os
import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core import native
from tuicont.core.errors import Invalid
from tuicont.core.model.request import LogOptions
from tuicont.core.runtime import ops
from tuicont.core.runtime.ops import header
from tuicont.core.runtime.ops.order import order
from tuicont.core.shim import wire
from tuicont.core.shim.plan import HEAD_SIZE, PlanFile, PlanHead, encode

with open(os.path.join(os.path.dirname(native.__file__), "shim", "proto.h")) as _file:
    PROTO = _file.read()


def c_enum(name: str) -> dict[str, int]:
    """An enumeration of proto.h, by name."""
    found = re.search(rf"enum {name} \{{(.*?)\}}", PROTO, re.DOTALL)
    assert found
    values, following = {}, 0
    for part in re.sub(r"/\*.*?\*/", "", found.group(1), flags=re.DOTALL).split(","):
        constant, _, number = part.strip().partition("=")
        if constant:
            values[constant.strip()] = following = int(number) if number else following
            following += 1
    return values


def c_size(name: str) -> int:
    """The size of a structure of proto.h, laid out as C does."""
    found = re.search(rf"struct {name} \{{(.*?)\n\}}", PROTO, re.DOTALL)
    assert found
    fields = re.sub(r"/\*.*?\*/", "", found.group(1), flags=re.DOTALL)
    codes = {"uint32_t": "I", "int32_t": "i", "uint64_t": "Q", "struct birth_report": "4i"}
    declared = re.findall(r"((?:struct )?\w+) ([^;]+);", fields)
    return struct.calcsize("".join(codes[kind] * (names.count(",") + 1) for kind, names in declared))


def test_the_shims_list_of_operations_is_made_from_their_classes() -> None:
    with open(header.PATH) as file:
        assert file.read() == header.text(), "run `make native`"


def test_no_two_operations_share_a_number() -> None:
    assert [kind.code for kind in ops.ALL] == list(range(1, len(ops.ALL) + 1))


def test_every_packet_has_the_number_that_the_shim_knows_it_by() -> None:
    assert c_enum("request_type") == {kind.name: kind.value for kind in wire.Request}
    replies = c_enum("reply_type")
    assert {kind.name: kind.value for kind in wire.Reply}.items() <= replies.items()
    assert {name.removeprefix("AT_"): number for name, number in c_enum("stage").items()} == {
        stage.name: stage.value for stage in wire.Stage
    }


def test_every_plan_flag_is_the_same_bit() -> None:
    assert c_enum("plan_flag") == {name: getattr(wire, name) for name in dir(wire) if name in c_enum("plan_flag")}


def test_every_state_of_a_process_has_its_number() -> None:
    assert c_enum("process_state") == {state.name: state.value for state in wire.State}


@pytest.mark.parametrize("name", wire.SIZES)
def test_structures_have_the_size_that_c_gives_them(name: str) -> None:
    assert wire.SIZES[name] == c_size(name)


def test_the_head_of_a_plan_has_the_size_that_c_gives_it() -> None:
    assert c_size("plan_head") == HEAD_SIZE


def body(plan: ops.Plan, head: PlanHead = PlanHead()) -> bytes:
    return encode(head, order(plan, "test"))[HEAD_SIZE:]


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("=I", len(data)) + data + b"\0"


NO_STRINGS = string("") * 4


def test_fields_are_packed_in_their_order() -> None:
    made = body((ops.MakeNode("/dev/null", 0o20666, 1, 3, 7, 8),))
    assert made == NO_STRINGS + struct.pack("=I", 10) + string("/dev/null") + struct.pack("=5Q", 0o20666, 1, 3, 7, 8)


def test_a_command_is_two_counted_lists() -> None:
    made = body((ops.Execute(("a", "bc"), ("X=1",)),))
    lists = struct.pack("=I", 2) + string("a") + string("bc") + struct.pack("=I", 1) + string("X=1")
    assert made == NO_STRINGS + struct.pack("=I", 32) + lists


def test_negative_numbers_are_twos_complement() -> None:
    assert body((ops.SetOomScoreAdj(-500),)).endswith(struct.pack("=q", -500))


def test_a_filter_is_its_bytes_and_no_string() -> None:
    filter_ = bytes(range(16))
    assert body((ops.InstallSeccomp(filter_, 2),)).endswith(struct.pack("=I", 16) + filter_ + struct.pack("=Q", 2))


def test_a_nul_in_a_string_is_refused() -> None:
    with pytest.raises(Invalid, match="NUL"):
        order((ops.SetHostname("a\0b"),), "start x")
    with pytest.raises(Invalid, match="NUL"):
        PlanFile(PlanHead(log_path="a\0b"), None, "start x")


def test_the_head_names_paths_log_cgroups_and_flags() -> None:
    head = PlanHead(
        flags=wire.PLAN_STDIN,
        clone_flags=0x20020000,
        clone_into="/c",
        exit_path="/e",
        log_path="/l",
        log=LogOptions(max_size=5, max_files=2),
        exec_id="x",
        enter=("/v1",),
        patience_ms=250,
    )
    made = encode(head, order((ops.SetUmask(0),), "test"))
    texts = b"".join(map(string, ("/c", "/e", "/l", "x", "/v1")))
    start = HEAD_SIZE + len(texts)
    numbers = (wire.PLAN_MAGIC, wire.PLAN_STDIN, 0x20020000, 5, 2, 1, 1, 250, start, 0)
    assert made[:HEAD_SIZE] == struct.pack("=IIQQIIIIQQ", *numbers) + struct.pack("=4i", -1, 0, 0, 0)
    assert made[HEAD_SIZE:start] == texts
    assert made[start:] == struct.pack("=IQ", 29, 0)


def test_a_trace_has_room_for_every_operation_behind_them() -> None:
    plan = order((ops.SetUmask(0), ops.SetHostname("abc")), "test")
    made = encode(PlanHead(flags=wire.PLAN_TRACE), plan)
    (trace,) = struct.unpack_from("=Q", made, HEAD_SIZE - 24)
    assert trace % 8 == 0
    assert 0 <= trace - len(made) < 8
    with PlanFile(PlanHead(flags=wire.PLAN_TRACE), plan, "test") as file:
        assert os.fstat(file.fd).st_size == trace + 2 * wire.SIZES["trace_record"]
        assert file.traced(0) == ()
        os.pwrite(file.fd, wire.TRACED.pack(0, 0, 5, 9), trace)
        os.pwrite(file.fd, wire.TRACED.pack(1, 0, 10, 0), trace + wire.TRACED.size)
        assert file.traced(20) == (wire.Traced(0, 0, 5, 9), wire.Traced(1, 0, 10, 20))


@given(st.binary(max_size=64).filter(lambda data: b"\0" not in data))
def test_names_that_are_no_unicode_keep_their_bytes(name: bytes) -> None:
    assert name + b"\0" in body((ops.SetHostname(os.fsdecode(name)),))


@given(st.integers(0, 2**32 - 1), st.binary(max_size=100))
def test_output_packets_come_apart_as_they_were_put_together(stream: int, data: bytes) -> None:
    assert wire.output(wire.HEAD.pack(wire.Reply.OUTPUT, stream) + data) == (stream, data)


def test_a_short_packet_has_no_kind() -> None:
    assert wire.reply_kind(b"\x20\0\0") == 0
