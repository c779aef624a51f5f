"""Safe by default: what a container that asks for nothing may not do, asserted from inside and from outside."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image_home import docker_archive, tar_of, write
from tests.kernel.footprint import assert_clear, footprint
from tests.kernel.host import cgroup_directories, eventually, namespace, shims, status
from tests.kernel.test_lifecycle import output, run
from tests.support import require
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import EngineError
from tuicont.core.model.container import Container
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest, TmpfsMount, Ulimit

DOCKERS_14 = 0x00000000A80425FB
"""CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD AUDIT_WRITE
SETFCAP, as a container of Docker's has them in /proc/1/status."""
CHOWN, SYS_TIME = 1 << 0, 1 << 25
SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
DOCKERS_MASKED = (
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
)
DOCKERS_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def capabilities(pid: int) -> dict[str, int]:
    return {name: int(status(pid, name), 16) for name in SETS}


def entered(engine: LocalEngine, container: Container, **fields: object) -> int:
    """The host's pid of a `sleep` that exec started."""
    before = set(in_group(engine, container))
    engine.tasks.exec(container.id, ExecRequest(command=("sleep", "999"), **fields))  # type: ignore[arg-type]
    (pid,) = eventually(  # type: ignore[misc]
        lambda: [
            pid
            for pid in set(in_group(engine, container)) - before
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep\x00999")
        ]
    )
    return int(pid)


def in_group(engine: LocalEngine, container: Container) -> list[int]:
    directory = cgroup_directories(engine.cgroup_parent, container.id)[-1]
    return [int(pid) for pid in Path(directory, "cgroup.procs").read_text().split()]


# capabilities, seccomp, no_new_privs


def test_capabilities_are_dockers_14(engine: LocalEngine) -> None:
    container = run(engine)
    for pid in (container.pid, entered(engine, container)):
        held = capabilities(pid)
        assert {name: held[name] for name in ("CapPrm", "CapEff", "CapBnd")} == dict.fromkeys(
            ("CapPrm", "CapEff", "CapBnd"), DOCKERS_14
        )
        assert held["CapInh"] == held["CapAmb"] == 0


def test_another_user_has_no_capability_in_effect(engine: LocalEngine) -> None:
    held = capabilities(run(engine, user="1000:1000").pid)
    assert (held["CapPrm"], held["CapEff"], held["CapAmb"]) == (0, 0, 0)
    assert held["CapBnd"] == DOCKERS_14


@pytest.mark.parametrize(
    ("add", "drop", "expected"),
    [
        (("SYS_TIME",), (), DOCKERS_14 | SYS_TIME),
        (("CAP_SYS_TIME",), ("cap_chown",), (DOCKERS_14 | SYS_TIME) & ~CHOWN),
        ((), ("ALL",), 0),
        (("CHOWN",), ("ALL",), CHOWN),
    ],
)
def test_cap_add_and_cap_drop(engine: LocalEngine, add: tuple[str, ...], drop: tuple[str, ...], expected: int) -> None:
    container = run(engine, cap_add=add, cap_drop=drop)
    for pid in (container.pid, entered(engine, container)):
        held = capabilities(pid)
        assert (held["CapEff"], held["CapPrm"], held["CapBnd"]) == (expected, expected, expected)


def test_seccomp_filters_and_its_refusals_reach_the_program(engine: LocalEngine) -> None:
    container = run(engine)
    for pid in (container.pid, entered(engine, container)):
        assert status(pid, "Seccomp") == "2"
    # CAP_SYS_ADMIN is not what refuses these: the filter is, as it depends on the capability.
    script = "unshare -U true 2>/dev/null && echo user; mount -t tmpfs x /mnt 2>/dev/null && echo mounted; echo end"
    assert output(engine, "sh", "-c", f"mkdir -p /mnt; {script}").split() == ["end"]
    assert status(run(engine, security_opt=("seccomp=unconfined",)).pid, "Seccomp") == "0"


@pytest.mark.parametrize(("options", "expected"), [((), "0"), (("no-new-privileges",), "1")])
def test_no_new_privileges_as_asked(engine: LocalEngine, options: tuple[str, ...], expected: str) -> None:
    container = run(engine, security_opt=options)
    for pid in (container.pid, entered(engine, container)):
        assert status(pid, "NoNewPrivs") == expected


def test_privileged_has_all_that_the_host_has(engine: LocalEngine) -> None:
    container = run(engine, privileged=True)
    own = int(status(os.getpid(), "CapPrm"), 16)
    for pid in (container.pid, entered(engine, container)):
        assert capabilities(pid)["CapEff"] == own
        assert status(pid, "Seccomp") == "0"
    mounts = Path(f"/proc/{container.pid}/mountinfo").read_text()
    assert not [path for path in DOCKERS_MASKED if f" {path} " in mounts]


def test_an_exec_is_privileged_only_when_it_asks(engine: LocalEngine) -> None:
    container = run(engine)
    own = int(status(os.getpid(), "CapPrm"), 16)
    assert capabilities(entered(engine, container, privileged=True))["CapEff"] == own
    assert capabilities(entered(engine, container))["CapEff"] == DOCKERS_14


# what a process is given


@pytest.mark.parametrize("fields", [{}, {"tty": True}, {"init": True}, {"stdin_open": True}], ids=str)
def test_only_stdio_is_open(engine: LocalEngine, fields: dict[str, bool]) -> None:
    with open("/etc/passwd") as extra:
        os.set_inheritable(extra.fileno(), True)
        container = run(engine, **fields)
        pids = {container.pid, *in_group(engine, container), entered(engine, container)}
        pids |= {entered(engine, container, tty=True, stdin_open=True)}
    for pid in pids:
        assert sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"], Path(f"/proc/{pid}/cmdline").read_bytes()


def test_nothing_of_the_engines_environment_comes_along(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    container = run(engine, env=("A=b",))
    # execve(2) has not yet filled it in when it can no longer fail.
    text = str(eventually(lambda: Path(f"/proc/{container.pid}/environ").read_text()))
    assert {e.partition("=")[0] for e in text.split("\0") if e} == {"PATH", "HOSTNAME", "HOME", "A"}


def test_exec_joins_every_namespace_group_and_limit(engine: LocalEngine) -> None:
    container = run(engine, ulimits=(Ulimit(name="nofile", soft=99, hard=111),))
    pid = entered(engine, container)
    for kind in ("mnt", "uts", "pid", "net", "ipc", "cgroup"):
        assert namespace(pid, kind) == namespace(container.pid, kind)
    for file in ("cgroup", "limits", "oom_score_adj"):
        assert Path(f"/proc/{pid}/{file}").read_text() == Path(f"/proc/{container.pid}/{file}").read_text()
    assert Path(f"/proc/{pid}/cgroup").read_text() != Path("/proc/self/cgroup").read_text()
    # As in Docker: an exec outlives its client, but not its container.
    engine.tasks.kill(container.id)
    eventually(lambda: not os.path.exists(f"/proc/{pid}"))


# what it sees


def test_masked_paths_show_nothing(engine: LocalEngine) -> None:
    script = (
        f"for p in {' '.join(DOCKERS_MASKED)}; do "
        'if [ -d $p ]; then [ -z "$(ls -A $p)" ] || echo "full $p"; '
        'elif [ -e $p ]; then [ -z "$(head -c 1 $p 2>/dev/null | tr "\\0" x)" ] || echo "readable $p"; fi; done; '
        "echo end"
    )
    assert output(engine, "sh", "-c", script).split("\n") == ["end"]


def test_read_only_paths_cannot_be_written(engine: LocalEngine) -> None:
    script = (
        'try() { (eval "$1") 2>/dev/null && echo "did: $1"; }; '
        "try 'echo 1 > /proc/sys/kernel/panic'; try 'echo h > /proc/sysrq-trigger'; "
        "try 'echo 1 > /proc/irq/default_smp_affinity'; try 'mkdir /sys/fs/cgroup/x'; "
        "try 'echo 1 > /sys/kernel/profiling'; try 'mkdir /sys/fs/cgroup/memory/x'; echo end"
    )
    container = run(engine, "sh", "-c", f"{script}; sleep 1000")
    eventually(lambda: "end" in [line.text for line in engine.views.logs(container.id)])
    assert [line.text for line in engine.views.logs(container.id)] == ["end"]
    mounts = [line.split() for line in Path(f"/proc/{container.pid}/mountinfo").read_text().splitlines()]
    options = {fields[4]: fields[5].split(",") for fields in mounts}
    for path in (*DOCKERS_READ_ONLY, "/sys", "/sys/fs/cgroup"):
        if os.path.exists(path):
            assert "ro" in options[path], path


def test_the_mount_table_names_no_path_of_the_host_but_what_was_asked(engine: LocalEngine, tmp_path: Path) -> None:
    container = run(engine, mounts=(BindMount(source=str(tmp_path), target="/asked"),))
    own = {"proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "overlay"}
    for line in Path(f"/proc/{container.pid}/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        target = fields.split()[4]
        if rest.split()[0] not in own:
            assert target in ("/asked", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"), line
    with open("/proc/self/mountinfo") as file:
        hosts = {line.split()[0] for line in file}
    assert not hosts & {line.split()[0] for line in Path(f"/proc/{container.pid}/mountinfo").read_text().splitlines()}


def test_dev_holds_dockers_nodes_and_no_others(engine: LocalEngine) -> None:
    container = run(engine)
    found = set(os.listdir(f"/proc/{container.pid}/root/dev"))
    nodes = {"null", "zero", "full", "random", "urandom", "tty"}
    assert found - {"console"} == nodes | {"ptmx", "pts", "shm", "mqueue", "fd", "stdin", "stdout", "stderr", "core"}
    for name in nodes:
        assert stat.S_ISCHR(os.stat(f"/proc/{container.pid}/root/dev/{name}").st_mode)


def test_devices_that_are_not_its_own_cannot_be_opened(engine: LocalEngine) -> None:
    """CAP_MKNOD is among Docker's capabilities; the device controller is what refuses."""
    script = "mknod /kmsg c 1 11; mknod /mem c 1 1; mknod /zero c 1 5; for d in kmsg mem; do : < /$d && echo $d; done"
    lines = output(engine, "sh", "-c", f"({script}) 2>/dev/null; head -c 3 /zero | wc -c")
    assert lines.split() == ["3"]
    privileged = run(engine, "sh", "-c", f"({script}) 2>/dev/null", privileged=True)
    engine.tasks.wait(privileged.id, 10)
    assert "kmsg" in [line.text for line in engine.views.logs(privileged.id)]


# the program that is executed inside


def test_the_engines_program_cannot_be_written_through_proc_exe(engine: LocalEngine) -> None:
    """CVE-2019-5736: a container that gets hold of the program which enters it."""
    container = run(engine, init=True)
    held = os.open(f"/proc/{container.pid}/exe", os.O_PATH)
    before = hashlib.sha256(Path(f"/proc/self/fd/{held}").read_bytes()).digest()
    attempt = output(engine, "sh", "-c", "(echo x > /proc/1/exe) 2>/dev/null && echo wrote; echo end", init=True)
    assert attempt.split() == ["end"]
    engine.tasks.kill(container.id)
    eventually(lambda: not os.path.exists(f"/proc/{container.pid}"))
    # ETXTBSY protects it only while it runs somewhere: its mount is what must refuse.
    assert os.fstatvfs(held).f_flag & os.ST_RDONLY
    with pytest.raises(OSError) as refused:
        os.open(f"/proc/self/fd/{held}", os.O_WRONLY)
    assert refused.value.errno in (errno.EROFS, errno.ETXTBSY)
    assert hashlib.sha256(Path(f"/proc/self/fd/{held}").read_bytes()).digest() == before
    os.close(held)


# hostile images


@pytest.fixture
def outside(root: str) -> Iterator[Path]:
    """A directory of the host; nothing may come into it, or out."""
    place = Path(root, "outside")
    place.mkdir()
    (place / "secret").write_text("of the host")
    (place / "hosts").write_text("of the host")
    yield place
    assert sorted(os.listdir(place)) == ["hosts", "secret"]
    assert (place / "secret").read_text() == (place / "hosts").read_text() == "of the host"


def busybox_layer() -> bytes:
    applets = [link(f"bin/{name}", "busybox") for name in ("sh", "sleep", "cat", "ls")]
    program = tarfile.TarInfo("bin/busybox")
    content = Path(require("busybox")).read_bytes()
    program.size, program.mode = len(content), 0o755
    return tar_with(program, content, *applets)


def tar_with(first: tarfile.TarInfo, content: bytes, *others: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(first, io.BytesIO(content))
        for other in others:
            tar.addfile(other)
    return file.getvalue()


def link(name: str, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info


def directory(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info


WAYS_OUT = ("../../../../../../../..{}", "{}", "/proc/self/root{}", "/proc/1/root{}", "/dev/fd/3", "/proc/self/cwd{}")
PLACES = {
    "proc": (),
    "dev": (),
    "sys": (),
    "etc": (),
    "tmp": (),
    "mnt": (),
    "dev/shm": ("dev",),
    "etc/hosts": ("etc",),
    "etc/resolv.conf": ("etc",),
    "sys/fs": ("sys",),
}


@pytest.mark.host_only
@pytest.mark.parametrize("way", WAYS_OUT)
def test_links_of_an_image_lead_nowhere(
    engine: LocalEngine, root: str, outside: Path, tmp_path: Path, way: str
) -> None:
    """Each place where the engine mounts or writes is a link that leads out, one image each."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mark").write_text("x")
    started = 0
    for number, (place, parents) in enumerate(PLACES.items()):
        layer = tar_of(*map(directory, parents), link(place, way.format(outside)))
        archive = write(tmp_path / f"{number}.tar", docker_archive(busybox_layer(), layer, tags=[f"bad:{number}"]))
        engine.images.load(archive)
        mounts = (TmpfsMount(target="/tmp"), BindMount(source=str(tmp_path / "data"), target="/mnt/deep"))
        container = engine.containers.create(
            ContainerRequest(image=f"bad:{number}", command=("sleep", "1000"), mounts=mounts, workdir="/work/deep")
        )
        before = footprint(engine, root)
        try:
            engine.tasks.start(container.id)
        except EngineError as error:
            assert_clear(error, f"cannot start {container.name}")
            assert footprint(engine, root) == before
        else:
            started += 1
            pid = engine.containers.get(container.id).pid
            assert namespace(pid, "mnt") != namespace("self", "mnt")
            inside = Path(f"/proc/{pid}/root")
            assert not os.path.exists(f"{inside}{outside}/secret")
            mounted = Path(f"/proc/{pid}/mountinfo").read_text()
            assert str(outside) not in [line.split()[3] for line in mounted.splitlines()]
        engine.containers.remove(container.id, force=True)
        eventually(lambda: not shims(root))  # a shim that was released goes a moment later
        hosts = Path("/proc/self/mountinfo").read_text()
        assert not [place for place in (root, str(tmp_path), str(outside)) if place in hosts]
    assert started, "not one of these images started: the test proves too little"


def test_device_nodes_of_an_image_cannot_be_opened(engine: LocalEngine, tmp_path: Path) -> None:
    node = tarfile.TarInfo("kmsg")
    node.type, node.devmajor, node.devminor, node.mode = tarfile.CHRTYPE, 1, 11, 0o666
    layers = (busybox_layer(), tar_of(node))
    engine.images.load(write(tmp_path / "nodes.tar", docker_archive(*layers, tags=["nodes:latest"])))
    script = "[ -c /kmsg ] && echo node; : < /kmsg && echo opened; echo end"
    request = ContainerRequest(image="nodes", command=("sh", "-c", f"({script}) 2>/dev/null"))
    container = engine.tasks.start(engine.containers.create(request).id)
    engine.tasks.wait(container.id, 10)
    assert "opened" not in [line.text for line in engine.views.logs(container.id)]


@pytest.mark.host_only
def test_a_set_uid_program_of_an_image_gains_nothing_with_no_new_privileges(
    engine: LocalEngine, tmp_path: Path
) -> None:
    (tmp_path / "who.c").write_text('#include <stdio.h>\n#include <unistd.h>\nint main(void){printf("%u", geteuid());}')
    compiler = require("cc")
    subprocess.run([compiler, "-static", "-o", tmp_path / "who", tmp_path / "who.c"], check=True)
    content = (tmp_path / "who").read_bytes()
    program = tarfile.TarInfo("who")
    program.size, program.mode = len(content), 0o4755
    archive = docker_archive(tar_with(program, content), tags=["suid:latest"])
    engine.images.load(write(tmp_path / "suid.tar", archive))
    for options, expected in (((), "0"), (("no-new-privileges",), "1000")):
        request = ContainerRequest(image="suid", command=("/who",), user="1000:1000", security_opt=options)
        container = engine.tasks.start(engine.containers.create(request).id)
        engine.tasks.wait(container.id, 10)
        assert [line.text for line in engine.views.logs(container.id)] == [expected], options
