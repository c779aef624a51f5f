"""Our specification in somebody else's hands: runc carries it out."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import require
from tuicont.core.host.facts import host_facts
from tuicont.core.model.image import ImageConfig
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount, Ulimit
from tuicont.core.security.seccomp import parse_profile, resolve
from tuicont.core.spec.generate import capability_bits, generate
from tuicont.core.spec.users import Identity
from tuicont.resources import read_text

pytestmark = [pytest.mark.kernel, pytest.mark.host_only]


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Path]:
    busybox = require("busybox", "runc")
    root = tmp_path / "rootfs"
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "data"):
        (root / name).mkdir(parents=True)
    (root / "bin" / "busybox").write_bytes(Path(busybox).read_bytes())
    (root / "bin" / "busybox").chmod(0o755)
    (root / "bin" / "sh").symlink_to("busybox")
    yield tmp_path


def run(bundle: Path, script: str, identity: Identity | None = None, **fields: Any) -> str:
    """What `script` prints in a container that runc makes of our specification."""
    host = host_facts()
    request = ContainerRequest(image="demo", command=("/bin/sh", "-c", f"set -e; PATH=/bin; {script}"), **fields)
    spec = generate(
        request,
        ImageConfig(),
        container_id="ab" * 32,
        root_path="rootfs",
        host=host,
        identity=identity or Identity(home="/root"),
        seccomp=resolve(parse_profile(read_text("seccomp/default.json")), capability_bits(request, host), host),
        cgroups_path=f"/tuicont-test-runc-{os.getpid()}",
    )
    (bundle / "config.json").write_text(json.dumps(spec))
    name = f"tuicont-test-{os.getpid()}"
    command = ["runc", "--root", str(bundle / "state"), "run", "--bundle", str(bundle), name]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_runc_runs_a_default_container(bundle: Path) -> None:
    out = run(bundle, "busybox hostname; echo $$; busybox grep -E 'Cap(Bnd|Eff)|Seccomp:' /proc/self/status")
    lines = out.split()
    assert lines[:2] == ["abababababab", "1"]
    assert lines.count("00000000a80425fb") == 2
    assert lines[-1] == "2"


def test_runc_runs_a_container_that_asks_for_much(bundle: Path) -> None:
    (bundle / "shared").mkdir()
    (bundle / "shared" / "file").write_text("from outside\n")
    out = run(
        bundle,
        "busybox cat /data/file; busybox id -u; ulimit -n; echo $A; pwd; busybox cat /proc/sys/kernel/msgmax;"
        " busybox grep -c ' /scratch tmpfs rw,nosuid,nodev,noexec' /proc/mounts; ! busybox touch /data/x 2>/dev/null;"
        " ! busybox touch /x 2>/dev/null; busybox grep NoNewPrivs /proc/self/status",
        identity=Identity(uid=33, gid=33, groups=(4,), home="/tmp"),
        mounts=(
            BindMount(source=str(bundle / "shared"), target="/data", read_only=True),
            TmpfsMount(target="/scratch", options="size=1m"),
        ),
        env=("A=b c",),
        workdir="/tmp",
        ulimits=(Ulimit(name="nofile", soft=100, hard=200),),
        sysctls=(("kernel.msgmax", "12345"),),
        security_opt=("no-new-privileges",),
        read_only=True,
        limits=Limits(memory=64 << 20, pids=50, cpus=0.5, cpuset_cpus="0"),
    )
    assert out.split("\n")[:6] == ["from outside", "33", "100", "b c", "/tmp", "12345"]
    assert out.split()[-3:] == ["1", "NoNewPrivs:", "1"]
