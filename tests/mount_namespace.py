"""A mount namespace that lasts as long as a `with` block, prepared by a shell script, for commands to run in.

Knows nothing of what they are. A process inside keeps it and ends with the one that asked for it, whatever ends that.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType

from tests.support import require

_READY = b"prepared\n"


class MountNamespace:
    """`script` runs first, as `sh -e`, with `words` as its parameters; "/" is where it leaves it (pivot_root).
    `propagation` is how the mounts hold together with those of namespaces that are made from this one."""

    def __init__(self, script: str, *words: str, propagation: str = "private") -> None:
        unshare = [require("unshare"), "--mount", "--propagation", propagation]
        # It waits for an end of file that comes from whatever ends this process.
        self._command = [*unshare, "sh", "-e", "-c", f"{script}\necho prepared\nexec cat", "sh", *words]

    def __enter__(self) -> MountNamespace:
        self._keeper = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != _READY:
            self.__exit__(None, None, None)
            raise RuntimeError("the mount namespace could not be prepared")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._keeper.communicate()

    def words(self, *words: str) -> list[str]:
        """A command line that runs `words` inside, in the root directory there."""
        return [require("nsenter"), f"--target={self._keeper.pid}", "--mount", "--root", "--wd", "--", *words]

    def path(self, path: str) -> Path:
        """Where a path that is absolute inside is to be found from outside."""
        return Path(f"/proc/{self._keeper.pid}/root{path}")

    def mounts(self) -> list[str]:
        """The mount table, as in proc_pid_mountinfo(5)."""
        with open(f"/proc/{self._keeper.pid}/mountinfo") as file:
            return file.read().splitlines()
