"""What every verb is given: the global options, and the engine when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from tuicont import config_file
from tuicont.core.engine.privilege import require_root
from tuicont.core.errors import Invalid

if TYPE_CHECKING:
    from tuicont.config import Config
    from tuicont.core.engine.api import Engine


class Context:
    """The global options. `engine` opens on first use, so that help and completion need no privilege."""

    def __init__(
        self,
        *,
        root: str | None = None,
        run_root: str | None = None,
        config: str | None = None,
        storage_driver: str = "",
        runtime: str = "",
    ) -> None:
        self._root = root
        self._run_root = run_root
        self._named = config
        self._storage_driver = storage_driver
        self._runtime = runtime
        self._engine: Engine | None = None

    @cached_property
    def config_file(self) -> str:
        """The configuration file that holds, or ""."""
        return config_file.find(self._named)

    @cached_property
    def config(self) -> Config:
        """What it says, or the defaults. Raises `Invalid`."""
        from tuicont.config import load

        return load(self.config_file)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = self.opener()()
        return self._engine

    def opener(self) -> Callable[[], Engine]:
        """What opens the engine that options and configuration file ask for: it takes a while, in whichever thread.
        Who may not is told now, by `Denied`, and what is wrong in the file, by `Invalid`."""
        require_root()
        chosen = {"storage_driver": self._storage_driver, "runtime": self._runtime}
        filed: dict[str, str] = {}
        if self.config_file:
            written = {"storage_driver": self.config.storage_driver, "runtime": self.config.runtime}
            filed = {key: name for key, name in written.items() if name and not chosen[key]}
        chosen |= filed

        def open_it() -> Engine:
            from tuicont.core.engine.open import open_engine

            try:
                return open_engine(
                    self._root, self._run_root, storage_driver=chosen["storage_driver"], runtime=chosen["runtime"]
                )
            except Invalid as error:
                if filed:  # the engine knows a name, and not who wrote it
                    said = ", ".join(f"{key}: {name}" for key, name in filed.items())
                    error.values["configuration"] = f"{self.config_file} ({said})"
                raise

        return open_it

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
