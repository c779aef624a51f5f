"""Whatever comes in over a shim's socket, its container is not harmed and goes on being served."""

from __future__ import annotations

import array
import contextlib
import os
import random
import resource
import socket
import struct
from collections.abc import Iterator

import pytest

from tests.kernel.boxes import Boxes, everything
from tests.kernel.host import eventually, shims, state
from tuicont.core.runtime.native.plan import exec_plan
from tuicont.core.runtime.native.task import NativeTask
from tuicont.core.runtime.ops.order import order
from tuicont.core.shim import wire
from tuicont.core.shim.plan import PlanHead, encode
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.sys import sockets

pytestmark = pytest.mark.kernel

SEED = 20261123
FILES = 256


@pytest.fixture
def boxes() -> Iterator[Boxes]:
    boxes = Boxes()
    yield boxes
    boxes.close()


@pytest.fixture
def task(boxes: Boxes) -> NativeTask:
    """A container that reads none of its input, with a shim that may have few descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    try:
        return boxes.start("sleep", "100", stdin_open=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(boxes: Boxes) -> socket.socket:
    return sockets.connect(f"{boxes.dir}/one/run", SOCKET_NAME)


def is_unharmed(boxes: Boxes, task: NativeTask) -> None:
    [shim] = shims(boxes.dir)
    assert state(task.pid) in "SR"
    assert state(shim) in "SR"
    with contextlib.closing(boxes.exec(task, "echo", "well", exec_id="after")) as session:
        assert everything(session) == "well\n"


def ask(client: socket.socket, plan: bytes, request: wire.Request = wire.Request.EXEC) -> None:
    """Ask for a process by `plan`, whatever is in it."""
    fd = os.memfd_create("plan")
    os.write(fd, plan)
    sockets.send_with(client, wire.request(request), fd)
    os.close(fd)


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_packets_of_any_kind_and_size(boxes: Boxes, task: NativeTask) -> None:
    chance = random.Random(SEED)
    for _ in range(3000):
        with connect(boxes) as client, contextlib.suppress(OSError):
            client.setblocking(False)
            for _ in range(chance.randrange(1, 20)):
                kind = chance.choice([*range(13), 32, 36, 2**31, 2**32 - 1])
                if kind in (wire.Request.INPUT_END, wire.Request.RELEASE):
                    continue  # of these the container may well end
                body = chance.randbytes(chance.choice([0, 1, 7, 8, 9, 40, 32768, 40000]))
                client.send(struct.pack("=II", kind, chance.randrange(2)) + body)
            client.send(chance.randbytes(chance.randrange(8)))
    is_unharmed(boxes, task)


def test_plans_changed_anywhere(boxes: Boxes, task: NativeTask) -> None:
    chance = random.Random(SEED)
    process = {"args": ["true"], "env": ["PATH=/bin"], "cwd": "/"}
    spec = boxes.specs["one"]
    # What it would do outside of the container is its plan's own business: only the first bytes are changed.
    good = encode(PlanHead(exec_id="x"), order(exec_plan(process, {"linux": spec["linux"]}), "exec"))
    for _ in range(5000):
        data = bytearray(good[: chance.choice([len(good), chance.randrange(len(good))])])
        for at in (28, 32, 40, 48, 72):  # counts, offsets and the length of the first string (struct plan_head)
            if chance.random() < 0.4 and at + 4 <= len(data):
                data[at : at + 4] = chance.choice([b"\xff" * 4, chance.randbytes(4), b"\0\0\0\x40"])
        with connect(boxes) as client:
            ask(client, bytes(data))
            packet, fd = sockets.receive(client)
            assert wire.reply_kind(packet) in (wire.Reply.FAILED, wire.Reply.STARTED)
            if fd >= 0:
                os.close(fd)
    is_unharmed(boxes, task)


def test_births_of_any_kind_abandoned_at_any_moment(boxes: Boxes, task: NativeTask) -> None:
    chance = random.Random(SEED)
    [shim] = shims(boxes.dir)
    before = descriptors(shim)
    process = {"args": ["true"], "env": ["PATH=/bin"], "cwd": "/"}
    plan = order(exec_plan(process, {"linux": boxes.specs["one"]["linux"]}), "exec")
    every_flag = 2 * max(getattr(wire, name) for name in dir(wire) if name.startswith("PLAN_") and name != "PLAN_MAGIC")
    for _ in range(1000):
        head = PlanHead(flags=chance.randrange(every_flag), exec_id="x", patience_ms=chance.choice([0, 1, 50]))
        with connect(boxes) as client:
            ask(client, encode(head, plan), chance.choice([wire.Request.EXEC, wire.Request.EXEC, wire.Request.START]))
            for _ in range(chance.randrange(5)):
                _, fd = sockets.receive(client) if sockets.readable(client, 0.01) else (b"", -1)
                if fd >= 0:
                    os.close(fd)
                with contextlib.suppress(OSError):
                    client.send(wire.request(chance.choice([wire.Request.GO, wire.Request.START, wire.Request.STATE])))
    eventually(lambda: descriptors(shim) <= before)
    is_unharmed(boxes, task)


def test_descriptors_that_nobody_asked_for_are_closed(boxes: Boxes, task: NativeTask) -> None:
    [shim] = shims(boxes.dir)
    before = descriptors(shim)
    with connect(boxes) as client:
        for _ in range(20):
            rights = array.array("i", [0, 1, 2, 0, 1, 2])
            client.sendmsg([wire.request(wire.Request.GO)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        client.send(wire.request(wire.Request.STATE))
        _, fd = sockets.receive(client)
        os.close(fd)
    eventually(lambda: descriptors(shim) == before)


def test_more_clients_than_a_shim_can_have_wait_their_turn(boxes: Boxes, task: NativeTask) -> None:
    address = f"{boxes.dir}/one/run/{SOCKET_NAME}"
    [shim] = shims(boxes.dir)
    with contextlib.ExitStack() as opened:
        for _ in range(2 * FILES):
            client = opened.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(address)
                client.send(wire.request(wire.Request.STATE))
        eventually(lambda: descriptors(shim) > FILES // 8)
        # It neither dies nor turns in circles: it sleeps until something happens.
        busy = processor_ticks(shim)
        with pytest.raises(TimeoutError):
            task.wait(0.5)
        assert processor_ticks(shim) - busy < 10
        assert state(task.pid) == "S"
    eventually(lambda: descriptors(shim) < 20)
    is_unharmed(boxes, task)


def processor_ticks(pid: int) -> int:
    """utime and stime of proc_pid_stat(5)."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_client_that_reads_nothing_stops_neither_others_nor_the_end(boxes: Boxes, task: NativeTask) -> None:
    with connect(boxes) as deaf:
        for _ in range(300):
            with contextlib.suppress(BlockingIOError, BrokenPipeError):  # the shim may have hung up by now
                deaf.setblocking(False)
                deaf.send(wire.request(wire.Request.STATE))
        is_unharmed(boxes, task)
        task.signal(9)
        assert task.wait(20).signal == 9
