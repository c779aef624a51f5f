"""Images as the engine's users see them: the image service, with what containers make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuicont.core.engine.api import Progress, PruneReport
from tuicont.core.engine.context import IMAGES_LOCK, Context
from tuicont.core.engine.lifecycle import Lifecycle
from tuicont.core.errors import EngineError
from tuicont.core.model.image import Image

if TYPE_CHECKING:
    from tuicont.core.image.service import ImageService


class Images:
    """Lists, loads and removes images."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def _service(self) -> ImageService:
        return self._context.images

    def list(self) -> tuple[Image, ...]:
        """Every image, newest first."""
        return self._service.images()

    def get(self, ref: str) -> Image:
        """The image called `ref`; a demo image is built when it is asked for the first time."""
        return self._service.get(ref)

    def inspect(self, ref: str) -> dict[str, Any]:
        """All that is known of an image."""
        return self._service.inspect(ref)

    def load(self, path: str, progress: Progress | None) -> tuple[Image, ...]:
        """Load an archive or layout."""
        return self._service.load(path, progress)

    def remove(self, ref: str, force: bool) -> tuple[str, ...]:
        """Untag, and delete with the last name, unless a container uses it."""
        with self._context.locks.hold(IMAGES_LOCK):
            return self._service.remove(ref, self._used(), force=force)

    def prune(self, lifecycle: Lifecycle, images: bool) -> PruneReport:
        """Remove containers that do not run, then images that no container uses."""
        removed, freed = [], 0
        for container in self._context.store.containers():
            if not container.state.alive:
                try:
                    size = self._context.storage.usage(container.id).bytes
                    lifecycle.remove(container.id, force=False)
                except EngineError:
                    # Started or removed by somebody else meanwhile: then it is not ours to prune.
                    continue
                removed.append(container.id)
                freed += size
        gone: list[str] = []
        if images:
            with self._context.locks.hold(IMAGES_LOCK):
                used = self._used()
                for image in self._service.images():
                    if image.id not in used:
                        self._service.remove(image.id, used, force=True)
                        gone.append(image.id)
                        freed += image.size
            self._service.sweep()
        return PruneReport(containers=tuple(removed), images=tuple(gone), bytes=freed)

    def _used(self) -> dict[str, tuple[str, ...]]:
        """Image id → the names of the containers made from it."""
        used: dict[str, tuple[str, ...]] = {}
        for container in self._context.store.containers():
            used[container.image_id] = (*used.get(container.image_id, ()), container.name)
        return used
