"""What an image or a process inside a container tries against those who handle it from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest

from tests.kernel.boxes import MOUNTS, Boxes, everything
from tests.kernel.host import eventually, state
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import Denied, EngineError
from tuicont.core.model.request import ContainerRequest, ExecRequest

# working directories by way of descriptors (CVE-2024-21626)


@pytest.mark.parametrize("number", range(16))
def test_no_descriptor_is_a_way_out_for_the_working_directory(boxes: Boxes, number: int) -> None:
    for path in (f"/proc/self/fd/{number}", f"/proc/self/fd/{number}/../../..", f"/link{number}"):
        with contextlib.suppress(FileExistsError):
            os.symlink(f"/proc/self/fd/{number}", f"{boxes.rootfs}/link{number}")
        with pytest.raises(EngineError):
            boxes.start("true", name="start", spec=boxes.spec("true", process={"cwd": path}))
    task = boxes.start("sleep", "100")
    for path in (f"/proc/self/fd/{number}", f"/proc/1/fd/{number}", f"/link{number}", "/proc/1/cwd/.."):
        with pytest.raises(EngineError):
            boxes.exec(task, "true", cwd=path)
    task.signal(signal.SIGKILL)


def test_the_working_directory_is_below_the_root_that_the_process_has(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    with contextlib.closing(boxes.exec(task, "ls", "-di", "/", "..", "../../..", cwd="/bin")) as session:
        found = {line.split()[0] for line in everything(session).splitlines()}
    assert len(found) == 1


# mounts that cover a part of /proc


@pytest.mark.parametrize("link", [None, "/proc/self", "/proc/sys", "../proc/self/fd", "/proc"])
def test_nothing_is_mounted_inside_proc(boxes: Boxes, link: str | None) -> None:
    target = "/proc/self/attr" if link is None else "/data"
    if link is not None:
        os.symlink(link, f"{boxes.rootfs}/data")
    bind = {"destination": target, "type": "bind", "source": f"{boxes.dir}/tmp", "options": ["rbind"]}
    tmpfs = {"destination": target, "type": "tmpfs", "source": "tmpfs"}
    for mount in (bind, tmpfs):
        with pytest.raises(Denied, match="/proc"):
            boxes.start("true", spec=boxes.spec("true", mounts=[*MOUNTS, mount]))


def test_files_that_tell_of_the_machine_may_be_replaced(boxes: Boxes) -> None:
    with open(f"{boxes.dir}/tmp/uptime", "w") as file:
        file.write("12.00 34.00\n")
    mount = {
        "destination": "/proc/uptime",
        "type": "bind",
        "source": f"{boxes.dir}/tmp/uptime",
        "options": ["bind", "ro"],
    }
    status, text = boxes.run(spec=boxes.spec("cat", "/proc/uptime", mounts=[*MOUNTS, mount]))
    assert (status.code, text) == (0, "12.00 34.00\n")


# a container that stops whatever is made in it

STOPPER = """
while :; do
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        case $pid in 1 | $$) ;; *) kill -STOP $pid 2>/dev/null ;; esac
    done
done
"""


@pytest.mark.parametrize("verb", ["kill", "remove"])
def test_a_container_that_stops_every_new_process_can_still_be_ended(engine: LocalEngine, verb: str) -> None:
    request = ContainerRequest(image="demo", command=("sh", "-c", STOPPER))
    container = engine.tasks.start(engine.containers.create(request).id)
    stuck: list[threading.Thread] = []

    def execute() -> None:
        with contextlib.suppress(EngineError):
            engine.tasks.exec(container.id, ExecRequest(command=("sleep", "1000"))).close()

    for _ in range(20):
        thread = threading.Thread(target=execute, daemon=True)
        thread.start()
        thread.join(0.2)
        stuck += [thread] if thread.is_alive() else []
        if stuck:
            break
    if verb == "kill":
        engine.tasks.kill(container.id)
    else:
        engine.containers.remove(container.id, force=True)
    eventually(lambda: state(container.pid) == "")
    for thread in stuck:
        thread.join(10)
        assert not thread.is_alive()


# ends that are not ends


def test_what_outlives_its_starter_with_the_pipes_open_does_not_keep_the_shim(boxes: Boxes) -> None:
    status, text = boxes.run("sh", "-c", "sleep 1000 & echo over")
    assert (status.code, text) == (0, "over\n")
    task = boxes.start("sleep", "100", name="two")
    with contextlib.closing(boxes.exec(task, "sh", "-c", "sleep 1000 & echo over")) as session:
        assert everything(session) == "over\n"
        assert session.exit is not None and session.exit.code == 0
