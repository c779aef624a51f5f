"""System calls that fail at any point of a verb, in the program or in the shim: it does what it says or says why not,
in time and in words, and what is left is in hand."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.cli import Cli
from tests.image_home import docker_archive, tar_of, write
from tests.kernel.host import eventually, shims, status
from tests.kernel.host import state as process_state
from tests.stress.attack import Attack
from tests.stress.faults import Fault, Recording, strace
from tests.stress.target import Target, assert_words
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.open import open_engine
from tuicont.core.errors import NotFound
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State
from tuicont.core.shim.keeper import SHIM
from tuicont.core.shim.patience import PATIENCE_SECONDS

NAME = "faulty"
SECONDS = 2 * PATIENCE_SECONDS
"""What is born may take its time, and a tracer makes everything slower."""
WITH_SHIM = (
    "import tuicont.core.shim.keeper as k; k.SHIM={!r}; from tuicont.__main__ import main; raise SystemExit(main())"
)


class Case(NamedTuple):
    """A verb, the state that its container is in before, and those of which it may be in after it succeeded."""

    words: tuple[str, ...]
    before: State | None
    after: tuple[State | None, ...]


RUN = ("run", "-d", "--name", NAME, "demo", "sleep", "1000")
CASES = (
    Case(("create", "--name", NAME, "demo", "sleep", "1000"), None, (State.CREATED,)),
    Case(RUN, None, (State.RUNNING,)),
    Case(("start", NAME), State.CREATED, (State.RUNNING,)),
    Case(("exec", NAME, "true"), State.RUNNING, (State.RUNNING,)),
    Case(("pause", NAME), State.RUNNING, (State.PAUSED,)),
    Case(("unpause", NAME), State.PAUSED, (State.RUNNING,)),
    Case(("update", "--pids-limit", "50", NAME), State.RUNNING, (State.RUNNING,)),
    Case(("stop", "-t", "0", NAME), State.RUNNING, (State.EXITED,)),
    Case(("kill", NAME), State.RUNNING, (State.EXITED,)),
    Case(("restart", "-t", "0", NAME), State.RUNNING, (State.RUNNING,)),
    Case(("rm", "-f", NAME), State.RUNNING, (None,)),
    Case(("rm", NAME), State.CREATED, (None,)),
    Case(("cp", "FILE", f"{NAME}:/copied"), State.CREATED, (State.CREATED,)),
    Case(("cp", f"{NAME}:/etc/passwd", "COPIED"), State.RUNNING, (State.RUNNING,)),
    Case(("logs", NAME), State.RUNNING, (State.RUNNING,)),
    Case(("inspect", NAME), State.RUNNING, (State.RUNNING,)),
    Case(("top", NAME), State.RUNNING, (State.RUNNING,)),
    Case(("ps", "-a"), State.RUNNING, (State.RUNNING,)),
    Case(("load", "-i", "ARCHIVE"), None, (None,)),
)
BIRTHS = (CASES[1], CASES[2], Case(("run", "--name", NAME, "demo", "true"), None, (State.EXITED,)))
TALKS = tuple(case for case in CASES if case.before is State.RUNNING and case.words[0] not in ("ps", "logs", "inspect"))


def prepare(target: Target, case: Case) -> list[str]:
    """Have a container in the state that the verb needs; its words with what they name."""
    with closing(open_engine(str(target.root))) as engine:
        if case.before is not None:
            engine.containers.create(ContainerRequest(image="demo", name=NAME, command=("sleep", "1000")))
            if case.before.alive:
                engine.tasks.start(NAME)
            if case.before is State.PAUSED:
                engine.tasks.pause(NAME)
    file, archive = target.tmp_path / "file", target.tmp_path / "image.tar"
    file.write_bytes(b"x" * 100_000)
    write(archive, docker_archive(tar_of(), tags=["loaded:1"]))
    names = {"FILE": file, "COPIED": target.tmp_path / "copied", "ARCHIVE": archive}
    return [str(names.get(word, word)) for word in case.words]


def state(engine: LocalEngine) -> State | None:
    with contextlib.suppress(NotFound):
        return engine.containers.get(NAME).state
    return None


def assert_kept(target: Target, case: Case, done: subprocess.CompletedProcess[str]) -> None:
    """What it says is so, and the root is in hand and as before."""
    assert_words(done.stderr)
    assert done.returncode >= 0, f"ended by signal {-done.returncode}"
    if done.returncode:
        assert done.stderr, "it failed without a word"
    with closing(open_engine(str(target.root))) as engine:
        if not done.returncode:
            eventually(lambda: state(engine) in case.after)
        if state(engine) not in (None, State.RUNNING, State.PAUSED):
            engine.tasks.start(NAME)
        with contextlib.suppress(NotFound):
            engine.containers.remove(NAME, force=True)
        with contextlib.suppress(NotFound):
            engine.images.remove("loaded:1")
    target.assert_as_before()


def run(words: list[str], target: Target) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=SECONDS, env=target.cli.environment, stdin=subprocess.DEVNULL
    )
    print(f"{' '.join(words[-8:])}: {done.returncode} {done.stderr.strip()[-500:]}")
    return done


def test_a_call_of_the_program_that_fails_is_told_of(target: Target, attack: Attack, tmp_path: Path) -> None:
    recorded: dict[Case, Recording] = {}
    for chance in attack.rounds(short=20, share=0.15):
        case = chance.choice(CASES)
        if case not in recorded:
            log = tmp_path / "recorded"
            words = target.cli.words(*prepare(target, case))
            assert_kept(target, case, run([*strace(log), *words], target))
            recorded[case] = Recording(log.read_text(errors="replace").splitlines(), str(target.root) + "/")
        fault = recorded[case].pick(chance)
        print(fault)
        words = target.cli.words(*prepare(target, case))
        assert_kept(target, case, run([*strace(tmp_path / "log", *fault.options), *words], target))


class Tracer:
    """The program with shims that are traced from their first call on."""

    def __init__(self, target: Target, tmp_path: Path) -> None:
        self.log = tmp_path / "shim-log"
        self._script = tmp_path / "trace"
        real, traced = tmp_path / "tuicont-shim", tmp_path / "traced"
        shutil.copy(SHIM, real)
        source = Path(__file__).with_name("traced_shim.c")
        defined = (f'-DSHIM="{real}"', f'-DSCRIPT="{self._script}"')
        subprocess.run([require("cc"), "-static", "-O1", "-w", *defined, "-o", traced, source], check=True)
        self.cli = Cli(target.root, entry=("-c", WITH_SHIM.format(str(traced))))

    def words(self, fault: Fault | None, words: list[str]) -> list[str]:
        """The command line of a verb whose shim is traced so."""
        options = fault.options if fault else []
        self._script.write_text(f'exec {shlex.join(strace(self.log, "-f", *options))} -p "$1"\n')
        return self.cli.words(*words)


def test_a_call_of_a_birth_that_fails_is_told_of(target: Target, attack: Attack, tmp_path: Path) -> None:
    tracer = Tracer(target, tmp_path)
    recorded: dict[Case, Recording] = {}
    for chance in attack.rounds(short=10, share=0.1):
        case = chance.choice(BIRTHS)
        if case not in recorded:
            assert_kept(target, case, run(tracer.words(None, prepare(target, case)), target))
            recorded[case] = Recording(tracer.log.read_text(errors="replace").splitlines(), "")
        fault = recorded[case].pick(chance)
        print(fault)
        # The command itself may die of it.
        meant = case._replace(after=(*case.after, State.EXITED))
        assert_kept(target, meant, run(tracer.words(fault, prepare(target, case)), target))


@contextlib.contextmanager
def traced(pid: int, log: Path, fault: Fault | None) -> Iterator[None]:
    """A process and its children, traced from now on until the context ends."""
    words = [*strace(log, "-f", *(fault.options if fault else [])), "-p", str(pid)]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as tracer:
        try:
            eventually(lambda: process_state(pid) in ("", "Z") or status(pid, "TracerPid") != "0")
            yield
        finally:
            tracer.send_signal(signal.SIGINT)  # it lets go


def test_a_call_of_a_shim_that_fails_is_told_of(target: Target, attack: Attack, tmp_path: Path) -> None:
    """Of one that serves: what it is asked for, and what it does of itself."""
    recorded: dict[Case, Recording] = {}
    log = tmp_path / "log"
    for chance in attack.rounds(short=6, share=0.08):
        case = chance.choice(TALKS)
        if case not in recorded:
            told_by_its_shim(target, case, log, None)
            recorded[case] = Recording(log.read_text(errors="replace").splitlines(), "")
        fault = recorded[case].pick(chance)
        print(fault)
        # A shim that dies of it ends its container.
        told_by_its_shim(target, case._replace(after=(*case.after, State.EXITED)), log, fault)


def told_by_its_shim(target: Target, case: Case, log: Path, fault: Fault | None) -> None:
    """A verb on a container whose shim is traced so."""
    others = set(shims(str(target.root)))
    words = target.cli.words(*prepare(target, case))
    (shim,) = set(shims(str(target.root))) - others
    with traced(shim, log, fault):
        done = run(words, target)
    assert_kept(target, case, done)
