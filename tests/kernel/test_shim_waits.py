"""The two waits of a birth, and what a birth that hangs keeps from nobody."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import resource
import signal
import socket
import subprocess
import sys

import pytest
from pyroute2 import IPRoute

from tests.kernel.boxes import Boxes, everything, read_until
from tests.kernel.host import eventually, namespace, shims, state, status
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, Conflict, KernelError
from tuicont.core.runtime.base import Step, TaskState, Waits
from tuicont.core.runtime.native.task import NativeTask
from tuicont.core.shim import wire
from tuicont.core.shim.plan import PlanHead
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.sys import sockets

BORN = PlanHead(flags=wire.PLAN_BORN)


@pytest.fixture
def task(boxes: Boxes) -> NativeTask:
    return boxes.start("sleep", "100")


def shim_of(boxes: Boxes) -> int:
    (shim,) = shims(boxes.dir)
    return shim


def descriptors(pid: int) -> dict[str, str]:
    """What each descriptor of a process is."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[name] = os.readlink(f"/proc/{pid}/fd/{name}")
    return found


def told(client: socket.socket, seconds: float = 10) -> tuple[int, bytes]:
    """The kind of the next packet, and the packet; its descriptor is closed."""
    assert sockets.readable(client, seconds), "nothing was told"
    packet, fd = sockets.receive(client)
    if fd >= 0:
        os.close(fd)
    return wire.reply_kind(packet), packet


def born(client: socket.socket) -> int:
    """The pid of the process that was asked for, which waits before its first step."""
    kind, packet = told(client)
    assert kind == wire.Reply.BORN
    pid = wire.process(packet).pid
    eventually(lambda: status(pid, "Name") == "tuicont-birth")
    return pid


# the first wait: the namespaces exist, nothing is done


def test_the_namespaces_exist_before_the_first_step(boxes: Boxes) -> None:
    seen: dict[str, bool] = {}

    def look(pid: int, pidfd: int) -> None:
        signal.pidfd_send_signal(pidfd, 0)
        for kind in ("mnt", "pid_for_children", "uts", "ipc", "net"):
            seen[kind] = namespace(pid, kind) != namespace("self", kind)
        seen["root"] = os.path.exists(f"/proc/{pid}/root{boxes.dir}")

    task = boxes.start("sh", "-c", "exit 4", waits=Waits(born=look))
    assert seen == dict.fromkeys(("mnt", "pid_for_children", "uts", "ipc", "net", "root"), True)
    assert task.wait(10).code == 4


@pytest.mark.host_only
def test_an_interface_that_is_moved_in_is_there_from_the_first_step_on(boxes: Boxes) -> None:
    def move(pid: int, _: int) -> None:
        with IPRoute() as route:
            peer = {"ifname": "tc-moved", "net_ns_pid": pid}
            route.link("add", ifname=f"tc{os.getpid()}", kind="veth", peer=peer)

    _, text = boxes.run("ls", "/sys/class/net", waits=Waits(born=move))
    assert text.split() == ["lo", "tc-moved"]


def test_the_work_of_the_caller_is_done_before_the_process_is_shown(boxes: Boxes) -> None:
    order: list[str] = []
    waits = Waits(meanwhile=lambda: order.append("meanwhile"), born=lambda *_: order.append("born"))
    boxes.run("true", waits=waits)
    assert order == ["meanwhile", "born"]


def test_a_birth_that_is_killed_before_its_first_step_is_told_as_such(boxes: Boxes) -> None:
    with pytest.raises(KernelError, match=r"died before reporting \(signal 9\)") as failed:
        boxes.start("true", waits=Waits(born=lambda pid, _: os.kill(pid, signal.SIGKILL)))
    assert failed.value.stage == "before the first operation"
    assert os.listdir(f"{boxes.dir}/one/run") == []


@pytest.mark.parametrize("wait", ["meanwhile", "born", "step"])
def test_what_the_caller_raises_cancels_the_birth(boxes: Boxes, wait: str) -> None:
    def fail(*_: object) -> bool:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        boxes.start("true", waits=Waits(**{wait: fail}))
    assert os.listdir(f"{boxes.dir}/one/run") == []
    assert shims(boxes.dir) == []


def test_a_birth_whose_engine_dies_before_the_first_step_leaves_nothing(boxes: Boxes) -> None:
    code = ENGINE.format(tests=os.getcwd(), what="boxes.start('true', waits=Waits(born=tell))")
    directory, pid = killed_engine(code)
    try:
        eventually(lambda: shims(directory) == [] and not state(int(pid)))
        assert os.listdir(f"{directory}/one/run") == []
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)


# the second wait: created


def test_a_created_container_has_all_but_its_command(boxes: Boxes) -> None:
    task = boxes.create("sleep", "100")
    assert task.state is TaskState.CREATED
    assert namespace(task.pid, "uts") != namespace("self", "uts")
    assert "busybox" in os.listdir(f"/proc/{task.pid}/root/bin")
    assert not os.path.exists(f"/proc/{task.pid}/root{boxes.dir}")
    assert status(task.pid, "Name") == "tuicont-birth"
    task.start(boxes.specs["one"])
    assert task.state is TaskState.RUNNING
    assert status(task.pid, "Name") == "sleep"


def test_what_is_created_runs_when_it_is_started_and_ends_as_its_command_does(boxes: Boxes) -> None:
    task = boxes.create("sh", "-c", "echo hello; exit 6")
    with contextlib.closing(task.attach(stdin=False)) as session:
        with pytest.raises(TimeoutError):
            task.wait(0)
        task.start(boxes.specs["one"])
        assert everything(session) == "hello\n"
    assert task.wait(10).code == 6
    assert task.state is TaskState.ENDED


@pytest.mark.parametrize("terminal", [False, True])
def test_input_and_a_terminal_are_there_before_the_start(boxes: Boxes, terminal: bool) -> None:
    process = {"terminal": terminal}
    task = boxes.create(spec=boxes.spec("sh", "-c", "read a; echo got $a", process=process), stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as session:
        session.write(b"word\n")
        session.resize(30, 90)
        task.start(boxes.specs["one"])
        assert "got word" in everything(session)


def test_a_command_that_is_not_there_shows_at_the_start_and_is_an_end(boxes: Boxes) -> None:
    task = boxes.create("nonsense")
    with pytest.raises(CommandNotFound, match="nonsense"):
        task.start(boxes.specs["one"])
    assert task.wait(10).code == 127
    with open(f"{boxes.dir}/one/exit") as file:
        assert json.load(file)["code"] == 127


def test_one_that_cannot_be_executed_is_126(boxes: Boxes) -> None:
    task = boxes.create("/bin")
    with pytest.raises(CommandNotExecutable):
        task.start(boxes.specs["one"])
    assert task.wait(10).code == 126


def test_an_operation_after_the_start_is_named_when_it_fails(boxes: Boxes) -> None:
    limit = {"type": "RLIMIT_CORE", "soft": 9, "hard": 1}
    task = boxes.create(spec=boxes.spec("true", process={"rlimits": [limit]}))
    with pytest.raises(KernelError, match="RLIMIT_CORE") as failed:
        task.start(boxes.specs["one"])
    assert failed.value.stage.startswith("resource limits, operation ")


def test_what_is_created_can_be_killed_and_that_is_its_end(boxes: Boxes) -> None:
    task = boxes.create("true")
    task.signal(signal.SIGKILL)
    ended = task.wait(10)
    assert (ended.code, ended.signal) == (137, 9)
    with pytest.raises(Conflict, match="ended"):
        task.start(boxes.specs["one"])
    task.release()
    eventually(lambda: shims(boxes.dir) == [])


def test_a_container_is_started_once(boxes: Boxes, task: NativeTask) -> None:
    with pytest.raises(Conflict, match="already"):
        task.start(boxes.specs["one"])
    assert state(task.pid) in "SR"


def test_a_release_of_what_is_created_is_not_heeded(boxes: Boxes) -> None:
    task = boxes.create("sleep", "100")
    with sockets.connect(f"{boxes.dir}/one/run", SOCKET_NAME) as client:
        client.send(wire.request(wire.Request.RELEASE))
        client.send(wire.request(wire.Request.STATE))
        kind, packet = told(client)
    assert (kind, wire.process(packet).state) == (wire.Reply.STARTED, wire.State.WAITING)
    task.start(boxes.specs["one"])


def test_another_process_can_run_in_what_is_created(boxes: Boxes) -> None:
    task = boxes.create("sleep", "100")
    with contextlib.closing(boxes.exec(task, "hostname")) as session:
        assert everything(session) == "box\n"
    task.start(boxes.specs["one"])


def test_a_created_container_outlives_its_engine_and_another_starts_it(boxes: Boxes) -> None:
    what = "task = boxes.create('sh', '-c', 'exit 21'); tell(task.pid, 0)"
    directory, pid = killed_engine(ENGINE.format(tests=os.getcwd(), what=what))
    try:
        task = boxes.runtime.load("one", f"{directory}/one/run")
        assert task is not None
        assert (task.pid, task.state) == (int(pid), TaskState.CREATED)
        task.start(boxes.spec("sh", "-c", "exit 21"))
        assert task.wait(10).code == 21
        task.release()
        eventually(lambda: shims(directory) == [])
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)


def test_the_init_of_a_shim_that_was_killed_does_not_wait_for_ever(boxes: Boxes) -> None:
    task = boxes.create("sleep", "100")
    os.kill(shim_of(boxes), signal.SIGKILL)
    eventually(lambda: not state(task.pid))


ENGINE = """
import sys
sys.path.insert(0, {tests!r})
from tests.kernel.boxes import Boxes
from tuicont.core.runtime.base import Waits
boxes = Boxes()
def tell(pid, _):
    print(boxes.dir, pid, flush=True)
    sys.stdin.readline()
{what}
"""


def killed_engine(code: str) -> tuple[str, str]:
    """Run an engine until it tells of a process, kill it, and answer with its directory and that process's pid."""
    engine = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert engine.stdout
    directory, pid = engine.stdout.readline().split()
    engine.kill()
    engine.wait()
    return directory, pid


# a birth that hangs


def test_a_stopped_birth_keeps_nobody_from_anything(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "echo one; read a; echo two; read b; echo three; exit 3", stdin_open=True)
    with contextlib.closing(boxes.ask_exec("true", head=BORN)) as client:
        child = born(client)
        os.kill(child, signal.SIGSTOP)
        client.send(wire.request(wire.Request.GO))
        eventually(lambda: state(child) == "T")
        with contextlib.closing(task.attach(stdin=True)) as session:
            session.write(b"x\n")
            read_until(session, "two\n")
            with contextlib.closing(boxes.exec(task, "echo", "well")) as other:
                assert everything(other) == "well\n"
            assert task.running() == ()
            again = boxes.new_runtime().load("one", f"{boxes.dir}/one/run")
            assert again is not None and again.pid == task.pid
            again.close()
            session.write(b"y\n")
            assert everything(session) == "three\n"
        assert [line.split()[3] for line in boxes.log()] == ["one", "two", "three"]
        assert task.wait(10).code == 3
    eventually(lambda: not state(child))


def test_many_births_are_under_way_at_once(boxes: Boxes, task: NativeTask) -> None:
    clients = [boxes.ask_exec("sh", "-c", f"exit {number}", head=BORN) for number in range(10)]
    pids = [born(client) for client in clients]
    assert len({*pids}) == 10
    for number, client in reversed([*enumerate(clients)]):
        client.send(wire.request(wire.Request.GO))
        assert told(client)[0] == wire.Reply.STARTED
        kind, packet = told(client)
        assert (kind, wire.exited(packet).code) == (wire.Reply.EXITED, number)
        client.close()


def test_a_birth_that_takes_too_long_is_given_up(boxes: Boxes, task: NativeTask) -> None:
    before = len(descriptors(shim_of(boxes)))
    with contextlib.closing(boxes.ask_exec("true", head=PlanHead(flags=wire.PLAN_BORN, patience_ms=50))) as client:
        child = born(client)
        os.kill(child, signal.SIGSTOP)
        client.send(wire.request(wire.Request.GO))
        kind, packet = told(client)
        assert kind == wire.Reply.FAILED
        assert (wire.failed(packet).stage, wire.failed(packet).errno) == (wire.Stage.DEADLINE, errno.ETIMEDOUT)
        eventually(lambda: not state(child))
    eventually(lambda: len(descriptors(shim_of(boxes))) <= before)


def test_the_time_that_an_asker_takes_does_not_count(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.ask_exec("true", head=PlanHead(flags=wire.PLAN_BORN, patience_ms=200))) as client:
        born(client)
        assert not sockets.readable(client, 0.5)
        client.send(wire.request(wire.Request.GO))
        assert told(client)[0] == wire.Reply.STARTED


def test_a_start_that_takes_too_long_is_given_up_and_leaves_nothing(boxes: Boxes) -> None:
    def stop(step: Step) -> bool:
        if step.text.startswith("sethostname"):
            (child,) = children(shim_of(boxes))
            os.kill(child, signal.SIGSTOP)
        return True

    with pytest.raises(KernelError, match="too long") as failed:
        boxes.start("true", waits=Waits(step=stop, patience=0.1))
    assert failed.value.stage.startswith("operation ")
    assert os.listdir(f"{boxes.dir}/one/run") == []
    assert shims(boxes.dir) == []


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


# what may happen during a birth


def test_a_child_holds_nothing_of_its_shim(boxes: Boxes, task: NativeTask) -> None:
    with (
        contextlib.closing(boxes.ask_exec("true", head=BORN)) as first,
        contextlib.closing(boxes.ask_exec("true", head=BORN)) as second,
    ):
        one, two = descriptors(born(first)), descriptors(born(second))
        shim = descriptors(shim_of(boxes))
    sockets_of = [{name for name in fds.values() if name.startswith("socket:")} for fds in (shim, one, two)]
    assert [len(found) for found in sockets_of[1:]] == [1, 1], "the channel to its shim alone"
    assert not sockets_of[1] & sockets_of[2]
    assert not (sockets_of[1] | sockets_of[2]) & sockets_of[0]
    assert not {name for name in one.values() if name.startswith("pipe:")} & {*two.values()}


def test_a_client_that_goes_before_the_first_step_takes_the_birth_along(boxes: Boxes, task: NativeTask) -> None:
    before = len(descriptors(shim_of(boxes)))
    client = boxes.ask_exec("true", head=PlanHead(flags=wire.PLAN_BORN, exec_id="never"))
    child = born(client)
    client.close()
    eventually(lambda: not state(child))
    eventually(lambda: len(descriptors(shim_of(boxes))) <= before)
    assert not os.path.exists(f"{boxes.dir}/one/run/exec-never")


def test_a_client_that_goes_later_leaves_the_process_to_its_end(boxes: Boxes, task: NativeTask) -> None:
    client = boxes.ask_exec("sh", "-c", "exit 8", head=PlanHead(flags=wire.PLAN_BORN, exec_id="alone"))
    child = born(client)
    os.kill(child, signal.SIGSTOP)
    client.send(wire.request(wire.Request.GO))
    client.close()
    os.kill(child, signal.SIGCONT)
    eventually(lambda: os.path.exists(f"{boxes.dir}/one/run/exec-alone"))
    with open(f"{boxes.dir}/one/run/exec-alone") as file:
        assert json.load(file)["code"] == 8


def test_the_end_of_the_container_is_the_end_of_its_births(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.ask_exec("true", head=BORN)) as client:
        child = born(client)
        task.signal(signal.SIGKILL)
        kind, packet = told(client)
        assert (kind, wire.failed(packet).signal) == (wire.Reply.FAILED, signal.SIGKILL)
        assert not state(child)
    assert task.wait(10).signal == signal.SIGKILL


def test_a_release_ends_births_that_the_container_did_not(boxes: Boxes) -> None:
    kinds = [{"type": kind} for kind in ("mount", "uts", "ipc", "network", "cgroup")]
    task = boxes.start(spec=boxes.spec("sleep", "100", linux={"namespaces": kinds}))
    with contextlib.closing(boxes.ask_exec("true", head=BORN)) as client:
        child = born(client)
        os.kill(child, signal.SIGSTOP)
        task.signal(signal.SIGKILL)
        task.wait(10)
        task.release()
        eventually(lambda: shims(boxes.dir) == [] and not state(child))


def test_a_birth_that_is_under_way_is_neither_entered_nor_started(boxes: Boxes) -> None:
    answers: list[wire.Failed] = []

    def ask(*_: object) -> None:
        boxes.specs["one"] = boxes.spec("true")
        for request in ("exec", "start"):
            with contextlib.closing(boxes.ask_exec("true") if request == "exec" else connect()) as client:
                if request == "start":
                    client.send(wire.request(wire.Request.START))
                answers.append(wire.failed(told(client)[1]))

    def connect() -> socket.socket:
        return sockets.connect(f"{boxes.dir}/one/run", SOCKET_NAME)

    boxes.start("true", waits=Waits(born=ask))
    assert [(found.stage, found.errno) for found in answers] == [(wire.Stage.STATE, errno.EBUSY)] * 2


def test_a_shim_without_descriptors_refuses_and_goes_on(boxes: Boxes, task: NativeTask) -> None:
    shim = shim_of(boxes)
    soft, hard = resource.prlimit(shim, resource.RLIMIT_NOFILE)
    before = len(descriptors(shim))
    highest = max(int(name) for name in descriptors(shim))
    for spare in range(2, 9):
        resource.prlimit(shim, resource.RLIMIT_NOFILE, (highest + spare, hard))
        with contextlib.closing(boxes.ask_exec("true", terminal=False)) as client:
            if not sockets.readable(client, 0.1):
                continue  # not even the client found a place
            kind, packet = told(client)
            assert kind == wire.Reply.STARTED or wire.failed(packet).errno == errno.EMFILE
    resource.prlimit(shim, resource.RLIMIT_NOFILE, (soft, hard))
    with contextlib.closing(boxes.exec(task, "echo", "well")) as session:
        assert everything(session) == "well\n"
    eventually(lambda: len(descriptors(shim)) <= before)


def test_a_shim_without_memory_refuses_and_goes_on(boxes: Boxes, task: NativeTask) -> None:
    shim = shim_of(boxes)
    soft, hard = resource.prlimit(shim, resource.RLIMIT_AS)
    resource.prlimit(shim, resource.RLIMIT_AS, (1 << 12, hard))
    with pytest.raises(KernelError, match="ENOMEM"):
        boxes.exec(task, "true")
    resource.prlimit(shim, resource.RLIMIT_AS, (soft, hard))
    with contextlib.closing(boxes.exec(task, "echo", "well")) as session:
        assert everything(session) == "well\n"


def test_a_thousand_births_leave_nothing_in_the_shim(boxes: Boxes, task: NativeTask) -> None:
    def some(number: int) -> None:
        for terminal in (False, True):
            with pytest.raises(CommandNotFound):
                boxes.exec(task, "nonsense", terminal=terminal)
            with contextlib.closing(boxes.exec(task, "true", terminal=terminal, stdin=not number % 2)) as session:
                everything(session)
        boxes.ask_exec("true", head=BORN).close()

    shim = shim_of(boxes)
    before = len(descriptors(shim))
    for number in range(20):
        some(number)
    eventually(lambda: children(shim) == [task.pid])
    size, resident = status(shim, "VmSize"), int(status(shim, "VmRSS").split()[0])
    for number in range(200):
        some(number)
    eventually(lambda: children(shim) == [task.pid])
    eventually(lambda: len(descriptors(shim)) <= before)
    assert status(shim, "VmSize") == size
    assert int(status(shim, "VmRSS").split()[0]) <= resident + 8
