"""The kernel port: the tree in memory answers as the kernel does, and the recorder tells and fails as it is told."""

from __future__ import annotations

import ast
import errno
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.memory_kernel import MemoryKernel
from tests.doubles.recording_kernel import RecordingKernel
from tuicont.core import cgroup
from tuicont.core.sys.kernel import Kernel, RealKernel

CALLS: list[Callable[[Kernel, str], object]] = [
    lambda k, p: k.mkdir(f"{p}/a"),
    lambda k, p: k.mkdir(f"{p}/a"),
    lambda k, p: k.mkdir(f"{p}/no/b"),
    lambda k, p: k.exists(f"{p}/a"),
    lambda k, p: k.exists(f"{p}/b"),
    lambda k, p: k.read(f"{p}/a"),
    lambda k, p: k.read(f"{p}/b"),
    lambda k, p: k.write(f"{p}/b", b"x"),
    lambda k, p: k.symlink("target", f"{p}/a/link"),
    lambda k, p: k.symlink("target", f"{p}/a/link"),
    lambda k, p: k.readlink(f"{p}/a/link"),
    lambda k, p: k.readlink(f"{p}/a"),
    lambda k, p: k.exists(f"{p}/a/link"),
    lambda k, p: k.chmod(f"{p}/a", 0o2711),
    lambda k, p: k.mode(f"{p}/a"),
    lambda k, p: k.chmod(f"{p}/none", 0o700),
    lambda k, p: k.chown(f"{p}/a", os.geteuid(), os.getegid()),
    lambda k, p: k.chown(f"{p}/none", 0, 0),
    lambda k, p: k.getxattr(f"{p}/a", "user.test"),
    lambda k, p: k.setxattr(f"{p}/a", "user.test", b"value"),
    lambda k, p: k.getxattr(f"{p}/a", "user.test"),
    lambda k, p: k.getxattr(f"{p}/none", "user.test"),
    lambda k, p: k.setxattr(f"{p}/none", "user.test", b""),
    lambda k, p: k.whole("remove", p, lambda: 7),
    lambda k, p: k.rmdir(f"{p}/a"),
    lambda k, p: k.rename(f"{p}/a", f"{p}/c"),
    lambda k, p: k.rename(f"{p}/a", f"{p}/d"),
    lambda k, p: sorted(k.listdir(f"{p}/c")),
    lambda k, p: k.listdir(f"{p}/a"),
    lambda k, p: k.unlink(f"{p}/c"),
    lambda k, p: k.unlink(f"{p}/c/link"),
    lambda k, p: k.unlink(f"{p}/c/link"),
    lambda k, p: k.rmdir(f"{p}/c"),
    lambda k, p: k.rmdir(f"{p}/c"),
    lambda k, p: sorted(k.listdir(p)),
]


def outcome(call: Callable[[Kernel, str], object], kernel: Kernel, place: str) -> object:
    try:
        return call(kernel, place)
    except OSError as error:
        return errno.errorcode[error.errno or 0]


def test_the_tree_in_memory_answers_as_the_kernel_does(tmp_path: Path) -> None:
    memory = MemoryKernel()
    memory.mkdir("/place")
    real = [outcome(call, RealKernel(), str(tmp_path)) for call in CALLS]
    assert [outcome(call, memory, "/place") for call in CALLS] == real


def test_new_directories_of_a_kernels_tree_are_born_with_files_and_go_with_them() -> None:
    kernel = MemoryKernel(template={"cgroup.procs": b""})
    kernel.mkdir("/group")
    kernel.write("/group/cgroup.procs", b"1")
    assert kernel.read("/group/cgroup.procs") == b"1"
    kernel.rmdir("/group")
    assert not kernel.exists("/group/cgroup.procs")


def test_a_file_longer_than_one_read_comes_whole(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(bytes(range(256)) * 1000)
    assert RealKernel().read(str(tmp_path / "long")) == bytes(range(256)) * 1000


def test_an_error_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        RealKernel().write(str(tmp_path / "none"), b"")
    assert caught.value.filename == str(tmp_path / "none")


def test_calls_are_recorded_in_order_and_the_nth_fails() -> None:
    kernel = RecordingKernel(MemoryKernel({"/a/file": b"old"}))
    kernel.write("/a/file", b"1")
    kernel.fail(2, errno.ENOSPC)
    kernel.read("/a/file")
    with pytest.raises(OSError, match="No space"):
        kernel.write("/a/file", b"2")
    kernel.write("/a/file", b"3")
    assert kernel.written() == [("/a/file", b"1"), ("/a/file", b"2"), ("/a/file", b"3")]
    assert [call.name for call in kernel.calls] == ["write", "read", "write", "write"]
    assert kernel.read("/a/file") == b"3"


def test_a_path_fails_until_it_is_let_go() -> None:
    kernel = RecordingKernel(MemoryKernel({"/a/file": b"x"}))
    kernel.fail_path("read", "/a/file", errno.EIO)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            kernel.read("/a/file")
    kernel.fail_path("read", "/a/file", 0)
    assert kernel.read("/a/file") == b"x"


def test_a_wait_ends_with_the_text_or_with_its_time(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("frozen 1\n")
    for kernel in (RealKernel(), MemoryKernel({f"{tmp_path}/events": b"frozen 1\n"})):
        assert kernel.await_text(f"{tmp_path}/events", lambda text: b"frozen 1" in text, 60)
        assert not kernel.await_text(f"{tmp_path}/events", lambda text: b"frozen 0" in text, 0.01)
        with pytest.raises(FileNotFoundError, match="none"):
            kernel.await_text(f"{tmp_path}/none", bool, 1)


def test_a_signal_reaches_only_what_is_still_listed() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            assert RealKernel().signal([process.pid], signal.SIGKILL, list) == 0
            assert process.poll() is None
            assert RealKernel().signal([process.pid], signal.SIGTERM, lambda: [1, process.pid]) == 1
            assert process.wait(60) == -signal.SIGTERM
        finally:
            process.kill()
    assert RealKernel().signal([process.pid], signal.SIGTERM, lambda: [process.pid]) == 0


TOUCHING = {"os", "select", "signal", "socket", "subprocess", "shutil", "pathlib", "ctypes", "mmap", "fcntl"}
WAYS_ROUND = {"open", "exec", "eval", "__import__"}


@pytest.mark.parametrize("module", sorted(Path(cgroup.__path__[0]).rglob("*.py")), ids=lambda path: path.stem)
def test_a_cgroup_driver_goes_round_the_port_nowhere(module: Path) -> None:
    """So that a recorder in the port's place sees all that is done. Sampling only reads; the port says so."""
    tree = ast.parse(module.read_text())
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    sources = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    touching = {name for name, what in imported.items() if what.partition(".")[0] in TOUCHING}
    assert not {call for call in called if call.partition(".")[0] in touching}
    assert not called & WAYS_ROUND
    assert not {source for source in sources if source.partition(".")[0] in TOUCHING}
    system = {source for source in sources if source.startswith(("tuicont.core.sys", "tuicont.core.native"))}
    assert system <= {"tuicont.core.sys.kernel", "tuicont.core.sys.counters"}
