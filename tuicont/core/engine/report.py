"""What the engine says of itself and of its host: info, doctor, config."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable

from tuicont import __version__
from tuicont.core.engine.context import Context
from tuicont.core.model.host import HostFacts
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.sys.probe import probe_kernel, probe_python

Setting = tuple[str, str, str]


class Reporter:
    """Answers for the whole engine. `notes` are the repairs of this opening."""

    def __init__(
        self,
        context: Context,
        host: HostFacts,
        notes: list[str],
        settings: tuple[Setting, ...],
        filters: Callable[[], Probe],
        misfits: tuple[Probe, ...],
    ) -> None:
        self._context = context
        self._host = host
        self._notes = notes
        self._settings = settings
        self._filters = filters
        self._misfits = misfits

    def info(self) -> EngineInfo:
        """The engine's own figures."""
        context = self._context
        states = Counter(c.state.value for c in context.store.containers())
        images = context.store.images()
        layers = {layer.chain_id: layer.size for image in images for layer in image.layers}
        return EngineInfo(
            version=__version__,
            root=context.paths.root,
            run_root=context.paths.run_root,
            kernel=platform.release(),
            processors=os.cpu_count() or 1,
            memory=self._host.memory,
            cgroup_driver=context.cgroups.name,
            cgroup_parent=context.cgroup_parent,
            storage_driver=context.storage.name,
            runtime=context.runtime.name,
            containers=dict(states),
            images=len(images),
            layers=len(layers),
            storage_bytes=sum(layers.values()),
            notes=tuple(self._notes),
        )

    def doctor(self) -> tuple[Probe, ...]:
        """Kernel and Python first, then every driver."""
        drivers = (self._context.cgroups, self._context.storage, self._context.runtime)
        host = (*probe_kernel(), *probe_python(), self._filters())
        return (*host, *(driver.probe() for driver in drivers), *self._misfits)

    def config(self) -> tuple[Setting, ...]:
        """(name, value, where it comes from)."""
        return self._settings
