"""Talking to processes through the shim: attach, exec, terminals, standard input, back-pressure."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time

import pytest

from tests.kernel.boxes import Boxes, collect, everything, read_until
from tests.kernel.host import eventually, namespace, shims, status
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, Conflict, KernelError, NotFound
from tuicont.core.runtime.base import STDERR, STDOUT
from tuicont.core.runtime.native.task import NativeTask


@pytest.fixture
def task(boxes: Boxes) -> NativeTask:
    return boxes.start("sleep", "100")


# attach


def test_output_comes_by_stream(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "echo out; echo err >&2", hold_output=True)
    with contextlib.closing(task.attach(stdin=False)) as session:
        pieces = list(iter(lambda: session.read(10), None))
        assert sorted(pieces) == [(STDOUT, b"out\n"), (STDERR, b"err\n")]
        assert session.exit is not None and session.exit.code == 0


def test_held_output_waits_even_for_one_who_comes_after_the_end(boxes: Boxes) -> None:
    task = boxes.start("echo", "hello", hold_output=True)
    while not wait_gone(task.pid):
        pass
    assert not os.path.exists(f"{boxes.dir}/one/exit")
    with contextlib.closing(task.attach(stdin=False)) as session:
        assert everything(session) == "hello\n"
    assert os.path.exists(f"{boxes.dir}/one/exit")


def wait_gone(pid: int) -> bool:
    try:
        return "Z" in status(pid, "State")
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_attaching_to_what_has_ended_tells_the_end(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "exit 9")
    task.wait(10)
    with contextlib.closing(task.attach(stdin=False)) as session:
        assert session.read(10) is None
        assert session.exit is not None and session.exit.code == 9


def test_two_sessions_both_get_all_output(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "read line; seq 1 1000", stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as one, contextlib.closing(task.attach(stdin=False)) as two:
        one.write(b"go\n")
        wanted = "".join(f"{number}\n" for number in range(1, 1001))
        assert everything(one) == everything(two) == wanted


def test_input_without_a_terminal_ends_when_its_session_says_so(boxes: Boxes) -> None:
    task = boxes.start("cat", stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as session:
        session.write(b"abc")
        assert read_until(session, "abc") == "abc"
        session.close_stdin()
        assert everything(session) == ""
    assert task.wait(10).code == 0


def test_the_inits_input_waits_for_the_next_session(boxes: Boxes) -> None:
    """However the last one has gone: it may have been killed."""
    task = boxes.start("cat", stdin_open=True)
    for word in ("one", "two"):
        with contextlib.closing(task.attach(stdin=True)) as session:
            session.write(word.encode())
            assert read_until(session, word) == word
    task.signal(signal.SIGKILL)
    assert task.wait(10).signal == signal.SIGKILL


def test_an_execs_input_ends_with_its_session(boxes: Boxes, task: NativeTask) -> None:
    boxes.exec(task, "cat", stdin=True).close()
    wait_until(lambda: not task.running())


def test_without_stdin_open_the_input_is_the_containers_null_device(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    assert os.stat(f"/proc/{task.pid}/fd/0").st_rdev == os.makedev(1, 3)
    assert os.stat(f"/proc/{task.pid}/fd/0").st_dev == os.stat(f"/proc/{task.pid}/root/dev").st_dev


def test_more_input_than_a_pipe_holds_arrives_whole(boxes: Boxes) -> None:
    data = os.urandom(1 << 20).hex().encode()
    task = boxes.start("wc", "-c", stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as session:
        session.write(data)
        session.close_stdin()
        assert everything(session).strip() == str(len(data))


# exec


def test_an_exec_is_in_the_containers_namespaces(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", "-c", "hostname; ps; read line", stdin=True)) as session:
        read_until(session, "sleep 100")
        (running,) = task.running()
        for kind in ("mnt", "pid", "uts", "ipc", "net", "cgroup"):
            assert namespace(running.pid, kind) == namespace(task.pid, kind)


@pytest.mark.parametrize("code", [0, 3, 255])
def test_an_exec_has_its_own_exit_code(boxes: Boxes, task: NativeTask, code: int) -> None:
    with contextlib.closing(boxes.exec(task, "sh", "-c", f"exit {code}")) as session:
        everything(session)
        assert session.exit is not None and session.exit.code == code


def test_an_exec_can_be_signalled(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sleep", "100")) as session:
        session.signal(signal.SIGTERM)
        assert session.read(10) is None
        assert session.exit is not None and session.exit.code == 128 + signal.SIGTERM


def test_an_exec_of_nothing_is_127_and_of_a_directory_126(boxes: Boxes, task: NativeTask) -> None:
    with pytest.raises(CommandNotFound):
        boxes.exec(task, "nonsense")
    with pytest.raises(CommandNotExecutable):
        boxes.exec(task, "/bin")


def test_an_exec_that_fails_leaves_no_descriptor_in_the_shim(boxes: Boxes, task: NativeTask) -> None:
    (shim,) = shims(boxes.dir)
    before = len(os.listdir(f"/proc/{shim}/fd"))
    for terminal in (False, True):
        with pytest.raises(CommandNotFound):
            boxes.exec(task, "nonsense", terminal=terminal)
    assert task.running() == ()
    wait_until(lambda: len(os.listdir(f"/proc/{shim}/fd")) == before)


def test_an_exec_in_what_has_ended_is_refused(boxes: Boxes) -> None:
    task = boxes.start("true")
    task.wait(10)
    with pytest.raises(Conflict, match="ended"):
        boxes.exec(task, "true")


def test_an_exec_outlives_its_session_and_leaves_its_code(boxes: Boxes, task: NativeTask) -> None:
    boxes.exec(task, "sh", "-c", "echo lost; exit 6", exec_id="mine").close()
    while task.running():
        pass
    with open(f"{boxes.dir}/one/run/exec-mine") as file:
        assert '"code":6' in file.read()


def test_a_code_that_was_taken_leaves_no_record(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", "-c", "exit 6", exec_id="taken")) as session:
        assert session.read(10) is None and session.exit is not None
    eventually(lambda: os.listdir(f"{boxes.dir}/one/run") == ["shim.sock"])


def test_a_code_that_came_and_was_not_read_leaves_its_record(boxes: Boxes, task: NativeTask) -> None:
    session = boxes.exec(task, "sh", "-c", "exit 6", exec_id="unread")
    while task.running():
        pass
    assert select.select([session], [], [], 10)[0]
    session.close()
    task.running()  # answered after the end of the session
    assert sorted(os.listdir(f"{boxes.dir}/one/run")) == ["exec-unread", "shim.sock"]


def test_of_execs_that_nobody_waits_for_the_last_ones_are_remembered(boxes: Boxes, task: NativeTask) -> None:
    for number in range(100):
        boxes.exec(task, "true", exec_id=f"{number:03}").close()
    while task.running():
        pass
    left = sorted(name for name in os.listdir(f"{boxes.dir}/one/run") if name.startswith("exec-"))
    assert len(left) == 64
    assert left[-1] == "exec-099" and left[0] > "exec-020"


def test_the_end_of_the_container_ends_its_execs(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sleep", "100")) as session:
        task.signal(signal.SIGKILL)
        assert session.read(10) is None
        assert session.exit is not None and session.exit.code == 137


def test_a_background_process_does_not_keep_the_exec_from_ending(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", "-c", "sleep 50 & echo done")) as session:
        assert everything(session) == "done\n"


def test_no_descriptor_but_stdio_reaches_an_exec(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", "-c", "echo; read line", stdin=True)) as session:
        read_until(session, "\n")
        (running,) = task.running()
        assert {"0", "1", "2"} == {fd for fd in os.listdir(f"/proc/{running.pid}/fd") if int(fd) < 10}


# terminals


def test_a_terminal_is_a_terminal_and_has_its_size(boxes: Boxes) -> None:
    process = {"terminal": True, "consoleSize": {"height": 33, "width": 111}}
    _, text = boxes.run(spec=boxes.spec("sh", "-c", "tty; stty size; cat /proc/1/stat", process=process))
    lines = text.splitlines()
    assert lines[:2] == ["/dev/pts/0", "33 111"]
    assert int(lines[2].rpartition(")")[2].split()[4]) != 0, "it has no controlling terminal"


def test_the_console_of_a_container_is_its_terminal(boxes: Boxes) -> None:
    _, text = boxes.run(spec=boxes.spec("sh", "-c", "echo to the console >/dev/console", process={"terminal": True}))
    assert text == "to the console\r\n"


def test_a_resize_is_seen_inside(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", terminal=True, stdin=True, rows=10, cols=20)) as session:
        session.write(b"stty size\n")
        read_until(session, "10 20")
        session.resize(50, 99)
        session.write(b"stty size\n")
        read_until(session, "50 99")


def test_an_interrupt_key_interrupts(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", "-c", "echo ready; cat", terminal=True, stdin=True)) as session:
        read_until(session, "ready")
        session.write(b"\x03")
        everything(session)
        assert session.exit is not None and session.exit.code == 128 + signal.SIGINT


def test_the_end_of_input_of_a_terminal_is_its_key(boxes: Boxes, task: NativeTask) -> None:
    with contextlib.closing(boxes.exec(task, "sh", terminal=True, stdin=True)) as session:
        read_until(session, "#")
        session.close_stdin()
        everything(session)
        assert session.exit is not None and session.exit.code == 0


def test_all_that_was_written_to_a_terminal_arrives(boxes: Boxes) -> None:
    _, text = boxes.run(spec=boxes.spec("seq", "1", "20000", process={"terminal": True}))
    assert text.split() == [str(number) for number in range(1, 20001)]


# back-pressure


def test_a_session_that_does_not_read_stops_the_process_and_not_the_shims_memory(boxes: Boxes) -> None:
    task = boxes.start("dd", "if=/dev/zero", "bs=64k", "count=160", hold_output=True)
    (shim,) = shims(boxes.dir)
    with contextlib.closing(task.attach(stdin=False)) as session:
        wait_until(lambda: os.readlink(f"/proc/{task.pid}/exe") and blocked_in_write(task.pid))
        assert int(status(shim, "VmRSS").split()[0]) < 1024
        assert len(collect(session)) == 160 * 65536
    assert task.wait(10).code == 0


def test_a_session_that_is_gone_does_not_stop_the_process(boxes: Boxes) -> None:
    task = boxes.start("dd", "if=/dev/zero", "bs=64k", "count=160", hold_output=True, log_path="")
    task.attach(stdin=False).close()
    assert task.wait(10).code == 0


def test_a_reader_in_another_thread_lets_input_and_output_flow_both_ways(boxes: Boxes) -> None:
    task = boxes.start("cat", stdin_open=True)
    data = b"0123456789abcdef" * 65536
    with contextlib.closing(task.attach(stdin=True)) as session:
        found: list[bytes] = []
        reader = threading.Thread(target=lambda: found.append(collect(session)))
        reader.start()
        session.write(data)
        session.close_stdin()
        reader.join(20)
        assert found == [data]


def wait_until(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        os.sched_yield()


def blocked_in_write(pid: int) -> bool:
    with open(f"/proc/{pid}/wchan") as file:
        return "pipe" in file.read()


def test_waiting_has_a_limit(boxes: Boxes, task: NativeTask) -> None:
    with pytest.raises(TimeoutError):
        task.wait(0.01)
    with contextlib.closing(task.attach(stdin=False)) as session, pytest.raises(TimeoutError):
        session.read(0.01)


def test_many_threads_can_wait(boxes: Boxes, task: NativeTask) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(task.wait(10).code)) for _ in range(5)]
    for thread in threads:
        thread.start()
    task.signal(signal.SIGKILL)
    for thread in threads:
        thread.join(10)
    assert codes == [137] * 5


def test_a_shim_that_was_killed_is_told_as_such(boxes: Boxes, task: NativeTask) -> None:
    (shim,) = shims(boxes.dir)
    os.kill(shim, signal.SIGKILL)
    with pytest.raises(NotFound):
        task.wait(10)
    with pytest.raises((NotFound, KernelError)):
        task.attach(stdin=False)
    os.kill(task.pid, signal.SIGKILL)
