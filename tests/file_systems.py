"""File systems of a test's own: made in an image file or in memory, and mounted where nobody else sees them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
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
