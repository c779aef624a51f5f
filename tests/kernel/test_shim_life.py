"""What a shim keeps, for how long, and at what price: log, exit record, socket, memory."""

from __future__ import annotations

import calendar
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.kernel.boxes import Boxes, everything
from tests.kernel.host import eventually, shims, status
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, Conflict
from tuicont.core.logs.entries import LineAssembler
from tuicont.core.logs.files import LogFiles
from tuicont.core.model.request import LogOptions
from tuicont.core.shim.records import SOCKET_NAME
from tuicont.core.sys import sockets

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (stdout|stderr) ([FP]) (.*)")


def parsed(boxes: Boxes) -> list[tuple[str, ...]]:
    found = [LINE.fullmatch(line) for line in boxes.log()]
    assert all(found), boxes.log()
    return [match.groups()[1:] for match in found if match]


# the log


def test_the_log_has_every_line_by_stream(boxes: Boxes) -> None:
    boxes.start("sh", "-c", "echo one; echo; echo two >&2").wait(10)
    assert sorted(parsed(boxes)) == [("stderr", "F", "two"), ("stdout", "F", ""), ("stdout", "F", "one")]


def test_the_log_has_the_time_now(boxes: Boxes) -> None:
    before = time.time()
    boxes.start("echo", "x").wait(10)
    match = LINE.fullmatch(boxes.log()[0])
    assert match
    seconds, _, fraction = match[1].rstrip("Z").partition(".")
    told = calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction}")
    assert before - 0.01 <= told <= time.time() + 0.01


def test_an_unfinished_line_is_a_part(boxes: Boxes) -> None:
    boxes.start("sh", "-c", "echo -n unfinished").wait(10)
    assert parsed(boxes) == [("stdout", "P", "unfinished")]


def test_a_long_line_comes_in_parts_that_join(boxes: Boxes) -> None:
    boxes.start("sh", "-c", "seq -s , 1 20000").wait(10)
    lines = parsed(boxes)
    assert [part for _, part, _ in lines] == ["P"] * (len(lines) - 1) + ["F"]
    assert "".join(text for _, _, text in lines) == ",".join(str(number) for number in range(1, 20001))


def test_the_log_goes_on_in_the_next_life(boxes: Boxes) -> None:
    for word in ("first", "second"):
        task = boxes.start("echo", word)
        task.wait(10)
        task.release()
    assert [text for _, _, text in parsed(boxes)] == ["first", "second"]


def test_the_log_is_rotated_by_size(boxes: Boxes) -> None:
    """By every shim of the container: the next one goes on where this one has ended."""
    directory, newest = f"{boxes.dir}/one", 0
    for first, last in ((1, 2500), (2501, 5000)):
        task = boxes.start("seq", str(first), str(last), log=LogOptions(max_size=40000, max_files=3))
        task.wait(10)
        task.release()
        numbers = sorted(int(name[4:]) for name in os.listdir(directory) if name.startswith("log."))
        assert numbers == [numbers[1] - 1, numbers[1]] and numbers[1] > newest
        newest = numbers[1]
    text = ""
    for name in (*(f"log.{number}" for number in numbers), "log"):
        assert os.path.getsize(f"{directory}/{name}") <= 40000
        with open(f"{directory}/{name}") as file:
            for line in file:
                _, _, part, number = line.split()
                text += number + ("\n" if part == "F" else "")
    kept = text.split()[1:]
    assert kept == [str(number) for number in range(int(kept[0]), 5001)]


def test_one_file_is_begun_anew(boxes: Boxes) -> None:
    boxes.start("seq", "1", "5000", log=LogOptions(max_size=40000, max_files=1)).wait(10)
    assert [name for name in os.listdir(f"{boxes.dir}/one") if name.startswith("log")] == ["log"]
    assert boxes.log()[-1].endswith(" 5000")


def test_what_is_followed_is_kept_until_it_is_read(boxes: Boxes) -> None:
    """Though the files come and go faster than anybody looks; and no more of them than is bearable."""
    path, options = f"{boxes.dir}/one/log", LogOptions(max_size=4096, max_files=1)
    boxes.start("seq", "5000", log=options).wait(10)
    assert not [name for name in os.listdir(f"{boxes.dir}/one") if name.startswith("log.")], "nobody follows yet"
    files = LogFiles(path, follow=True)
    before = len(list(files.entries()))
    boxes.start("seq", "5000", name="two", log=options, log_path=path).wait(10)
    assert sum(name.startswith("log.") for name in os.listdir(f"{boxes.dir}/one")) > 9
    assembler = LineAssembler()
    lines = [line.text for line in map(assembler.add, files.entries()) if line is not None]
    assert before and lines == [str(number) for number in range(1, 5001)]
    files.close()


def test_a_reader_that_never_reads_fills_no_disk(boxes: Boxes) -> None:
    path = f"{boxes.dir}/one/log"
    boxes.start("echo", log_path=path).wait(10)
    files = LogFiles(path, follow=True)
    assert list(files.entries())
    options = LogOptions(max_size=4096, max_files=2)
    boxes.start("seq", "60000", name="two", log=options, log_path=path).wait(20)
    assert sum(name.startswith("log.") for name in os.listdir(f"{boxes.dir}/one")) <= 257
    files.close()


def test_a_full_disk_does_not_stop_the_container(boxes: Boxes) -> None:
    small = f"{boxes.dir}/small"
    os.mkdir(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        task = boxes.start("seq", "1", "50000", log_path=f"{small}/log", hold_output=True)
        with contextlib.closing(task.attach(stdin=False)) as session:
            assert everything(session).endswith("50000\n")
        assert task.wait(10).code == 0
        with open(f"{small}/log") as file:
            assert all(LINE.fullmatch(line.rstrip("\n")) for line in file)
    finally:
        task.release()
        eventually(lambda: not shims(boxes.dir))
        subprocess.run(["umount", small], check=True)


# the end


def test_the_exit_record_is_there_before_anybody_is_told(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "exit 12")
    status = task.wait(10)
    with open(f"{boxes.dir}/one/exit") as file:
        assert json.load(file) == {"code": 12, "signal": 0, "time_ns": status.time_ns}
    assert not os.path.exists(f"{boxes.dir}/one/exit.tmp")


def test_a_shim_stays_until_it_is_released_and_then_leaves_nothing(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "sleep 100")
    boxes.exec(task, "true", exec_id="a").close()
    while task.running():
        pass
    task.signal(signal.SIGKILL)
    task.wait(10)
    assert len(shims(boxes.dir)) == 1
    assert sorted(os.listdir(f"{boxes.dir}/one/run")) == ["exec-a", "shim.sock"]
    task.release()
    eventually(lambda: shims(boxes.dir) == [])


def test_only_root_may_connect(boxes: Boxes) -> None:
    boxes.start("sleep", "100")
    assert os.stat(f"{boxes.dir}/one/run/shim.sock").st_mode & 0o777 == 0o600


# outliving the engine

ENGINE = """
import sys
sys.path.insert(0, {tests!r})
from tests.kernel.boxes import Boxes
boxes = Boxes()
task = boxes.start("sh", "-c", "echo before; read line; echo $line; exit 21", stdin_open=True)
print(boxes.dir, task.pid, task.start_time, flush=True)
sys.stdin.readline()
"""


def test_a_container_outlives_its_engine_and_is_found_again(boxes: Boxes) -> None:
    code = ENGINE.format(tests=os.getcwd())
    engine = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert engine.stdout
    directory, pid, start_time = engine.stdout.readline().split()
    engine.kill()
    engine.wait()
    try:
        boxes.specs["one"] = boxes.spec("")
        task = boxes.runtime.load("one", f"{directory}/one/run")
        assert task is not None
        assert (task.pid, task.start_time) == (int(pid), int(start_time))
        with contextlib.closing(boxes.exec(task, "hostname")) as session:
            assert everything(session) == "box\n"
        with contextlib.closing(task.attach(stdin=True)) as session:
            session.write(b"after\n")
            assert everything(session) == "after\n"
        assert task.wait(10).code == 21
        with open(f"{directory}/one/log") as file:
            assert [line.split()[3] for line in file] == ["before", "after"]
        task.release()
        eventually(lambda: shims(directory) == [])
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)


def test_a_container_that_ended_alone_is_found_with_its_code(boxes: Boxes) -> None:
    boxes.start("sh", "-c", "exit 4").wait(10)
    again = boxes.new_runtime().load("one", f"{boxes.dir}/one/run")
    assert again is not None
    assert again.wait(10).code == 4
    again.release()


def test_where_no_shim_is_there_is_no_task(boxes: Boxes) -> None:
    assert boxes.runtime.load("none", f"{boxes.dir}/none") is None
    task = boxes.start("sleep", "100")
    (shim,) = shims(boxes.dir)
    os.kill(shim, signal.SIGKILL)
    os.kill(task.pid, signal.SIGKILL)
    os.waitpid(shim, 0x40000000)
    assert os.path.exists(f"{boxes.dir}/one/run/shim.sock")
    assert boxes.runtime.load("one", f"{boxes.dir}/one/run") is None


def test_a_shim_that_nobody_can_reach_any_more_goes_with_its_container(boxes: Boxes) -> None:
    task = boxes.start("sleep", "100")
    (shim,) = shims(boxes.dir)
    task.close()
    shutil.rmtree(f"{boxes.dir}/one/run")
    time.sleep(0.1)
    assert status(shim, "State")[0] == "S", "while its container runs it stays"
    os.kill(task.pid, signal.SIGKILL)
    eventually(lambda: not shims(boxes.dir))


def test_a_shim_that_was_stopped_is_said_to_be_there_and_not_to_answer(boxes: Boxes) -> None:
    boxes.start("sleep", "100")
    (shim,) = shims(boxes.dir)
    run_dir, runtime = f"{boxes.dir}/one/run", boxes.new_runtime()
    waiting = []
    os.kill(shim, signal.SIGSTOP)
    try:
        with pytest.raises(Conflict, match="its shim has not answered for 3 s"):
            runtime.load("one", run_dir)
        with pytest.raises(TimeoutError):
            while True:
                waiting.append(sockets.connect(run_dir, SOCKET_NAME, 0.01))
        assert runtime.alive(run_dir)
        with pytest.raises(Conflict, match="has not accepted for 1 s"):
            runtime.load("one", run_dir)
    finally:
        os.kill(shim, signal.SIGCONT)
        for connection in waiting:
            connection.close()
    task = runtime.load("one", run_dir)
    assert task is not None
    task.close()


def test_a_long_run_root_is_no_obstacle(boxes: Boxes) -> None:
    deep = f"{boxes.dir}/" + "/".join(["d" * 50] * 5)
    os.makedirs(deep)
    task = boxes.start("sleep", "100", run_dir=deep)
    again = boxes.runtime.load("one", deep)
    assert again is not None and again.pid == task.pid
    again.close()


# the reaper


def test_a_reaper_runs_the_command_as_its_child_and_ends_as_it_does(boxes: Boxes) -> None:
    ended, text = boxes.run("sh", "-c", "ps; exit 7", reaper=True)
    assert ended.code == 7
    assert re.search(r"\b1 0 +\S*tuicont-init", text)


def test_a_reaper_reaps_orphans(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "(sleep 0.01 & ) ; (true & ) ; exec sleep 100", reaper=True)
    while [name_of(pid) for pid in children(task.pid)] != ["sleep"]:
        pass


def name_of(pid: int) -> str:
    try:
        return status(pid, "Name")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def test_a_reaper_passes_signals_on(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "trap 'exit 33' TERM; echo ready; while :; do sleep 0.01; done", reaper=True)
    while not boxes.log():
        pass
    task.signal(signal.SIGTERM)
    assert task.wait(10).code == 33


def test_a_reaper_of_a_killed_command_says_so(boxes: Boxes) -> None:
    ended, _ = boxes.run("sh", "-c", "kill -9 $$", reaper=True)
    assert ended.code == 137


def test_a_reaper_gives_the_command_the_terminal(boxes: Boxes) -> None:
    spec = boxes.spec("sh", "-c", "cat /proc/self/stat", process={"terminal": True})
    _, text = boxes.run(spec=spec, reaper=True)
    fields = text.rpartition(")")[2].split()
    assert fields[2] == fields[5], "it is not in the foreground"


def test_a_command_that_is_not_there_is_127_under_a_reaper_too(boxes: Boxes) -> None:
    with pytest.raises(CommandNotFound):
        boxes.start("nonsense", reaper=True)
    with pytest.raises(CommandNotExecutable):
        boxes.start("/bin", reaper=True)


# memory


def test_a_shim_is_small(boxes: Boxes) -> None:
    task = boxes.start("sh", "-c", "seq 1 10000; sleep 100")
    boxes.exec(task, "true").close()
    (shim,) = shims(boxes.dir)
    with open(f"/proc/{shim}/smaps_rollup") as file:
        (pss,) = [int(line.split()[1]) for line in file if line.startswith("Pss:")]
    assert pss <= 120


def test_orphans_of_a_container_without_a_pid_namespace_are_reaped(boxes: Boxes) -> None:
    kinds = [{"type": kind} for kind in ("mount", "uts", "ipc", "network", "cgroup")]
    spec = boxes.spec("sh", "-c", "(sleep 0.01 & ) ; exec sleep 100", linux={"namespaces": kinds})
    task = boxes.start(spec=spec)
    (shim,) = shims(boxes.dir)
    while children(shim) != [task.pid]:
        pass
