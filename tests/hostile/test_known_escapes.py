"""The escapes that container engines are known for, each tried on this one: docs/security.md is their table.

Each test ends by itself, and by the kernel's word nothing of the host changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.host import eventually, status
from tests.kernel.test_lifecycle import output, run
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import EngineError
from tuicont.core.model.container import Container
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest
from tuicont.core.security import masks
from tuicont.core.shim.keeper import SHIM

SECONDS = 2.0
"""How long each race is tried; what loses it loses it thousands of times in that."""
NULL = os.makedev(1, 3)
SECRET = "of the host"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A directory of the host; nothing may come into it, or out."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "secret").write_text(SECRET)
    before = Path("/proc/self/mountinfo").read_text().count(str(tmp_path))
    yield place
    assert os.listdir(place) == ["secret"]
    assert (place / "secret").read_text() == SECRET
    assert Path("/proc/self/mountinfo").read_text().count(str(tmp_path)) == before


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A directory of the host that containers share."""
    place = tmp_path / "volume"
    place.mkdir()
    return place


def attack(engine: LocalEngine, tools: Path, *words: str, volume: Path | None = None, **fields: object) -> Container:
    """A container that runs the attacking program."""
    mounts = [BindMount(source=str(tools), target="/tools", read_only=True)]
    mounts += [BindMount(source=str(volume), target="/volume")] if volume else []
    return run(engine, "/tools/attack", *words, mounts=tuple(mounts), **fields)


def told(engine: LocalEngine, container: Container) -> list[str]:
    return [line.text for line in engine.views.logs(container.id)]


def archive(name: str, content: bytes, mode: int = 0o644) -> io.BytesIO:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), mode
        tar.addfile(member, io.BytesIO(content))
    file.seek(0)
    return file


def swaps(path: Path) -> bool:
    """Whether somebody exchanges what is at `path`: its inode number does not stay."""
    return len({os.lstat(path).st_ino for _ in range(1000)}) > 1


# programs of the host that come into a container's reach


def test_a_program_that_enters_cannot_be_written_by_who_takes_hold_of_it(engine: LocalEngine, tools: Path) -> None:
    """CVE-2019-5736: the container has the program that enters it execute itself, holds it, and writes into it when it
    has ended and is no longer busy."""
    before = hashlib.sha256(Path(SHIM).read_bytes()).digest()
    container = attack(engine, tools, "hold")
    engine.files.copy_in(container.id, "/bin", archive("entry", b"#!/proc/self/exe\n", 0o755))
    deadline = time.monotonic() + 20
    while "held: read-only" not in told(engine, container) and time.monotonic() < deadline:
        for command in ("/proc/self/exe", "/bin/entry"):
            with contextlib.suppress(EngineError):
                engine.tasks.exec(container.id, ExecRequest(command=(command,))).close()
    with contextlib.closing(engine.tasks.exec(container.id, ExecRequest(command=("sleep", "1")))) as session:
        while session.read(10) is not None:
            pass
    # While any shim runs its file is busy: that its mount is read-only is what protects it afterwards.
    assert set(told(engine, container)) == {"held: read-only"}
    assert hashlib.sha256(Path(SHIM).read_bytes()).digest() == before


LIBRARY = r"""
#include <fcntl.h>
#include <unistd.h>
__attribute__((constructor)) static void spring(void) { close(open(TRAP, O_CREAT | O_WRONLY, 0600)); }
"""


@pytest.mark.host_only
def test_no_code_of_a_container_is_loaded_by_who_copies_its_files(
    engine: LocalEngine, root: str, tmp_path: Path
) -> None:
    """CVE-2019-14271: libraries for looking up names, loaded from the container while files are copied."""
    trap = tmp_path / "trap"
    (tmp_path / "library.c").write_text(LIBRARY)
    library = tmp_path / "library.so"
    compiler = require("cc")
    command = [compiler, "-shared", "-fPIC", f'-DTRAP="{trap}"', "-o", library, tmp_path / "library.c"]
    subprocess.run(command, check=True)
    subprocess.run([sys.executable, "-c", f"import ctypes; ctypes.CDLL({str(library)!r})"], check=True)
    trap.unlink()  # it springs

    container = run(engine)
    engine.tasks.exec(
        container.id, ExecRequest(command=("mkdir", "-p", "/lib/x86_64-linux-gnu", str(tmp_path)))
    ).close()
    eventually(lambda: os.path.isdir(f"/proc/{container.pid}/root{tmp_path}"))
    for place in ("/lib", "/lib/x86_64-linux-gnu"):
        for name in ("libnss_files.so.2", "libnss_compat.so.2", "libnss_evil.so.2", "libc.so.6"):
            engine.files.copy_in(container.id, place, archive(name, library.read_bytes(), 0o755))
    engine.files.copy_in(container.id, "/etc", archive("nsswitch.conf", b"passwd: evil files\ngroup: evil files\n"))
    engine.files.copy_in(container.id, "/etc", archive("ld.so.preload", b"/lib/libnss_evil.so.2\n"))
    for stopped in (False, True):
        if stopped:
            engine.tasks.kill(container.id)
        (tmp_path / "file").write_text("x")
        for words in (
            (f"{container.name}:/etc", tmp_path / f"out{stopped}"),
            (tmp_path / "file", f"{container.name}:/"),
        ):
            subprocess.run([sys.executable, "-m", "tuicont", "--root", root, "cp", *words], check=True)
    with open("/proc/self/maps") as maps:
        assert "libnss_evil" not in maps.read()
    assert not trap.exists(), "it was loaded outside"
    engine.tasks.start(container.id)
    assert not os.path.exists(f"/proc/{engine.containers.get(container.id).pid}/root{trap}"), (
        "or in the container's root"
    )


# races for a path


def test_a_copy_stays_in_its_root_while_the_path_is_swapped(
    engine: LocalEngine, tools: Path, volume: Path, outside: Path
) -> None:
    """CVE-2018-15664: a directory becomes a link while files are copied out of it and into it."""
    (volume / "place").mkdir()
    (volume / "place/secret").write_text("of the container")
    (volume / "link").symlink_to(outside)
    container = attack(engine, tools, "exchange", "/volume/place", "/volume/link", volume=volume)
    eventually(lambda: swaps(volume / "place"))
    copied = refused = 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline or not (copied and refused):
        assert time.monotonic() < deadline + 30, "one side of the race was never seen"
        try:
            stream = io.BytesIO(b"".join(engine.files.copy_out(container.id, "/volume/place/secret", follow=True)))
            with tarfile.open(fileobj=stream) as tar:
                content = tar.extractfile("secret")
                assert content is not None
                assert content.read() == b"of the container"
            engine.files.copy_in(container.id, "/volume/place", archive("planted", b"x"))
            copied += 1
        except EngineError:
            refused += 1


def test_a_mount_stays_in_its_root_while_its_target_is_swapped(
    engine: LocalEngine, tools: Path, volume: Path, outside: Path, tmp_path: Path
) -> None:
    """CVE-2021-30465 and races like CVE-2024-23651: the target of a mount is in a volume where another container makes
    a link of it."""
    payload = tmp_path / "payload"
    payload.mkdir()
    (volume / "place").mkdir()
    (volume / "link").symlink_to(outside)
    attack(engine, tools, "exchange", "/volume/place", "/volume/link", volume=volume)
    eventually(lambda: swaps(volume / "place"))
    mounts = (
        BindMount(source=str(volume), target="/volume"),
        BindMount(source=str(payload), target="/volume/place/deep"),
    )
    places = set()
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline or len(places) < 2:
        assert time.monotonic() < deadline + 30, f"one side of the race was never seen: {places}"
        container = engine.containers.create(ContainerRequest(image="demo", command=("sleep", "1000"), mounts=mounts))
        with contextlib.suppress(EngineError):
            pid = engine.tasks.start(container.id).pid
            assert not os.path.exists(f"/proc/{pid}/root{outside}/secret")
            points = [line.split()[4] for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
            places |= {
                "outside" if point.startswith(str(outside)) else "volume" for point in points if "/deep" in point
            }
        engine.containers.remove(container.id, force=True)


# what hides and protects parts of /proc


def hidden(pid: int) -> bool:
    """Whether each masked path shows nothing, and each read-only one is that, as the kernel has them for `pid`."""
    root = f"/proc/{pid}/root"
    for path in filter(os.path.exists, masks.MASKED):
        shown = os.stat(f"{root}{path}")
        empty = stat.S_ISDIR(shown.st_mode) and not os.listdir(f"{root}{path}")
        if not (empty or shown.st_rdev == NULL):
            return False
    mounts = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    options = {fields[4]: fields[5].split(",") for fields in mounts}
    return all("ro" in options[path] for path in masks.READ_ONLY if os.path.exists(path))


@pytest.mark.parametrize("name", ["null", "console"])
def test_no_node_that_is_swapped_opens_proc(
    engine: LocalEngine, tools: Path, volume: Path, tmp_path: Path, name: str
) -> None:
    """CVE-2025-31133 and CVE-2025-52565: what masks are made of, or where the terminal comes, is in a volume where
    another container makes a link of it that leads into /proc."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    os.mknod(volume / "null", 0o666 | stat.S_IFCHR, NULL)
    (volume / "console").touch()
    (volume / "link").symlink_to("/proc/sys/kernel/core_pattern")
    attack(engine, tools, "exchange", f"/volume/{name}", "/volume/link", volume=volume)
    eventually(lambda: swaps(volume / name))
    started = refused = 0
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline or not (started and refused):
        assert time.monotonic() < deadline + 30, f"one side of the race was never seen: {started} {refused}"
        container = engine.containers.create(
            ContainerRequest(
                image="demo",
                command=("sleep", "1000"),
                tty=name == "console",
                mounts=(BindMount(source=str(volume), target="/dev"),),
            )
        )
        try:
            pid = engine.tasks.start(container.id).pid
        except EngineError:
            refused += 1
        else:
            started += 1
            assert hidden(pid)
            assert "core_pattern" not in Path(f"/proc/{pid}/mountinfo").read_text()
        engine.containers.remove(container.id, force=True)
    assert Path("/proc/sys/kernel/core_pattern").read_text() == pattern


@pytest.mark.parametrize("what", ["nothing", "null", "directory", "regular file", "link", "other device"])
def test_masks_are_made_of_the_null_device_or_there_is_no_start(engine: LocalEngine, volume: Path, what: str) -> None:
    """CVE-2025-31133, at rest."""
    place = volume / "null"
    match what:
        case "null" | "other device":
            os.mknod(place, 0o666 | stat.S_IFCHR, NULL if what == "null" else os.makedev(1, 5))
        case "directory":
            place.mkdir()
        case "regular file":
            place.touch()
        case "link":
            place.symlink_to("/proc/sys/kernel/core_pattern")
    mounts = (BindMount(source=str(volume), target="/dev"),)
    if what == "null":
        assert hidden(run(engine, mounts=mounts).pid)
    else:
        with pytest.raises(EngineError, match="cannot start"):
            run(engine, mounts=mounts)


def test_settings_are_written_to_procfs_alone(engine: LocalEngine, volume: Path) -> None:
    """CVE-2025-52881: what the engine writes to a file of /proc goes to another."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text()
    (volume / "sys/kernel").mkdir(parents=True)
    (volume / "sys/kernel/msgmax").write_text("as it was")
    (volume / "sys/kernel/sem").symlink_to("core_pattern")
    (volume / "sys/kernel/core_pattern").write_text("as it was")
    mounts = (BindMount(source=str(volume), target="/proc"),)
    for name, value in (("kernel.msgmax", "9999"), ("kernel.sem", "1 2 3 4")):
        with pytest.raises(EngineError):
            run(engine, mounts=mounts, sysctls=((name, value),))
    assert {path.read_text() for path in (volume / "sys/kernel").iterdir()} == {"as it was"}
    assert Path("/proc/sys/kernel/core_pattern").read_text() == pattern


# rights


@pytest.mark.parametrize("options", [(), ("seccomp=unconfined",)], ids=str)
def test_no_release_agent_is_set(engine: LocalEngine, tools: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """CVE-2022-0492: a program that the kernel runs on the host when a cgroup is empty."""

    def agents() -> dict[Path, str]:
        places = Path("/sys/fs/cgroup").glob("*/release_agent")
        return {path: path.read_text() for path in places}

    before, trap = agents(), tmp_path / "trap"
    container = attack(engine, tools, "release", str(trap), security_opt=options)
    assert engine.tasks.wait(container.id, 20).code == 0
    namespaces = "done" if options else "EPERM"
    steps = told(engine, container)
    assert (f"namespaces: {namespaces}" in steps, steps[-1], "agent: done" in steps) == (True, "end: done", False)
    assert options or len(steps) == 2, "it changed a cgroup"
    assert agents() == before
    assert not trap.exists()


@pytest.mark.parametrize(
    "fields", [{}, {"user": "1000:1000"}, {"cap_add": ("SYS_TIME",)}, {"privileged": True}], ids=str
)
def test_no_capability_is_inheritable_or_ambient(engine: LocalEngine, fields: dict[str, object]) -> None:
    """CVE-2022-24769 of containers, CVE-2022-29162 of what enters them."""
    container = run(engine, **fields)
    for privileged in (False, True):
        request = ExecRequest(command=("sh", "-c", "grep -E 'CapInh|CapAmb' /proc/self/status"), privileged=privileged)
        with contextlib.closing(engine.tasks.exec(container.id, request)) as session:
            written = b""
            while (piece := session.read(10)) is not None:
                written += piece[1]
        assert {int(line.split()[1], 16) for line in written.decode().splitlines()} == {0}
        assert len(written.splitlines()) == 2
    assert int(status(container.pid, "CapInh"), 16) == int(status(container.pid, "CapAmb"), 16) == 0


def test_nobody_leaves_his_group_by_a_set_group_id_program(engine: LocalEngine, tools: Path, tmp_path: Path) -> None:
    """CVE-2022-36109: whose group may not read a file reads it as one of the others."""
    (tmp_path / "file").write_text("secret")
    os.chown(tmp_path / "file", 0, 1000)
    os.chmod(tmp_path / "file", 0o604)
    program = tmp_path / "attack"
    program.write_bytes((tools / "attack").read_bytes())
    os.chown(program, 0, 5000)
    os.chmod(program, 0o2755)
    mounts = (BindMount(source=str(tmp_path), target="/data"),)
    os.chmod(tmp_path, 0o755)
    words = ("/data/attack", "read", "/data/file")
    assert output(engine, *words, mounts=mounts, user="1000:1000") == "1000:5000 read: EACCES"
    assert output(engine, *words, mounts=mounts, user="1000:1001") == "1000:5000 secret", "others may read it"


# the kernel's surface


@pytest.mark.parametrize("runtime", ["native", "crun", "runc"])
@pytest.mark.parametrize("family", ["AF_ALG", "AF_VSOCK"])
def test_the_filter_refuses_sockets_and_rings_however_they_are_asked_for(
    engine: LocalEngine, tools: Path, runtime: str, family: str
) -> None:
    """CVE-2026-31431 ("Copy Fail") and its like: AF_ALG, AF_VSOCK, io_uring, also by the calls of 32-bit programs."""
    if runtime != "native":
        require(runtime)
    number = {"AF_ALG": 38, "AF_VSOCK": 40}[family]
    container = attack(engine, tools, "sockets", str(number), runtime=runtime)
    assert engine.tasks.wait(container.id, 20).code == 0
    answers = dict(line.split(": ") for line in told(engine, container))
    assert answers["socket"] == answers["io_uring_setup"] == "EPERM"
    assert "done" not in answers.values()
    if os.uname().machine == "x86_64":
        assert answers["socketcall"] == "ENOSYS"
        assert answers["socket of 32 bits"] == answers["io_uring_setup of 32 bits"] == "EPERM"
