"""What a container has is what its specification says, never what the shell of who started it had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import require

pytestmark = pytest.mark.host_only  # starts of Python, which emulation makes slow


def as_another_shell_has_it() -> None:
    """A lower priority, one processor, and the first to be killed for its memory."""
    os.nice(7)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    Path("/proc/self/oom_score_adj").write_text("300")
    os.umask(0o777)


@pytest.mark.parametrize("runtime", ["native", "crun", "runc"])
def test_neither_priority_nor_processors_nor_the_order_of_killing_are_the_caller_s(
    tmp_path: Path, runtime: str
) -> None:
    if runtime != "native":
        require(runtime)
    command = [sys.executable, "-m", "tuicont", "--root", str(tmp_path / "root")]
    script = "cut -d' ' -f19 /proc/1/stat; cat /proc/1/oom_score_adj; grep Cpus_allowed_list /proc/1/status; umask"
    done = subprocess.run(
        [*command, "run", "--rm", "--runtime", runtime, "demo", "sh", "-c", script],
        capture_output=True,
        text=True,
        preexec_fn=as_another_shell_has_it,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    nice, score, processors, umask = done.stdout.splitlines()
    assert (nice, score, umask) == ("0", "0", "0022")
    online = Path("/sys/devices/system/cpu/online").read_text().strip()
    assert processors.split() == ["Cpus_allowed_list:", online]
