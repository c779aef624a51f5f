"""What every runtime does, whichever it is; asked of the kernel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal

import pytest

from tests.contract.cgroups import LAYOUT
from tests.contract.runtimes import Containers, output, run_exec
from tests.kernel.boxes import collect, everything, read_until
from tests.kernel.host import eventually, namespace, shims, state, status
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, Conflict, Unsupported
from tuicont.core.runtime.base import STDERR, STDOUT, DoneStep, TaskState, Waits

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(LAYOUT.mode == "none", reason="no cgroup file system is mounted"),
]


# a life


@pytest.mark.parametrize("code", [0, 3, 255])
def test_a_container_ends_with_the_code_of_its_command(made: Containers, code: int) -> None:
    task = made.start("sh", "-c", f"exit {code}")
    ended = task.wait(20)
    assert (ended.code, ended.signal) == (code, 0)
    assert task.state is TaskState.ENDED
    with open(f"{made.dir}/one/exit") as file:
        assert json.load(file)["code"] == code


def test_a_killed_container_ends_with_128_and_the_signal(made: Containers) -> None:
    task = made.start("sleep", "100")
    assert task.state is TaskState.RUNNING
    task.signal(signal.SIGKILL)
    ended = task.wait(20)
    assert (ended.code, ended.signal) == (137, 9)


def test_a_signal_reaches_the_init(made: Containers) -> None:
    task = made.start("sh", "-c", "trap 'exit 33' TERM; echo ready; while :; do sleep 0.01; done")
    eventually(made.log, 20)
    task.signal(signal.SIGTERM)
    assert task.wait(20).code == 33


def test_waiting_has_a_limit(made: Containers) -> None:
    task = made.start("sleep", "100")
    with pytest.raises(TimeoutError):
        task.wait(0.01)


def test_the_process_is_named_by_pid_and_start_time(made: Containers) -> None:
    task = made.start("sleep", "100")
    with open(f"/proc/{task.pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    assert (int(fields[19]), int(fields[1])) == (task.start_time, shims(made.dir)[0])


def test_it_can_live_again_and_again(made: Containers) -> None:
    for code in (1, 2, 3):
        task = made.start("sh", "-c", f"echo {code}; exit {code}")
        assert task.wait(20).code == code
        task.release()
        made.runtime.clean("one", f"{made.dir}/one/run")
    assert [line.split()[3] for line in made.log()] == ["1", "2", "3"]


# isolation, and where it is


@pytest.mark.parametrize("kind", ["mnt", "pid", "uts", "ipc", "net", "cgroup"])
def test_the_init_has_namespaces_of_its_own(made: Containers, kind: str) -> None:
    task = made.start("sleep", "100")
    assert namespace(task.pid, kind) != namespace("self", kind)


def test_it_sees_its_own_root_and_name(made: Containers) -> None:
    _, text = made.run("sh", "-c", "echo $$; hostname; ls /")
    assert text.split() == ["1", "box", "bin", "dev", "proc", "sys"]


def test_the_hosts_mount_table_never_shows_the_root(made: Containers) -> None:
    made.create("sleep", "100").start(made.specs["one"])
    with open("/proc/self/mountinfo") as file:
        assert made.dir not in file.read()


def test_its_processes_are_in_the_groups_that_were_made_for_it(made: Containers) -> None:
    task = made.start("sh", "-c", "sleep 100 & sleep 100", limits={"pids": 50, "memory": 64 << 20})
    with contextlib.closing(run_exec(made, task, "sleep", "50")):
        group = made.cgroups.driver.open("one")
        eventually(lambda: len(group.processes()) >= 3, 20)
        assert task.pid in group.processes()
        for controller in ("pids", "memory"):
            assert task.pid in {int(p) for p in made.cgroups.read(controller, "cgroup.procs", "one").split()}
        assert made.cgroups.read("pids", "pids.max", "one") == "50"
        group.freeze()
        eventually(lambda: made.cgroups.driver.frozen("one"), 20)
        group.thaw()
        assert group.kill(signal.SIGKILL) >= 3
        assert task.wait(20).signal == signal.SIGKILL
    eventually(lambda: group.processes() == (), 20)
    task.release()
    made.cgroups.driver.remove("one")


def test_it_is_shown_no_group_but_its_own(made: Containers) -> None:
    listing = (
        "list() { for d in /sys/fs/cgroup /sys/fs/cgroup/*; do [ -e $d/cgroup.procs ] && cat $d/cgroup.procs; done; }"
    )
    # The program of an OCI runtime takes a moment to go, and is a 0 until then.
    gone = "until ! list | grep -q ^0$; do sleep 0.05; done"
    task = made.start("sleep", "100", limits={"pids": 50})
    seen = output(run_exec(made, task, "sh", "-c", f"{listing}; {gone}; list; true")).split()
    assert seen, "not even its own"
    assert {*seen} <= {str(number) for number in range(30)}, "processes of the host have other numbers, or 0"
    assert "0" not in seen


def test_no_descriptor_but_stdio_reaches_the_container(made: Containers) -> None:
    task = made.start("sleep", "100")
    eventually(lambda: status(task.pid, "Name") == "sleep", 20)
    assert sorted(os.listdir(f"/proc/{task.pid}/fd")) == ["0", "1", "2"]


@pytest.mark.parametrize("own", [True, False], ids=["its own null", "no null"])
def test_no_process_holds_a_file_of_the_hosts(made: Containers, own: bool) -> None:
    """Who has a descriptor of the host's /dev/null can change its owner and mode, and crun does."""
    if made.kind == "runc" and not own:
        pytest.skip("runc enters no container without a /dev/null")
    before = os.stat("/dev/null")
    remove = "" if own else "rm /dev/null;"
    task = made.start("sh", "-c", f"{remove} echo ready; exec sleep 100", hold_output=True)
    with contextlib.closing(task.attach(stdin=False)) as session:
        assert session.read(20) == (STDOUT, b"ready\n")
    user = {"uid": 7, "gid": 8}
    with contextlib.closing(run_exec(made, task, "sh", "-c", "echo ready; exec sleep 100", user=user)) as session:
        assert session.read(20) == (STDOUT, b"ready\n")
        pids = eventually(lambda: len(found := made.cgroups.driver.open("one").processes()) == 2 and found, 20)
        for pid in pids:
            inputs = os.stat(f"/proc/{pid}/fd/0")
            assert (inputs.st_dev, inputs.st_ino) != (before.st_dev, before.st_ino)
    after = os.stat("/dev/null")
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)


def test_the_user_is_the_specifications(made: Containers) -> None:
    user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]}
    process = {"user": user, "noNewPrivileges": True, "capabilities": {"bounding": ["CAP_KILL"]}}
    task = made.start(spec=made.spec("sleep", "100", process=process))
    assert status(task.pid, "Uid").split() == ["1000"] * 4
    assert {"5", "6"} <= {*status(task.pid, "Groups").split()}
    assert status(task.pid, "NoNewPrivs") == "1"
    assert int(status(task.pid, "CapBnd"), 16) == 1 << 5


# input and output


def test_output_comes_by_stream(made: Containers) -> None:
    task = made.start("sh", "-c", "echo out; echo err >&2", hold_output=True)
    with contextlib.closing(task.attach(stdin=False)) as session:
        pieces = list(iter(lambda: session.read(20), None))
    assert sorted(pieces) == [(STDOUT, b"out\n"), (STDERR, b"err\n")]


def test_held_output_waits_for_the_first_session(made: Containers) -> None:
    task = made.start("echo", "hello", hold_output=True)
    eventually(lambda: state(task.pid) in ("Z", ""), 20)
    assert not os.path.exists(f"{made.dir}/one/exit")
    assert output(task.attach(stdin=False)) == "hello\n"
    assert task.wait(20).code == 0


def test_two_sessions_both_get_all_output(made: Containers) -> None:
    task = made.start("sh", "-c", "read line; seq 1 1000", stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as one, contextlib.closing(task.attach(stdin=False)) as two:
        one.write(b"go\n")
        wanted = "".join(f"{number}\n" for number in range(1, 1001))
        assert everything(one, 20) == everything(two, 20) == wanted


def test_input_arrives_whole_and_ends(made: Containers) -> None:
    data = os.urandom(1 << 18).hex().encode()
    task = made.start("wc", "-c", stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as session:
        session.write(data)
        session.close_stdin()
        assert everything(session, 20).strip() == str(len(data))


def test_without_input_it_reads_the_end_of_it(made: Containers) -> None:
    assert made.run("sh", "-c", "cat; echo end")[1] == "end\n"


def test_the_native_runtime_gives_the_containers_own_null(made: Containers) -> None:
    if made.kind != "native":
        pytest.skip("a program of others is given a pipe that has ended: it enters the container by itself")
    task = made.start("sleep", "100")
    assert os.stat(f"/proc/{task.pid}/fd/0").st_rdev == os.makedev(1, 3)
    assert os.stat(f"/proc/{task.pid}/fd/0").st_dev == os.stat(f"/proc/{task.pid}/root/dev").st_dev


def test_a_terminal_has_the_size_that_was_asked_for(made: Containers) -> None:
    process = {"terminal": True, "consoleSize": {"height": 33, "width": 111}}
    _, text = made.run(spec=made.spec("sh", "-c", "tty; stty size", process=process))
    name, size = text.splitlines()
    assert name in ("/dev/pts/0", "/dev/console")
    assert size == "33 111"


def test_a_terminal_can_be_resized_and_its_keys_work(made: Containers) -> None:
    task = made.start(spec=made.spec("sh", process={"terminal": True}), stdin_open=True)
    with contextlib.closing(task.attach(stdin=True)) as session:
        session.resize(50, 99)
        session.write(b"stty size\n")
        read_until(session, "50 99", 20)
        session.write(b"sh -c 'echo re''ady; exec cat'\n")
        read_until(session, "ready\r\n", 20)
        session.write(b"\x03")
        read_until(session, "# ", 20)
        session.write(b"exit 5\n")
        everything(session, 20)
        assert session.exit is not None and session.exit.code == 5


def test_all_that_was_written_to_a_terminal_arrives(made: Containers) -> None:
    _, text = made.run(spec=made.spec("seq", "1", "20000", process={"terminal": True}))
    assert text.split() == [str(number) for number in range(1, 20001)]


def test_the_log_is_in_the_format_of_the_container_runtime_interface(made: Containers) -> None:
    made.start("sh", "-c", "echo one; echo two >&2; echo -n unfinished").wait(20)
    line = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) ([FP]) (.*)")
    found = sorted(match.groups() for text in made.log() if (match := line.fullmatch(text)))
    assert found == [("stderr", "F", "two"), ("stdout", "F", "one"), ("stdout", "P", "unfinished")]


# exec


def test_an_exec_is_in_the_containers_namespaces(made: Containers) -> None:
    task = made.start("sleep", "100")
    with contextlib.closing(run_exec(made, task, "sh", "-c", "hostname; read line", stdin=True)) as session:
        read_until(session, "box\n", 20)
        (running,) = task.running()  # type: ignore[attr-defined]
        for kind in ("mnt", "pid", "uts", "ipc", "net", "cgroup"):
            assert namespace(running.pid, kind) == namespace(task.pid, kind)


@pytest.mark.parametrize("code", [0, 3, 255])
def test_an_exec_has_its_own_exit_code(made: Containers, code: int) -> None:
    task = made.start("sleep", "100")
    with contextlib.closing(run_exec(made, task, "sh", "-c", f"echo out; echo err >&2; exit {code}")) as session:
        pieces = list(iter(lambda: session.read(20), None))
        assert session.exit is not None and session.exit.code == code
    assert sorted(pieces) == [(STDOUT, b"out\n"), (STDERR, b"err\n")]
    assert state(task.pid) not in ("Z", "")


def test_an_exec_that_ends_at_once_is_not_lost(made: Containers) -> None:
    task = made.start("sleep", "100")
    for number in range(20):
        with contextlib.closing(run_exec(made, task, "true", exec_id=f"e{number}")) as session:
            assert everything(session, 20) == ""
            assert session.exit is not None and session.exit.code == 0


def test_an_exec_may_have_another_user_and_a_terminal(made: Containers) -> None:
    task = made.start("sleep", "100")
    process = {"user": {"uid": 33, "gid": 34}, "terminal": True}
    with contextlib.closing(run_exec(made, task, "sh", stdin=True, rows=12, cols=34, **process)) as session:
        session.write(b"id; stty size\n")
        assert "uid=33 gid=34" in read_until(session, "12 34\r\n", 20)
        session.resize(40, 100)
        session.write(b"stty size; exit 9\n")
        assert "40 100" in everything(session, 20)
        assert session.exit is not None and session.exit.code == 9


def test_an_exec_can_be_signalled(made: Containers) -> None:
    task = made.start("sleep", "100")
    with contextlib.closing(run_exec(made, task, "sleep", "100")) as session:
        session.signal(signal.SIGKILL)
        assert session.read(20) is None
        assert session.exit is not None and session.exit.signal == signal.SIGKILL


def test_an_exec_of_nothing_is_127_and_of_a_directory_126(made: Containers) -> None:
    task = made.start("sleep", "100")
    with pytest.raises(CommandNotFound, match="nonsense"):
        run_exec(made, task, "nonsense")
    with pytest.raises(CommandNotExecutable):
        run_exec(made, task, "/bin")
    assert task.running() == ()  # type: ignore[attr-defined]
    assert not [name for name in os.listdir(f"{made.dir}/one/run") if "e1" in name]


def test_an_exec_outlives_its_session_and_leaves_its_code(made: Containers) -> None:
    task = made.start("sleep", "100")
    run_exec(made, task, "sh", "-c", "echo lost; exit 6", exec_id="mine").close()
    eventually(lambda: os.path.exists(f"{made.dir}/one/run/exec-mine"), 20)
    with open(f"{made.dir}/one/run/exec-mine") as file:
        assert json.load(file)["code"] == 6


def test_many_execs_at_once(made: Containers) -> None:
    task = made.start("sleep", "100")
    sessions = [run_exec(made, task, "sh", "-c", f"exit {number}", exec_id=f"n{number}") for number in range(5)]
    for number, session in enumerate(sessions):
        with contextlib.closing(session):
            assert collect(session) == b""
            assert session.exit is not None and session.exit.code == number


def test_an_exec_in_what_has_ended_is_refused(made: Containers) -> None:
    task = made.start("true")
    task.wait(20)
    with pytest.raises(Conflict, match="ended"):
        run_exec(made, task, "true")


# created and started


def test_what_is_created_waits_until_it_is_started(made: Containers) -> None:
    task = made.create("sh", "-c", "echo hello; exit 6")
    assert task.state is TaskState.CREATED
    with contextlib.closing(task.attach(stdin=False)) as session:
        with pytest.raises(TimeoutError):
            task.wait(0.05)
        assert namespace(task.pid, "uts") != namespace("self", "uts")
        task.start(made.specs["one"])
        assert everything(session, 20) == "hello\n"
    assert task.wait(20).code == 6


def test_a_container_is_started_once(made: Containers) -> None:
    task = made.start("sleep", "100")
    with pytest.raises(Conflict, match="already"):
        task.start(made.specs["one"])
    assert state(task.pid) not in ("Z", "")


def test_what_is_created_can_be_killed_and_that_is_its_end(made: Containers) -> None:
    task = made.create("true")
    task.signal(signal.SIGKILL)
    assert task.wait(20).signal == signal.SIGKILL
    with pytest.raises(Conflict, match="ended"):
        task.start(made.specs["one"])


def test_another_runtime_object_finds_what_is_created_and_starts_it(made: Containers) -> None:
    task = made.create("sh", "-c", "exit 8")
    again = made.new_runtime().load("one", f"{made.dir}/one/run")
    assert again is not None
    assert (again.pid, again.start_time, again.state) == (task.pid, task.start_time, TaskState.CREATED)
    again.start(made.specs["one"])
    assert again.wait(20).code == task.wait(20).code == 8
    again.close()


def test_the_caller_acts_when_the_namespaces_exist_and_before_the_command(made: Containers) -> None:
    seen: list[str] = []

    def born(pid: int, pidfd: int) -> None:
        signal.pidfd_send_signal(pidfd, 0)
        seen.append(namespace(pid, "net"))
        assert not made.log()

    waits = Waits(meanwhile=lambda: seen.append("meanwhile"), born=born)
    task = made.start("sh", "-c", "echo begun; sleep 100", waits=waits)
    assert seen == ["meanwhile", namespace(task.pid, "net")]
    eventually(made.log, 20)


@pytest.mark.parametrize("wait", ["meanwhile", "born"])
def test_what_the_caller_raises_cancels_the_birth(made: Containers, wait: str) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        made.start("true", waits=Waits(**{wait: fail}))
    eventually(lambda: made.left() == [], 20)


def test_the_steps_are_shown_or_refused_in_one_line(made: Containers) -> None:
    told: list[tuple[DoneStep, ...]] = []
    if made.kind == "native":
        made.run("true", waits=Waits(observe=told.append))
        assert told[0][-1].text == "execve true"
        return
    for waits in (Waits(observe=told.append), Waits(step=lambda _: True)):
        with pytest.raises(Unsupported, match=f"the steps of {made.kind} are its own"):
            made.start("true", waits=waits)
    assert made.left() == []
