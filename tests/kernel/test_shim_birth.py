"""The birth of a container by its shim: what it is isolated from, how it ends, and how it fails."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.kernel.boxes import MOUNTS, Boxes
from tests.kernel.host import namespace, shims, state, status
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, Conflict, Denied, EngineError, KernelError
from tuicont.core.runtime import ops
from tuicont.core.runtime.base import DoneStep, Step, Waits
from tuicont.core.storage.base import RootMount


def mounts(pid: int) -> dict[str, list[str]]:
    """Of a process: target → fields of its line in mountinfo, the topmost mount of each target."""
    with open(f"/proc/{pid}/mountinfo") as file:
        return {line.split()[4]: line.split() for line in file}


@pytest.mark.parametrize("kind", ["mnt", "pid", "uts", "ipc", "net", "cgroup"])
def test_the_init_has_a_namespace_of_its_own(boxes: Boxes, kind: str) -> None:
    task = boxes.start("sleep", "100")
    assert namespace(task.pid, kind) != namespace("self", kind)


def test_a_namespace_that_was_not_asked_for_is_the_hosts(boxes: Boxes) -> None:
    kinds = [{"type": kind} for kind in ("mount", "pid", "uts", "ipc", "cgroup")]
    task = boxes.start(spec=boxes.spec("sleep", "100", linux={"namespaces": kinds}, mounts=list(MOUNTS[:3])))
    assert namespace(task.pid, "net") == namespace("self", "net")


def test_the_init_is_process_one_and_sees_only_its_own_root(boxes: Boxes) -> None:
    ended, text = boxes.run("sh", "-c", "echo $$; hostname; ls /")
    assert ended.code == 0
    assert text.split() == ["1", "box", "bin", "dev", "proc", "sys"]


def test_nothing_of_the_container_is_in_the_hosts_mount_table(boxes: Boxes) -> None:
    boxes.start("sleep", "100")
    assert not [target for target in mounts(os.getpid()) if target.startswith(boxes.dir)]


def test_the_process_is_named_by_pid_and_start_time(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    with open(f"/proc/{task.pid}/stat") as file:
        assert int(file.read().rpartition(")")[2].split()[19]) == task.start_time


def test_no_descriptor_but_stdio_reaches_the_container(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    assert sorted(os.listdir(f"/proc/{task.pid}/fd")) == ["0", "1", "2"]


def test_signals_are_neither_blocked_nor_ignored_in_the_container(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    assert int(status(task.pid, "SigBlk"), 16) == 0
    assert int(status(task.pid, "SigIgn"), 16) == 0


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_commands(boxes: Boxes, code: int) -> None:
    ended, _ = boxes.run("sh", "-c", f"exit {code}")
    assert (ended.code, ended.signal) == (code, 0)


def test_a_killed_init_has_128_plus_the_signal(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    task.signal(signal.SIGKILL)
    ended = task.wait(10)
    assert (ended.code, ended.signal) == (137, 9)


def test_a_command_that_is_not_there_is_127(boxes: Boxes) -> None:
    with pytest.raises(CommandNotFound, match="nonsense"):
        boxes.start("nonsense")


@pytest.mark.parametrize("path", ["/etc/file", "/bin"])
def test_a_command_that_cannot_be_executed_is_126(boxes: Boxes, path: str) -> None:
    os.makedirs(f"{boxes.rootfs}/etc")
    with open(f"{boxes.rootfs}/etc/file", "w") as file:
        file.write("text\n")
    with pytest.raises(CommandNotExecutable):
        boxes.start(path)


def test_rights_are_those_of_the_specification(boxes: Boxes) -> None:
    process = {
        "user": {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]},
        "noNewPrivileges": True,
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128}],
        "capabilities": {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]},
    }
    task = boxes.start(spec=boxes.spec("sleep", "100", process=process))
    assert status(task.pid, "Uid").split() == ["1000"] * 4
    assert status(task.pid, "Gid").split() == ["1001"] * 4
    assert status(task.pid, "Groups").split() == ["5", "6"]
    assert status(task.pid, "NoNewPrivs") == "1"
    assert int(status(task.pid, "CapBnd"), 16) == 1 << 5
    with open(f"/proc/{task.pid}/limits") as file:
        assert "Max open files            64                   128" in file.read()


def test_a_user_can_open_the_output_it_was_given(boxes: Boxes) -> None:
    _, text = boxes.run(
        spec=boxes.spec("sh", "-c", "echo hi >/dev/stdout", process={"user": {"uid": 1000, "gid": 1000}})
    )
    assert text == "hi\n"


def test_a_bind_mount_shows_the_hosts_directory_read_only(boxes: Boxes) -> None:
    os.mkdir(f"{boxes.dir}/shared")
    bind = {"destination": "/data/deep", "type": "bind", "source": f"{boxes.dir}/shared", "options": ["rbind", "ro"]}
    task = boxes.start(spec=boxes.spec("sleep", "100", mounts=[*MOUNTS, bind]))
    assert "ro" in mounts(task.pid)["/data/deep"][5].split(",")
    with open(f"{boxes.dir}/shared/seen", "w") as file:
        file.write("x")
    assert os.path.exists(f"/proc/{task.pid}/root/data/deep/seen")


def test_paths_are_hidden_or_made_read_only(boxes: Boxes) -> None:
    linux = {"maskedPaths": ["/proc/version", "/sys/firmware", "/none"], "readonlyPaths": ["/proc/sys", "/none"]}
    task = boxes.start(spec=boxes.spec("sleep", "100", linux=linux))
    table = mounts(task.pid)
    assert "ro" in table["/proc/sys"][5]
    assert os.stat(f"/proc/{task.pid}/root/proc/version").st_rdev == os.makedev(1, 3)
    assert os.listdir(f"/proc/{task.pid}/root/sys/firmware") == []


def test_the_program_of_a_reaper_cannot_be_written_from_inside(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100", reaper=True)
    with pytest.raises(OSError) as refused:
        os.open(f"/proc/{task.pid}/exe", os.O_WRONLY)
    assert refused.value.errno in (errno.EROFS, errno.ETXTBSY)
    os.kill(task.pid, signal.SIGTERM)
    task.wait(10)


# failing


def overlay_missing(boxes: Boxes) -> dict[str, Any]:
    mount = RootMount(fstype="overlay", source="overlay", options="lowerdir=/nonexistent")
    return {"root_mounts": (mount,)}


FAILURES: dict[str, tuple[ops.Operation, int]] = {
    "cgroup": (ops.EnterCgroup("/nonexistent"), errno.ENOENT),
    "propagation": (ops.SetPropagation("/nonexistent", 1 << 18), errno.ENOENT),
    "unshare": (ops.Unshare(1), errno.EINVAL),
    "root": (ops.MountRoot("", "x", "/nonexistent", "overlay", "", 0), errno.ENOENT),
    "tree": (ops.OpenTree(0, "/nonexistent", False), errno.ENOENT),
    "tree slot": (ops.OpenTree(99, "/", False), errno.EBADMSG),
    "empty slot": (ops.PlaceTree(0, "/x", 0, False), errno.EBADMSG),
    "pivot": (ops.PivotRoot("/nonexistent"), errno.ENOENT),
    "mount": (ops.Mount("none", "/tmp", "nosuchfs", "", 0), errno.ENODEV),
    "attributes": (ops.SetMountAttributes("/nonexistent", 1, False), errno.ENOENT),
    "hostname": (ops.SetHostname("x" * 100), errno.EINVAL),
    "rlimit": (ops.SetRlimit(99, 0, 0), errno.EINVAL),
    "seccomp": (ops.InstallSeccomp(b"\0" * 8, 0), errno.EINVAL),
    "directory": (ops.ChangeDirectory("/nonexistent", ops.Turn.ONLY), errno.ENOENT),
    "namespaces": (ops.EnterNamespaces(0), errno.EBADF),
    "oom score": (ops.SetOomScoreAdj(99999), errno.EINVAL),
    "end of plan": (ops.SetUmask(0), errno.EBADMSG),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_operation_is_told_with_its_errno(boxes: Boxes, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    operation, number = FAILURES[name]
    monkeypatch.setattr(boxes.runtime, "plan", lambda *_, **__: (ops.SetUmask(0o22), operation))
    with pytest.raises(KernelError) as failed:
        boxes.start("true")
    assert failed.value.errno == number
    assert failed.value.stage.endswith("operation 2 of 2")


def test_a_failed_mount_of_the_root_leaves_nothing(boxes: Boxes) -> None:
    with pytest.raises(EngineError, match="lowerdir=/nonexistent"):
        boxes.start("true", **overlay_missing(boxes))
    assert os.listdir(f"{boxes.dir}/one/run") == []
    assert shims(boxes.dir) == []


def test_a_path_that_is_not_there_is_named_as_the_failure(boxes: Boxes) -> None:
    with pytest.raises(EngineError, match="no such file"):
        boxes.start("true", run_dir=f"{boxes.dir}/none/none")


def test_a_log_that_cannot_be_written_stops_nobody(boxes: Boxes) -> None:
    task = boxes.start("echo", "unheard", log_path=f"{boxes.dir}/none/none")
    assert task.wait(10).code == 0


def test_an_init_that_is_killed_before_it_executes_is_told_as_such(boxes: Boxes) -> None:
    def kill(step: Step) -> bool:
        if step.text.startswith("sethostname"):
            for pid in children_of_shims(boxes.dir):
                os.kill(pid, signal.SIGKILL)
        return True

    with pytest.raises(KernelError, match=r"died before reporting \(signal 9\)") as failed:
        boxes.start("true", waits=Waits(step=kill))
    assert failed.value.stage.startswith("operation ")
    assert os.listdir(f"{boxes.dir}/one/run") == []


def children_of_shims(directory: str) -> list[int]:
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/cwd").startswith(directory):
                with open(f"/proc/{name}/task/{name}/children") as file:
                    found += [int(pid) for pid in file.read().split()]
        except OSError:
            continue
    return found


def test_a_birth_can_be_watched_step_by_step(boxes: Boxes) -> None:
    seen: list[tuple[Step, str]] = []

    def look(step: Step) -> bool:
        (init,) = children_of_shims(boxes.dir)
        seen.append((step, state(init)))
        return True

    task = boxes.start("sh", "-c", "exit 5", waits=Waits(step=look))
    assert task.wait(10).code == 5
    assert [step.index for step, _ in seen] == list(range(seen[0][0].count))
    assert seen[-1][0].text == "execve sh"
    assert any(step.text.startswith("pivot_root") and step.part == "root file system" for step, _ in seen)
    assert {letter for _, letter in seen} <= {"R", "S"}


def test_a_birth_that_is_not_let_go_on_leaves_nothing(boxes: Boxes) -> None:
    with pytest.raises(Conflict, match="cancelled"):
        boxes.start("true", waits=Waits(step=lambda step: not step.text.startswith("pivot_root")))
    assert os.listdir(f"{boxes.dir}/one/run") == []
    assert shims(boxes.dir) == []


def test_every_operation_is_timed_when_somebody_observes(boxes: Boxes) -> None:
    told: list[tuple[DoneStep, ...]] = []
    boxes.run("true", waits=Waits(observe=told.append))
    (steps,) = told
    assert [step.index for step in steps] == list(range(steps[0].count))
    assert all(step.errno == 0 and step.nanoseconds > 0 for step in steps)
    assert [step.began_ns for step in steps] == sorted(step.began_ns for step in steps)


def test_what_was_done_before_a_failure_is_told_to_who_observes(boxes: Boxes) -> None:
    told: list[tuple[DoneStep, ...]] = []
    with pytest.raises(CommandNotFound):
        boxes.start("nonsense", waits=Waits(observe=told.append))
    assert [step.errno for step in told[0]] == [0] * (told[0][0].count - 1) + [errno.ENOENT]


# hostile images


def link_proc(rootfs: str) -> None:
    os.symlink("/../../../../tmp", f"{rootfs}/proc")


def link_sys(rootfs: str) -> None:
    os.mkdir(f"{rootfs}/real")
    os.symlink("real", f"{rootfs}/sys")


@pytest.mark.parametrize("prepare", [link_proc, link_sys])
def test_a_link_where_the_kernel_s_own_file_systems_go_is_refused(boxes: Boxes, prepare: Callable[[str], None]) -> None:
    prepare(boxes.rootfs)
    with pytest.raises(KernelError) as failed:
        boxes.start("true")
    assert failed.value.errno == errno.ELOOP


def test_a_link_at_dev_stays_inside(boxes: Boxes) -> None:
    outside = f"{boxes.dir}/tmp"
    os.symlink(f"../../../../../..{outside}", f"{boxes.rootfs}/dev")
    task = boxes.start("sleep", "100")
    assert os.listdir(outside) == []
    assert os.path.lexists(f"/proc/{task.pid}/root{outside}/null")


def test_a_mount_target_that_leads_out_stays_inside(boxes: Boxes) -> None:
    outside = f"{boxes.dir}/tmp"
    os.symlink(outside, f"{boxes.rootfs}/data")
    bind = {"destination": "/data/in", "type": "bind", "source": boxes.rootfs, "options": ["rbind"]}
    task = boxes.start(spec=boxes.spec("sleep", "100", mounts=[*MOUNTS, bind]))
    assert os.listdir(outside) == []
    assert f"{outside}/in" in mounts(task.pid)


@pytest.mark.parametrize("over", ["/m", "/link"])
def test_a_mount_goes_into_what_was_mounted_before_it(boxes: Boxes, over: str) -> None:
    os.mkdir(f"{boxes.rootfs}/m")
    os.symlink("m", f"{boxes.rootfs}/link")
    targets = ["/m/first", "/m/second", over, "/m/third", "/m/fourth"]
    mounts = [{"destination": target, "type": "tmpfs", "source": "tmpfs"} for target in targets]
    task = boxes.start("sleep", "100", spec=boxes.spec("sleep", "100", mounts=[*MOUNTS, *mounts]))
    assert sorted(os.listdir(f"/proc/{task.pid}/root/m")) == ["fourth", "third"]
    with open(f"/proc/{task.pid}/mountinfo") as file:
        table = [line.split() for line in file]
    (covering,) = (row[0] for row in table if row[4] == "/m")
    assert {row[4] for row in table if row[1] == covering} == {"/m/third", "/m/fourth"}


def test_links_to_what_is_missing_are_followed_inside(boxes: Boxes) -> None:
    os.mkdir(f"{boxes.rootfs}/etc")
    os.symlink("../run/stub/resolv.conf", f"{boxes.rootfs}/etc/resolv.conf")
    source = f"{boxes.dir}/tmp/resolv.conf"
    with open(source, "w") as file:
        file.write("nameserver 192.0.2.1\n")
    bind = {"destination": "/etc/resolv.conf", "type": "bind", "source": source, "options": ["bind"]}
    _, text = boxes.run(spec=boxes.spec("cat", "/run/stub/resolv.conf", mounts=[*MOUNTS, bind]))
    assert text == "nameserver 192.0.2.1\n"


def test_links_that_lead_in_a_circle_are_refused(boxes: Boxes) -> None:
    for here, there in ("ab", "ba"):
        os.symlink(there, f"{boxes.rootfs}/{here}")
    mount = {"destination": "/a/in", "type": "tmpfs", "source": "tmpfs", "options": []}
    with pytest.raises(KernelError) as failed:
        boxes.start(spec=boxes.spec("true", mounts=[*MOUNTS, mount]))
    assert failed.value.errno == errno.ELOOP


def test_a_long_chain_of_links_to_nothing_is_refused(boxes: Boxes) -> None:
    for number in range(40):
        os.symlink(f"missing/../{number + 1}", f"{boxes.rootfs}/{number}")
    mount = {"destination": "/0", "type": "tmpfs", "source": "tmpfs", "options": []}
    with pytest.raises(KernelError) as failed:
        boxes.start(spec=boxes.spec("true", mounts=[*MOUNTS, mount]))
    assert failed.value.errno == errno.ELOOP


def test_a_working_directory_cannot_be_a_magic_link(boxes: Boxes) -> None:
    with pytest.raises((KernelError, Denied)) as failed:
        boxes.start(spec=boxes.spec("true", process={"cwd": "/proc/self/fd/5"}))
    assert getattr(failed.value, "errno", 0) in (errno.ELOOP, errno.EEXIST, errno.ENOENT, 0)
