"""What is refused: one clear error each, and nothing half-made."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kernel.footprint import assert_clear, nothing_stays
from tests.kernel.host import eventually, shims, state
from tests.support import require
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
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest, TmpfsMount, Ulimit
from tuicont.core.model.state import State

pytestmark = pytest.mark.host_only  # nothing here depends on the kernel's version or cgroups

MIB = 1 << 20


def request(*command: str, **fields: object) -> ContainerRequest:
    return ContainerRequest(image="demo", command=command or ("sleep", "1000"), **fields)  # type: ignore[arg-type]


# what create refuses

REFUSED: dict[str, tuple[ContainerRequest, type[EngineError], tuple[str, ...]]] = {
    "an unknown image": (ContainerRequest(image="no-such"), NotFound, ("no-such", "hint: ")),
    "a reference that is none": (ContainerRequest(image="UPPER//x"), Invalid, ("UPPER//x",)),
    "no image": (ContainerRequest(image=""), Invalid, ("image",)),
    "a name in use": (request(name="taken"), AlreadyExists, ("taken",)),
    "a name with a slash": (request(name="a/b"), Invalid, ("a/b",)),
    "a name that leads out": (request(name="../../etc"), Invalid, ("../../etc",)),
    "a name that is too long": (request(name="n" * 129), Invalid, ("n" * 129,)),
    "too little memory": (request(limits=Limits(memory=4095)), Invalid, ("4095", "a page")),
    "swap below memory": (request(limits=Limits(memory=64 * MIB, memory_swap=MIB)), Invalid, ("memory",)),
    "a processor that is not there": (request(limits=Limits(cpuset_cpus="0,4000")), Invalid, ("4000", "0-")),
    "a memory node that is not there": (request(limits=Limits(cpuset_mems="77")), Invalid, ("77",)),
    "no list of processors": (request(limits=Limits(cpuset_cpus="a-b")), Invalid, ("a-b",)),
    "more processors than there are": (request(limits=Limits(cpus=4000)), Invalid, ("4000",)),
    "no process at all": (request(limits=Limits(pids=0)), Invalid, ("pids",)),
    "a mount source that is missing": (
        request(mounts=(BindMount(source="/no/such/source", target="/data"),)),
        Invalid,
        ("/no/such/source",),
    ),
    "a mount over the root": (request(mounts=(TmpfsMount(target="/x/../"),)), Invalid, ("/",)),
    "a tmpfs option that is none": (request(mounts=(TmpfsMount(target="/t", options="lowerdir=/"),)), Invalid, ("/t",)),
    "a network that is not built": (request(network="bridge"), Invalid, ("bridge", "none, host")),
    "a capability that is none": (request(cap_add=("CAP_FLY",)), Invalid, ("CAP_FLY",)),
    "a sysctl of the host": (request(sysctls=(("vm.swappiness", "1"),)), Invalid, ("vm.swappiness",)),
    "a ulimit that is none": (request(ulimits=(Ulimit(name="wings", soft=1, hard=1),)), Invalid, ("wings",)),
    "a stop signal that is none": (request(stop_signal="SIGNOPE"), Invalid, ("SIGNOPE",)),
    "a variable without name": (request(env=("=x",)), Invalid, ("=x",)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_create_refuses(engine: LocalEngine, root: str, what: str) -> None:
    engine.containers.create(request(name="taken"))
    wrong, category, named = REFUSED[what]
    with nothing_stays(engine, root), pytest.raises(category) as refused:
        engine.containers.create(wrong)
    assert_clear(refused.value, *named)


def test_a_name_can_be_taken_again_when_it_is_free(engine: LocalEngine) -> None:
    first = engine.containers.create(request(name="one"))
    other = engine.containers.create(request(name="two"))
    with pytest.raises(AlreadyExists) as refused:
        engine.containers.rename(other.id, "one")
    assert_clear(refused.value, "one")
    engine.containers.remove(first.id)
    assert engine.containers.rename(other.id, "one").name == "one"


# what cannot be run

UNRUNNABLE: dict[str, tuple[tuple[str, ...], type[EngineError], str]] = {
    "a command that is not there": (("nothing-there",), CommandNotFound, "nothing-there"),
    "a path that is not there": (("/no/such/program",), CommandNotFound, "/no/such/program"),
    "a file that is not executable": (("/etc/passwd",), CommandNotExecutable, "/etc/passwd"),
    "a directory": (("/etc",), CommandNotExecutable, "/etc"),
}


@pytest.mark.parametrize(
    ("user", "groups", "named"), [("nobody-knows", (), "nobody-knows"), ("", ("strangers",), "strangers")]
)
def test_who_is_not_known_when_it_starts_is_refused_then(
    engine: LocalEngine, root: str, user: str, groups: tuple[str, ...], named: str
) -> None:
    with nothing_stays(engine, root):
        container = engine.containers.create(request(user=user, group_add=groups))
        with pytest.raises(Invalid) as refused:
            engine.tasks.start(container.id)
        assert_clear(refused.value, named)
        engine.containers.remove(container.id)


@pytest.mark.parametrize("what", UNRUNNABLE)
def test_a_command_that_cannot_run_leaves_a_container_that_can_be_removed(
    engine: LocalEngine, root: str, what: str
) -> None:
    command, category, named = UNRUNNABLE[what]
    with nothing_stays(engine, root):
        container = engine.containers.create(request(*command))
        with nothing_stays(engine, root), pytest.raises(category) as refused:
            engine.tasks.start(container.id)
        assert_clear(refused.value, f"cannot start {container.name}", named)
        engine.containers.remove(container.id)


@pytest.mark.parametrize("what", UNRUNNABLE)
def test_exec_of_it_hurts_nobody(engine: LocalEngine, root: str, what: str) -> None:
    command, category, named = UNRUNNABLE[what]
    container = engine.tasks.start(engine.containers.create(request()).id)
    with nothing_stays(engine, root), pytest.raises(category) as refused:
        engine.tasks.exec(container.id, ExecRequest(command=command))
    assert_clear(refused.value, container.name, named)
    assert os.path.exists(f"/proc/{container.pid}")


def test_a_source_that_goes_after_create_is_told_by_start(engine: LocalEngine, root: str) -> None:
    os.mkdir(f"{root}/data")
    container = engine.containers.create(request(mounts=(BindMount(source=f"{root}/data", target="/data"),)))
    os.rmdir(f"{root}/data")
    with nothing_stays(engine, root), pytest.raises(EngineError) as refused:
        engine.tasks.start(container.id)
    assert_clear(refused.value, f"cannot start {container.name}", f"{root}/data", "ENOENT")


# what a state forbids


def created(engine: LocalEngine) -> Container:
    return engine.containers.create(request())


def running(engine: LocalEngine) -> Container:
    return engine.tasks.start(created(engine).id)


def paused(engine: LocalEngine) -> Container:
    return engine.tasks.pause(running(engine).id)


def exited(engine: LocalEngine) -> Container:
    return engine.tasks.kill(running(engine).id)


VERBS: dict[str, Callable[[LocalEngine, str], object]] = {
    "start": lambda engine, ref: engine.tasks.start(ref),
    "stop": lambda engine, ref: engine.tasks.stop(ref),
    "kill": lambda engine, ref: engine.tasks.kill(ref),
    "pause": lambda engine, ref: engine.tasks.pause(ref),
    "unpause": lambda engine, ref: engine.tasks.unpause(ref),
    "exec": lambda engine, ref: engine.tasks.exec(ref, ExecRequest(command=("true",))),
    "attach": lambda engine, ref: engine.tasks.attach(ref),
    "top": lambda engine, ref: engine.views.processes(ref),
    "remove": lambda engine, ref: engine.containers.remove(ref),
}
FORBIDDEN = {
    created: ("stop", "kill", "pause", "unpause", "exec", "attach", "top"),
    running: ("start", "unpause", "remove"),
    paused: ("start", "pause", "exec", "remove"),
    exited: ("stop", "kill", "pause", "unpause", "exec", "attach", "top"),
}


@pytest.mark.parametrize("make", FORBIDDEN, ids=lambda make: make.__name__)
def test_a_state_forbids(engine: LocalEngine, root: str, make: Callable[[LocalEngine], Container]) -> None:
    container = make(engine)
    # The shim of one that was killed is unmounting its root.
    eventually(lambda: container.state.alive or not shims(root))
    for verb in FORBIDDEN[make]:
        with nothing_stays(engine, root), pytest.raises(Conflict) as refused:
            VERBS[verb](engine, container.id)
        assert_clear(refused.value, f"{verb} ", container.name, f"it is {make.__name__}, not ")


def test_of_two_starts_at_once_one_is_refused_and_the_other_lives(engine: LocalEngine, root: str) -> None:
    engines = (engine, open_engine(root))
    together = threading.Barrier(2)

    def start(one: LocalEngine, ref: str) -> EngineError | None:
        together.wait()
        try:
            one.tasks.start(ref)
        except EngineError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            container = created(engine)
            refused = list(filter(None, pool.map(start, engines, (container.id, container.id))))
            assert [type(error) for error in refused] == [Conflict]
            now = engine.containers.get(container.id)
            assert now.state is State.RUNNING
            assert state(now.pid) in ("S", "R", "D")
            engine.containers.remove(container.id, force=True)
    engines[1].close()


LOOKS: dict[str, Callable[[LocalEngine, str], object]] = {
    "logs": lambda engine, ref: list(engine.views.logs(ref)),
    "diff": lambda engine, ref: engine.views.diff(ref),
    "loss": lambda engine, ref: engine.containers.loss(ref),
    "limits": lambda engine, ref: engine.containers.limits(ref),
    "inspect": lambda engine, ref: engine.containers.inspect(ref),
    "sample": lambda engine, ref: engine.metrics.sample(ref),
    "history": lambda engine, ref: engine.metrics.history(ref),
    "copy_out": lambda engine, ref: list(engine.files.copy_out(ref, "/etc")),
}


@pytest.mark.parametrize("verb", [*VERBS, *LOOKS])
def test_what_is_not_there_is_said(engine: LocalEngine, root: str, verb: str) -> None:
    act = (VERBS | LOOKS)[verb]
    with nothing_stays(engine, root), pytest.raises(NotFound) as refused:
        act(engine, "nobody")
    assert_clear(refused.value, "nobody")


def test_the_beginning_of_two_ids_names_neither(engine: LocalEngine) -> None:
    seen: dict[str, str] = {}
    while True:
        container = engine.containers.create(request())
        if (other := seen.setdefault(container.id[0], container.id)) != container.id:
            break
    with pytest.raises(EngineError) as refused:
        engine.containers.get(other[0])
    assert_clear(refused.value, other[0])


def test_limits_that_cannot_be_leave_the_old_ones(engine: LocalEngine) -> None:
    container = engine.tasks.start(engine.containers.create(request(limits=Limits(memory=64 * MIB, pids=20))).id)
    old = engine.containers.limits(container.id)
    before = {f.path: f.value for f in engine.views.cgroup_files(container.id) if "limit" in f.path or "max" in f.path}
    for limits in (Limits(memory=100), Limits(pids=0), Limits(cpuset_cpus="4000"), Limits(cpus=-1.0)):
        with pytest.raises(Invalid) as refused:
            engine.containers.update(container.id, limits)
        assert_clear(refused.value, f"cannot update {container.name}")
    after = {f.path: f.value for f in engine.views.cgroup_files(container.id) if f.path in before}
    changing = ("usage", "failcnt", "peak")
    assert {k: v for k, v in after.items() if not any(c in k for c in changing)} == {
        k: v for k, v in before.items() if not any(c in k for c in changing)
    }
    assert engine.containers.limits(container.id) == old


# links that lead out of a root


@pytest.fixture
def outside(root: str) -> Iterator[Path]:
    """A directory of the host with a secret; `cp` and `-v` must never come here."""
    place = Path(root, "outside")
    place.mkdir()
    (place / "secret").write_text("of the host")
    yield place
    assert sorted(os.listdir(place)) == ["secret"]
    assert (place / "secret").read_text() == "of the host"


def linked(engine: LocalEngine, outside: Path) -> Container:
    """A running container with links to the host's directory in every way that a path can be written."""
    script = f"ln -s {outside} /abs; ln -s ../../../../../../..{outside} /rel; ln -s /proc/1/root{outside} /magic; "
    container = engine.tasks.start(
        engine.containers.create(request("sh", "-c", f"{script} touch /ready; sleep 1000")).id
    )
    eventually(lambda: os.path.exists(f"/proc/{container.pid}/root/ready"))
    return container


def archive(name: str, data: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    file.seek(0)
    return file


@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
@pytest.mark.parametrize("link", ["/abs", "/rel", "/magic"])
def test_cp_does_not_follow_a_link_out(engine: LocalEngine, outside: Path, link: str, stopped: bool) -> None:
    container = linked(engine, outside)
    if stopped:
        engine.tasks.kill(container.id)
    with pytest.raises(EngineError) as refused:
        b"".join(engine.files.copy_out(container.id, f"{link}/secret", follow=True))
    assert_clear(refused.value, f"{link}/secret")
    with pytest.raises(EngineError) as refused:
        engine.files.copy_in(container.id, link, archive("planted", b"x"))
    assert_clear(refused.value, link)


@pytest.mark.parametrize("link", ["/abs", "/rel", "/magic"])
def test_a_mount_target_does_not_follow_a_link_out(
    engine: LocalEngine, root: str, outside: Path, tmp_path: Path, link: str
) -> None:
    """The container itself puts the link where its next start will mount."""
    (tmp_path / "file").write_text("mounted")
    script = (
        f"if [ -e /second ]; then sleep 1000; fi; touch /second; mv /in /away; "
        f"ln -s {outside} /abs; ln -s ../../../../..{outside} /rel; "
        f"ln -s /proc/self/root{outside} /magic; ln -s {link} /in"
    )
    mounts = (BindMount(source=str(tmp_path), target="/in/new"),)
    container = engine.containers.create(request("sh", "-c", script, mounts=mounts, cap_add=("SYS_ADMIN",)))
    engine.tasks.start(container.id)
    assert engine.tasks.wait(container.id, 20).code == 0
    try:
        again = engine.tasks.start(container.id)
    except EngineError as error:
        assert_clear(error, f"cannot start {container.name}", "/in/new")
    else:
        inside = Path(f"/proc/{again.pid}/root{outside}/new")
        assert (inside / "file").read_text() == "mounted"
    with open("/proc/self/mountinfo") as file:
        assert not [line for line in file if str(outside) in line]


# the command line says the same, with docker's exit codes


def cli(root: str, *words: str, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    words = (*prefix, sys.executable, "-m", "tuicont", "--root", root, *words)
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


EXIT_CODES = {
    "an unknown image": (("run", "no-such"), 125),
    "an invalid name": (("run", "--name", "a/b", "demo", "true"), 125),
    "too little memory": (("run", "-m", "4095", "demo", "true"), 125),
    "no such flag": (("run", "--no-such-flag", "demo"), 125),
    "a missing source": (("run", "--mount", "type=bind,source=/no/such,target=/x", "demo", "true"), 125),
    "a command that is not executable": (("run", "--rm", "demo", "/etc/passwd"), 126),
    "a command that is not there": (("run", "--rm", "demo", "nothing-there"), 127),
}


@pytest.mark.parametrize("what", EXIT_CODES)
def test_the_command_line_says_it_with_dockers_exit_code(engine: LocalEngine, root: str, what: str) -> None:
    words, code = EXIT_CODES[what]
    engine.images.list()
    with nothing_stays(engine, root):
        done = cli(root, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("cannot "), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("ps",), ("run", "demo"), ()], ids=["ps", "run", "the TUI"])
def test_not_root_is_told_what_to_do(tmp_path: Path, words: tuple[str, ...]) -> None:
    """An ordinary user, who may read all files only because Python's own may be root's here."""
    may_read = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
    user = (require("setpriv"), "--reuid", "65534", "--regid", "65534", "--clear-groups", *may_read)
    done = cli(str(tmp_path), *words, prefix=user)
    assert done.returncode == 125, done.stderr
    assert done.stderr.startswith("cannot "), done.stderr
    assert "root" in done.stderr
    assert "hint: run it with sudo" in done.stderr
    assert done.stdout == ""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        ("theme: dark\ncolour: red\n", 2, "unknown key 'colour'"),
        ("theme: plaid\n", 1, "'plaid' is none of dark"),
        ("# keys\n\nkeys:\n  freeze: f\n  frobnicate: x\n", 5, "frobnicate"),
        ("theme: [\n", 2, ""),
        ("interval: soon\n", 1, "soon"),
    ],
)
def test_a_wrong_configuration_names_file_and_line(tmp_path: Path, text: str, line: int, named: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "tuicont", "--root", str(tmp_path / "root"), "--config", str(file)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 125
    assert done.stderr.startswith(f"cannot read the configuration: {file}:{line}: "), done.stderr
    assert named in done.stderr
    assert "\x1b" not in done.stdout


def test_without_a_terminal_the_tui_does_not_begin(root: str) -> None:
    done = cli(root)
    assert done.returncode == 125
    assert done.stderr.startswith("cannot open the TUI: this is no terminal\nhint: "), done.stderr
    assert done.stdout == ""
