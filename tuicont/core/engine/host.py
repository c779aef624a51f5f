"""What the engine says of itself and of its host. Implements `api.Host`."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Callable

from tuicont import __version__
from tuicont.core.engine.drivers import Drivers
from tuicont.core.engine.paths import Paths
from tuicont.core.errors import kernel_error
from tuicont.core.host.probe import probe_kernel, probe_python
from tuicont.core.host.usage import host_usage
from tuicont.core.model.host import HostFacts, HostUsage
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.store.store import Store

Setting = tuple[str, str, str]


class LocalHost:
    """Answers for the whole engine. `notes` are the repairs of this opening."""

    def __init__(
        self,
        store: Store,
        paths: Paths,
        drivers: Drivers,
        host: HostFacts,
        notes: list[str],
        cgroup_parent: str,
        settings: Callable[[], tuple[Setting, ...]],
        filters: Callable[[], Probe],
        misfits: tuple[Probe, ...],
    ) -> None:
        self._store = store
        self._paths = paths
        self._drivers = drivers
        self._cgroup_parent = cgroup_parent
        self._host = host
        self._notes = notes
        self._settings = settings
        self._filters = filters
        self._misfits = misfits

    def info(self) -> EngineInfo:
        states = Counter(c.state.value for c in self._store.containers())
        images = self._store.images()
        layers = {layer.chain_id: layer.size for image in images for layer in image.layers}
        return EngineInfo(
            version=__version__,
            root=self._paths.root,
            run_root=self._paths.run_root,
            kernel=platform.release(),
            processors=os.cpu_count() or 1,
            memory=self._host.memory,
            cgroup_driver=self._drivers.cgroups.name,
            cgroup_parent=self._cgroup_parent,
            storage_driver=self._drivers.storage_name,
            runtime=self._drivers.runtime_name,
            containers=dict(states),
            images=len(images),
            layers=len(layers),
            storage_bytes=sum(layers.values()),
            notes=(*self._notes, *self._drivers.passed_over()),
        )

    def usage(self) -> HostUsage:
        try:
            return host_usage(self._paths.root)
        except OSError as error:
            raise kernel_error("look at the host", f"statvfs {self._paths.root}", error) from None

    def doctor(self) -> tuple[Probe, ...]:
        return (*probe_kernel(), *probe_python(), self._filters(), *self._drivers.probes(), *self._misfits)

    def config(self) -> tuple[Setting, ...]:
        return self._settings()
