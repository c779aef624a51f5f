"""A Docker daemon of a test's own: on a socket and in directories that are gone with it, without a network."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import require

_SECONDS = 30


class Docker:
    """`docker` on that daemon."""

    def __init__(self, socket: Path) -> None:
        self._words = [require("docker"), "--host", f"unix://{socket}"]

    def words(self, *words: str) -> list[str]:
        """The whole command line of a verb."""
        return [*self._words, *words]

    def __call__(self, *words: str, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run a verb to its end."""
        return subprocess.run(self.words(*words), input=input or b"", capture_output=True, timeout=60, check=False)

    def ok(self, *words: str, input: bytes | None = None) -> bytes:
        """Standard output of a verb that must succeed."""
        done = self(*words, input=input)
        assert done.returncode == 0, f"{words}: {done.stderr.decode()}"
        return done.stdout


@contextmanager
def daemon(directory: Path) -> Iterator[Docker]:
    """A daemon that keeps everything below `directory`; its containers end with it."""
    socket = directory / "socket"
    words = [require("dockerd"), "--host", f"unix://{socket}", "--bridge=none", "--iptables=false"]
    for option in ("data-root", "exec-root", "pidfile"):
        words += [f"--{option}", f"{directory}/{option}"]
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        docker = Docker(socket)
        try:
            end = time.monotonic() + _SECONDS
            while docker("version").returncode:
                if process.poll() is not None or time.monotonic() > end:
                    last = (directory / "log").read_text(errors="replace").splitlines()[-1:]
                    # Also on a build machine: such a daemon asks more of a host than packages can bring.
                    pytest.skip(f"no Docker daemon starts here: {''.join(last)}")
            yield docker
            if left := docker.ok("ps", "--all", "--quiet").decode().split():
                docker.ok("rm", "--force", *left)
        finally:
            process.terminate()
            process.wait(_SECONDS)
