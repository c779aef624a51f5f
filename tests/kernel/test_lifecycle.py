"""One container from create to remove, asserted by reading the kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.kernel.host import (
    cgroup_directories,
    cgroup_file,
    eventually,
    leftovers,
    namespace,
    shims,
    state,
    status,
)
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import (
    AlreadyExists,
    CommandNotExecutable,
    CommandNotFound,
    Conflict,
    EngineError,
    Invalid,
    NotFound,
)
from tuicont.core.model.container import Container, LogQuery
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest, TmpfsMount
from tuicont.core.model.state import State
from tuicont.core.sys.record_locks import RecordLocks


def run(engine: LocalEngine, *command: str, **fields: object) -> Container:
    """Create and start."""
    request = ContainerRequest(image="demo", command=command or ("sleep", "1000"), **fields)  # type: ignore[arg-type]
    return engine.tasks.start(engine.containers.create(request).id)


def output(engine: LocalEngine, *command: str, **fields: object) -> str:
    """What a container that ends by itself wrote."""
    container = run(engine, *command, **fields)
    engine.tasks.wait(container.id, 10)
    return "\n".join(line.text for line in engine.views.logs(container.id))


def test_a_running_container_has_its_own_namespaces(engine: LocalEngine) -> None:
    container = run(engine)
    for kind in ("mnt", "uts", "pid", "net", "ipc", "cgroup"):
        assert namespace(container.pid, kind) != namespace("self", kind)
    assert namespace(container.pid, "user") == namespace("self", "user")
    assert status(container.pid, "NSpid").split()[-1] == "1"


def test_host_network_is_the_host_s(engine: LocalEngine) -> None:
    assert namespace(run(engine, network="host").pid, "net") == namespace("self", "net")


def test_it_sees_its_image_and_nothing_of_the_host(engine: LocalEngine, root: str) -> None:
    assert "missing" in output(engine, "sh", "-c", f"[ -e {root} ] && echo there || echo missing")
    container = run(engine)
    with open(f"/proc/{container.pid}/mountinfo") as file:
        mounts = {line.split()[4]: line.partition(" - ")[2].split()[0] for line in file}
    assert mounts["/"] == "overlay"
    assert {"/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"} <= mounts.keys()
    with open("/proc/self/mountinfo") as file:
        assert not [line for line in file if container.id in line]


def test_start_wait_and_remove_leave_nothing(engine: LocalEngine, root: str) -> None:
    container = run(engine, "sh", "-c", "echo hi > /new; exit 3")
    assert engine.tasks.wait(container.id, 10).code == 3
    assert engine.containers.get(container.id).state is State.EXITED
    assert not cgroup_directories(engine.cgroup_parent, container.id)
    eventually(lambda: not shims(root))
    engine.containers.remove(container.id)
    eventually(lambda: leftovers(root, engine.cgroup_parent) == [])
    with pytest.raises(NotFound):
        engine.containers.get(container.id)


def test_a_stopped_container_starts_again_with_what_it_wrote(engine: LocalEngine) -> None:
    container = run(engine, "sh", "-c", "echo x >> /count; wc -l < /count")
    engine.tasks.wait(container.id, 10)
    engine.tasks.start(container.id)
    engine.tasks.wait(container.id, 10)
    assert [line.text.strip() for line in engine.views.logs(container.id)] == ["1", "2"]


def test_its_volumes_are_free_when_its_end_is_told(engine: LocalEngine, tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(tmp_path)], check=True)
    try:
        for _ in range(20):
            container = run(engine, "true", mounts=(BindMount(source=str(tmp_path), target="/data"),))
            engine.tasks.wait(container.id, 10)
            subprocess.run(["umount", str(tmp_path)], check=True)
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(tmp_path)], check=True)
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_its_files_are_not_mounted_a_second_time_before_they_are_unmounted(
    engine: LocalEngine, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = RecordLocks(f"{root}/run/snapshots")
    container = run(engine)
    with locks.attempt(container.id) as held:
        assert not held
    engine.tasks.kill(container.id)
    eventually(lambda: not shims(root))
    monkeypatch.setattr("tuicont.core.engine.locks._UNMOUNT_SECONDS", 0.1)
    with locks.attempt(container.id) as held:
        assert held
        with pytest.raises(Conflict, match="still in use"):
            engine.tasks.start(container.id)
        with pytest.raises(Conflict, match="still in use"):
            next(engine.files.copy_out(container.id, "/etc"))
    assert engine.tasks.start(container.id).state is State.RUNNING


def test_it_starts_again_and_again_with_what_it_wrote(engine: LocalEngine) -> None:
    container = run(engine, "sh", "-c", "echo line >> /file; exec sleep 1000")
    for count in range(1, 20):
        written = Path(f"/proc/{container.pid}/root/file")
        eventually(lambda file=written, count=count: file.exists() and file.read_text() == "line\n" * count)
        container = engine.tasks.restart(container.id, timeout=0)


def test_freeze_stops_every_process_and_thaw_lets_them_go_on(engine: LocalEngine) -> None:
    container = run(engine, "sh", "-c", "while :; do :; done")

    def ticks() -> str:
        with open(f"/proc/{container.pid}/stat") as file:
            return file.read().split()[13]

    eventually(lambda: int(ticks()) > 0)
    assert engine.tasks.pause(container.id).state is State.PAUSED
    frozen = ticks()
    with pytest.raises(Conflict, match="it is paused, not running"):
        engine.tasks.pause(container.id)
    assert ticks() == frozen
    assert engine.tasks.unpause(container.id).state is State.RUNNING
    eventually(lambda: ticks() != frozen)


def test_stop_asks_first_and_kills_after_the_time_out(engine: LocalEngine) -> None:
    polite = run(engine, "sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done")
    eventually(lambda: int(status(polite.pid, "SigCgt"), 16) & (1 << (signal.SIGTERM - 1)))
    assert engine.tasks.stop(polite.id).exit.code == 7  # type: ignore[union-attr]
    deaf = run(engine, "sh", "-c", "trap '' TERM; while :; do sleep 0.05; done")
    eventually(lambda: int(status(deaf.pid, "SigIgn"), 16) & (1 << (signal.SIGTERM - 1)))
    assert engine.tasks.stop(deaf.id, timeout=0.1).exit.code == 137  # type: ignore[union-attr]
    assert state(deaf.pid) == ""


@pytest.mark.parametrize("paused", [False, True])
def test_kill_ends_a_container_even_frozen(engine: LocalEngine, paused: bool) -> None:
    container = run(engine)
    if paused:
        engine.tasks.pause(container.id)
    killed = engine.tasks.kill(container.id)
    assert killed.exit is not None
    assert (killed.exit.code, killed.exit.signal) == (137, 9)
    assert state(container.pid) == ""


def test_a_fork_bomb_ends_in_one_kill(engine: LocalEngine) -> None:
    container = run(engine, "sh", "-c", "f() { f | f & }; f; sleep 1000", limits=Limits(pids=64))
    group = (engine.cgroup_parent, container.id)
    # It has hit its limit; what dies of that may leave it below.
    eventually(lambda: int(cgroup_file(*group, "pids.events").split()[1]) > 0)
    engine.tasks.kill(container.id)
    eventually(lambda: not cgroup_directories(*group))


def test_limits_are_in_the_kernel_s_files(engine: LocalEngine) -> None:
    limits = Limits(memory=64 << 20, pids=50, cpus=0.5, cpuset_cpus="0", cpu_shares=512)
    container = run(engine, limits=limits)
    group = (engine.cgroup_parent, container.id)
    assert cgroup_file(*group, "memory.limit_in_bytes", "memory.max") == str(64 << 20)
    assert cgroup_file(*group, "pids.max") == "50"
    assert cgroup_file(*group, "cpuset.cpus") == "0"
    assert cgroup_file(*group, "cpu.cfs_quota_us", "cpu.max").split()[0] == "50000"
    engine.containers.update(container.id, Limits(memory=128 << 20, pids=60))
    assert cgroup_file(*group, "memory.limit_in_bytes", "memory.max") == str(128 << 20)
    assert cgroup_file(*group, "pids.max") == "60"


def test_too_much_memory_is_ended_by_the_kernel_and_said_so(engine: LocalEngine) -> None:
    container = run(engine, "eat-memory", "64", limits=Limits(memory=16 << 20, memory_swap=16 << 20))
    ended = engine.tasks.wait(container.id, 30)
    events = engine.events.past(subject=container.id)
    assert "/tasks/oom" in [event.topic for event in events]
    assert ended.code != 0


def test_exec_runs_in_the_same_namespaces_and_answers_with_its_code(engine: LocalEngine) -> None:
    container = run(engine)
    session = engine.tasks.exec(container.id, ExecRequest(command=("sh", "-c", "readlink /proc/self/ns/net; exit 5")))
    text = b""
    while (piece := session.read(5)) is not None:
        text += piece[1]
    assert text.decode().strip() == namespace(container.pid, "net")
    assert session.exit is not None
    assert session.exit.code == 5


@pytest.mark.parametrize(
    ("command", "error"), [("nothing-there", CommandNotFound), ("/etc/passwd", CommandNotExecutable)]
)
def test_a_command_that_cannot_run_leaves_nothing_behind(
    engine: LocalEngine, root: str, command: str, error: type[EngineError]
) -> None:
    container = engine.containers.create(ContainerRequest(image="demo", command=(command,)))
    with pytest.raises(error, match=command):
        engine.tasks.start(container.id)
    assert not shims(root)
    assert not cgroup_directories(engine.cgroup_parent, container.id)
    assert engine.containers.get(container.id).state is State.CREATED


def test_mounts_appear_as_asked(engine: LocalEngine, root: str) -> None:
    os.mkdir(f"{root}/data")
    with open(f"{root}/data/file", "w") as file:
        file.write("from the host")
    mounts = (
        BindMount(source=f"{root}/data", target="/data", read_only=True),
        TmpfsMount(target="/scratch", options="size=1m"),
    )
    script = "cat /data/file; echo; touch /data/x 2>/dev/null || echo refused; touch /scratch/y && echo wrote"
    assert output(engine, "sh", "-c", script, mounts=mounts).split("\n") == ["from the host", "refused", "wrote"]
    assert os.listdir(f"{root}/data") == ["file"]


def test_a_mount_source_that_is_not_there_is_refused(engine: LocalEngine, root: str) -> None:
    request = ContainerRequest(
        image="demo", command=("true",), mounts=(BindMount(source=f"{root}/nothing", target="/data"),)
    )
    with pytest.raises(EngineError, match="nothing"):
        engine.tasks.start(engine.containers.create(request).id)


def test_bad_requests_make_nothing(engine: LocalEngine) -> None:
    good = engine.containers.create(ContainerRequest(image="demo", name="taken"))
    for request, error in [
        (ContainerRequest(image="demo", name="taken"), AlreadyExists),
        (ContainerRequest(image="demo", name="no/slash"), Invalid),
        (ContainerRequest(image="no-such-image"), NotFound),
        (ContainerRequest(image="demo", limits=Limits(memory=100)), Invalid),
        (ContainerRequest(image="demo", limits=Limits(cpuset_cpus="4000")), Invalid),
    ]:
        with pytest.raises(error):
            engine.containers.create(request)
    assert [c.id for c in engine.containers.list()] == [good.id]


def test_another_process_sees_and_stops_the_container(engine: LocalEngine, root: str) -> None:
    container = run(engine)
    stream = engine.events.follow()
    opened = f"from tuicont.core.engine.open import open_engine; engine = open_engine({root!r})"
    code = f"{opened}; engine.tasks.stop({container.id!r}, timeout=0)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
    topics = [event.topic for event in stream.next(5)]
    stream.close()
    assert "/tasks/kill" in topics
    assert engine.containers.get(container.id).state is State.EXITED


def test_a_container_outlives_its_engine_with_log_and_exit_code(root: str) -> None:
    code = (
        "from tuicont.core.engine.open import open_engine\n"
        "from tuicont.core.model.request import ContainerRequest\n"
        f"e = open_engine({root!r})\n"
        "c = e.containers.create(ContainerRequest(image='demo', name='lives', command=('sh', '-c', "
        "'echo begun; while [ ! -e /go ]; do sleep 0.02; done; echo done; exit 4')))\n"
        "e.tasks.start(c.id)\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == -signal.SIGKILL
    engine = open_engine(root)
    container = engine.containers.get("lives")
    assert container.state is State.RUNNING
    assert state(container.pid)
    with open(f"/proc/{container.pid}/root/go", "w"):
        pass
    assert engine.tasks.wait("lives", 60).code == 4
    assert [line.text for line in engine.views.logs("lives", LogQuery())] == ["begun", "done"]
    engine.close()


def test_a_killed_shim_takes_its_container_along(engine: LocalEngine, root: str) -> None:
    container = run(engine)
    (shim,) = shims(root)
    os.kill(shim, signal.SIGKILL)
    eventually(lambda: not shims(root))
    engine.close()
    again = open_engine(root)
    ended = again.containers.get(container.id)
    assert ended.state is State.EXITED
    assert "shim" in ended.error
    assert state(container.pid) in ("", "Z", "X")  # whose zombie it is, is the host's business
    again.close()


def test_a_corrupt_database_loses_no_container(engine: LocalEngine, root: str) -> None:
    running, stopped = run(engine, name="first"), engine.containers.create(ContainerRequest(image="demo", name="down"))
    engine.containers.rename("first", "up")
    engine.containers.update("up", Limits(pids=33))
    engine.close()
    for suffix in ("-wal", "-shm"):
        if os.path.exists(f"{root}/tuicont.db{suffix}"):
            os.unlink(f"{root}/tuicont.db{suffix}")
    with open(f"{root}/tuicont.db", "wb") as file:
        file.write(os.urandom(8192))
    again = open_engine(root)
    assert again.containers.get("up").state is State.RUNNING
    assert again.containers.get("up").pid == running.pid
    assert again.containers.limits("up").pids == 33
    assert again.containers.get("down").id == stopped.id
    assert any("corrupt" in note for note in again.host.info().notes)
    again.tasks.start("down")
    again.close()


def test_the_engine_s_raised_limit_of_open_files_is_not_passed_on(engine: LocalEngine) -> None:
    engine.metrics.snapshot()
    container = run(engine)
    with open(f"/proc/{container.pid}/limits") as file:
        (limit,) = [line.split() for line in file if line.startswith("Max open files")]
    assert limit[3] == "1024"


@pytest.mark.parametrize("paused", [False, True])
def test_a_restart_is_no_end_for_a_container_that_is_to_be_removed_at_its_end(
    engine: LocalEngine, root: str, paused: bool
) -> None:
    """Even when somebody else sees it stop."""
    request = ContainerRequest(image="demo", command=("sleep", "1000"), auto_remove=True, stop_timeout=0.3)
    container = engine.tasks.start(engine.containers.create(request).id)
    if paused:
        engine.tasks.pause(container.id)
    with closing(open_engine(root)) as other:
        watching = threading.Thread(target=other.tasks.wait, args=(container.id,))
        watching.start()
        again = engine.tasks.restart(container.id)
        watching.join()
        assert again.pid != container.pid and state(again.pid) in ("R", "S")
        assert other.containers.get(container.id).restarts == 1
    engine.tasks.kill(container.id)
    with pytest.raises(NotFound):
        engine.containers.get(container.id)


@pytest.mark.parametrize("user", ["", "nobody"])
def test_an_exec_in_what_has_just_ended_says_so(engine: LocalEngine, user: str) -> None:
    container = run(engine)
    os.kill(container.pid, signal.SIGKILL)
    eventually(lambda: state(container.pid) in ("", "Z"))
    with pytest.raises(Conflict, match="it has just ended"):
        engine.tasks.exec(container.id, ExecRequest(command=("true",), user=user))
