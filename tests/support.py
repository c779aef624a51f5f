"""What tests need of the host, and what happens when it is not there.

Knows nothing of containers. `require("tmux")` returns the tool's path, or skips the test and says which
Debian package it lacks; with `CI=true` in the environment a missing piece is a failure instead, so that
a green run on the build machine means that everything ran.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import NoReturn

import pytest

PACKAGES = {
    "btrfs": "btrfs-progs",
    "busybox": "busybox-static",
    "cc": "gcc libc6-dev",
    "crun": "crun",
    "docker": "docker.io",
    "dockerd": "docker.io",
    "git": "git",
    "mkfs.btrfs": "btrfs-progs",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "qemu-system-x86_64": "qemu-system-x86",
    "runc": "runc",
    "setpriv": "util-linux",
    "skopeo": "skopeo",
    "strace": "strace",
    "tmux": "tmux",
    "umoci": "umoci",
    "unshare": "util-linux",
}
"""The Debian package that holds a tool; `scripts/prepare test` installs them all."""

SEARCH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


def lacking(what: str) -> NoReturn:
    """End the running test because the host lacks `what`: skipped, or failed when `CI=true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"this host lacks {what}", pytrace=False)
    pytest.skip(f"this host lacks {what}")


def find(tool: str) -> str | None:
    """The path of a tool, also of one that is on root's search path alone."""
    return shutil.which(tool, path=SEARCH)


def require(*tools: str) -> str:
    """The path of the first of `tools`, all of which must be there."""
    found = {tool: find(tool) for tool in tools}
    missing = [f"{tool} (Debian: {PACKAGES.get(tool, tool)})" for tool, path in found.items() if path is None]
    if missing:
        lacking(", ".join(missing))
    return str(found[tools[0]])


def require_root() -> None:
    """The test acts on the kernel and needs uid 0."""
    if os.geteuid() != 0:
        lacking("root")


def require_that(condition: bool | Callable[[], bool], what: str) -> None:
    """A property of this kernel or host that no package brings, told as a noun ("a loop device")."""
    if not (condition() if callable(condition) else condition):
        lacking(what)
