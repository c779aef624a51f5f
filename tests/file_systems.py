"""File systems of a test's own: made in an image file or in memory, and mounted where nobody else sees them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.support import require
from tuicont.core.sys.mounts import in_private_namespace, mount

T = TypeVar("T")

MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where many small files cost little; for `tempfile`."""

# The smallest that its maker makes.
_IMAGE_BYTES = {"xfs": 300 << 20, "btrfs": 128 << 20, "ext4": 64 << 20}
REFLINKING = [pytest.param(kind, marks=pytest.mark.host_only) for kind in ("xfs", "btrfs")]
"""File systems whose files can share blocks. The second kernel has no loop devices."""

GREEDY = {
    "blocks": """
import os, sys
file = os.open(sys.argv[1] + "/big", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
while True:
    try:
        os.write(file, bytes(1 << 20))
    except OSError:
        pass
    try:
        os.write(file, bytes(512))
    except OSError:
        pass
""",
    "inodes": """
import os, sys
os.mkdir(sys.argv[1] + "/many")
number = 0
while True:
    try:
        os.close(os.open(f"{sys.argv[1]}/many/{number}", os.O_CREAT))
        number += 1
    except OSError:
        pass
""",
}
"""Programs that take what there is of a file system, and what becomes free, within microseconds."""


def scarce(place: Path, what: str) -> bool:
    """Whether nothing, or next to nothing, is left of it."""
    space = os.statvfs(place)
    return space.f_favail == 0 if what == "inodes" else space.f_bavail * space.f_frsize < 4096


@contextlib.contextmanager
def greedy(place: Path, what: str) -> Iterator[None]:
    """Somebody takes all blocks or inodes, until the context ends. What was taken is there still."""
    with subprocess.Popen([sys.executable, "-c", GREEDY[what], str(place)]) as process:
        try:
            yield
        finally:
            process.kill()


def on(
    kind: str,
    tmp_path: Path,
    action: Callable[[Path], T],
    *,
    options: str = "",
    flags: int = 0,
    make: tuple[str, ...] = (),
) -> T:
    """The result of `action` on the top directory of a new, empty file system; `make` are options of its maker. Its
    mount is in a mount namespace that ends with the action, however that ends, and takes the loop device with it."""
    place = tmp_path / f"{kind}-mounted"
    place.mkdir()
    if kind in _IMAGE_BYTES:
        maker = require(f"mkfs.{kind}", "mount")
        image = tmp_path / f"{kind}.image"
        image.touch()
        os.truncate(image, _IMAGE_BYTES[kind])
        subprocess.run([maker, "-q", *make, str(image)], check=True, capture_output=True)

    def run() -> T:
        if kind in _IMAGE_BYTES:
            # mount(8) asks the kernel to free the loop device with the last mount.
            subprocess.run(["mount", "-o", f"loop,{options or 'defaults'}", str(image), str(place)], check=True)
        else:
            mount(kind, str(place), kind, flags, options)
        return action(place)

    try:
        return in_private_namespace(run)
    finally:
        place.rmdir()
