"""The engine's composition root: the one place where its parts are chosen and put together, and what opening repairs.

What each facet takes beside them is the business of `facets`, when it is first asked for.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tuicont.core.cgroup.detect import probe_others, read_layout
from tuicont.core.cgroup.owner import remove_left_over
from tuicont.core.engine.bundles import Bundles
from tuicont.core.engine.drivers import STORAGE, Drivers, cgroup_driver_class, check_names, has_content
from tuicont.core.engine.ends.ends import Ends
from tuicont.core.engine.ends.known import KnownTasks
from tuicont.core.engine.ends.notes import Notes
from tuicont.core.engine.ends.reconcile import Reconciler
from tuicont.core.engine.ends.sweep import Sweep
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.facets import Parts, facets_of, metrics_of
from tuicont.core.engine.later import Later
from tuicont.core.engine.locks import Locks
from tuicont.core.engine.paths import DEFAULT_ROOT, Paths, identity, resolve
from tuicont.core.engine.privilege import require_root
from tuicont.core.engine.records import Records
from tuicont.core.engine.removal import Removal
from tuicont.core.errors import kernel_error
from tuicont.core.events.doorbell import Doorbell
from tuicont.core.files.chores import Chores
from tuicont.core.files.trash import Trash
from tuicont.core.host.facts import host_facts
from tuicont.core.model.host import HostFacts
from tuicont.core.runtime.base import Runtime
from tuicont.core.security.filter_cache import FilterCompiler
from tuicont.core.storage.base import StorageDriver
from tuicont.core.store.store import Store
from tuicont.core.sys.kernel import Kernel, RealKernel
from tuicont.resources import read_text

if TYPE_CHECKING:
    from tuicont.core.engine.births.specs import Specs
    from tuicont.core.engine.host import LocalHost, Setting
    from tuicont.core.image.service import ImageService

_CGROUP_DRIVER = "cgroupfs"


def open_engine(
    root: str | None = None,
    run_root: str | None = None,
    *,
    cgroup_parent: str | None = None,
    storage_driver: str = "",
    runtime: str = "",
    kernel: Kernel | None = None,
) -> LocalEngine:
    """Open the engine of a state root and repair what a crash left there.

    Without `root` it is the system's. A root of one's own has cgroups of its own too, so that two roots never
    touch each other's. `storage_driver` and `runtime` are for containers that are made from now on; without, the first
    of their tables that works here. Raises `Denied` for anybody but root, and `Invalid` for a driver that there is not.
    """
    require_root()
    check_names(storage=storage_driver, runtime=runtime)
    kernel = kernel or RealKernel()
    paths = resolve(root, run_root)
    try:
        paths.make()
        paths.bind()
        doorbell = Doorbell(paths.doorbell, paths.exits)
    except OSError as error:
        raise kernel_error("open the engine", f"make {error.filename}", error, values={"root": paths.root}) from None
    store = Store(paths.database, doorbell.ring)
    parent = cgroup_parent or _parent(paths.root)
    host, layout = host_facts(), read_layout(kernel)
    chores = Chores()
    trash = Trash(paths.trash, chores)
    filters = FilterCompiler(f"{paths.cache}/seccomp")

    def make_storage(driver: Any, name: str) -> StorageDriver:
        made: StorageDriver = driver(kernel, paths.storage(name), discard=trash.discard)
        return made

    def make_runtime(driver: Any, name: str) -> Runtime:
        made: Runtime = driver(paths.rootfs, host=host, compile_filter=filters)
        return made

    images = Later(lambda: _images(paths, store, drivers, locks))
    drivers = Drivers(
        cgroup_driver_class(_CGROUP_DRIVER, layout.mode)(kernel, layout, parent, paths.root),
        make_storage,
        make_runtime,
        storage=storage_driver,
        runtime=runtime,
        used_storages=lambda: tuple(name for name in STORAGE if has_content(paths.storage(name))),
    )
    records, locks, bundles = Records(store), Locks(paths), Bundles(paths, trash)
    known, notes = KnownTasks(drivers, paths), Notes(records)
    removal = Removal(records, drivers, bundles, paths, trash)
    ends = Ends(records, locks, paths, drivers, known, bundles, removal)
    reconciler = Reconciler(records, locks, paths, drivers, known, bundles, ends, notes)
    if store.moved_aside:
        notes.add(f"the state database was corrupt and was moved to {store.moved_aside}")
    if store.is_new and bundles.ids():
        # On a new state root there is nothing to put back; else the file was lost.
        reconciler.adopt_records()
    if store.is_new and drivers.used_storages():
        images().recover()
    reconciler.run()
    Sweep(records, locks, paths, drivers, bundles, ends, removal, notes, lambda: images().sweep()).run()
    for gone in remove_left_over(kernel, layout):
        notes.add(f"the cgroups of {gone} were removed, as it is gone")
    trash.empty()
    store.trim()

    def settings() -> tuple[Setting, ...]:
        return (
            ("root", paths.root, "--root" if root else "default"),
            ("run-root", paths.run_root, "--run-root" if run_root else "of the root" if root else "default"),
            ("cgroup parent", parent, "given" if cgroup_parent else "from the root"),
            ("cgroup driver", drivers.cgroups.name, "this host"),
            ("storage driver", drivers.storage_name or "none", "chosen" if storage_driver else "first that works"),
            ("runtime", drivers.runtime_name or "none", "chosen" if runtime else "first that works"),
        )

    def about() -> LocalHost:
        from tuicont.core.engine.host import LocalHost

        misfits = probe_others(layout)
        return LocalHost(store, paths, drivers, host, notes.lines, parent, settings, filters.probe, misfits)

    parts = Parts(
        store=store,
        doorbell=doorbell,
        records=records,
        locks=locks,
        paths=paths,
        drivers=drivers,
        known=known,
        bundles=bundles,
        removal=removal,
        ends=ends,
        chores=chores,
        host=host,
        parent=parent,
        images=images,
        specs=Later(partial(_specs, host)),
    )
    metrics = Later(partial(metrics_of, parts))

    def close_metrics() -> None:
        if metrics.made:
            metrics().close()

    return LocalEngine(
        facets_of(parts, metrics=metrics, host=Later(about)),
        cgroup_parent=parent,
        closing=(close_metrics, chores.close, store.close, doorbell.close),
    )


def _specs(host: HostFacts) -> Specs:
    from tuicont.core.engine.births.specs import Specs

    return Specs(host, _default_profile)


def _images(paths: Paths, store: Store, drivers: Drivers, locks: Locks) -> ImageService:
    from tuicont.core.image.content import ContentStore
    from tuicont.core.image.demo.images import DemoImages
    from tuicont.core.image.service import ImageService

    def users() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for container in store.containers():
            found.setdefault(container.image_id, []).append(container.name)
        return found

    return ImageService(
        store,
        ContentStore(paths.content),
        drivers.storage(),
        DemoImages(read_text),
        storages=lambda: [drivers.storage(name) for name in drivers.used_storages()],
        users=users,
        guard=locks.images,
    )


def _default_profile() -> str:
    return read_text("seccomp/default.json")


def _parent(root: str) -> str:
    """By the directory itself, so that it is the same one under every name, and after it was moved."""
    if root == DEFAULT_ROOT:
        return "tuicont"
    return f"tuicont-{identity(root)}"
