"""What containers are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from tuicont.core.image.compression import RATIO as RATIO
from tuicont.core.model.image import Image
from tuicont.core.model.image import ImagePruneReport as ImagePruneReport
from tuicont.core.model.selection import EVERYTHING, PruneFilter

Progress = Callable[[str, int, int], None]
"""(what is being done, bytes done, bytes in all or 0)"""

Note = Callable[[str], None]


class Images(Protocol):
    """`engine.images`."""

    def list(self) -> tuple[Image, ...]:
        """Every image, newest first."""

    def get(self, ref: str) -> Image:
        """One image; a demo image is built when it is asked for the first time."""

    def inspect(self, ref: str) -> dict[str, Any]:
        """All that is known of it, as plain JSON values; its configuration as it was brought in is `document`."""

    def load(
        self, path: str, progress: Progress | None = None, note: Note | None = None, *, ratio: int = RATIO
    ) -> tuple[Image, ...]:
        """From a Docker archive or an OCI layout (file or directory; "-" is standard input). Nothing stays when that
        fails. `note` is told, in a line each, what is not as the archive has it, and what cannot run here. `ratio` is
        how many times as large compressed data may become beyond the first GiB, 0 for any."""

    def remove(self, ref: str, *, force: bool = False) -> tuple[str, ...]:
        """Untag; the image itself goes with its last name. Lines on what was untagged and deleted. Raises `Conflict`
        when a container uses it."""

    def prune(self, which: PruneFilter = EVERYTHING, *, unnamed_only: bool = False) -> ImagePruneReport:
        """Remove images that no container uses and that `which` takes, or of those only the ones without a name."""
