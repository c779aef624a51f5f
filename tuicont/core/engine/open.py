"""The engine's composition root: the one place where its parts are chosen and put together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tuicont.core.cgroup.detect import choose, probe_others, read_layout
from tuicont.core.engine.context import Context
from tuicont.core.engine.drivers import RUNTIME, STORAGE, driver_class
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.engine.lifecycle import Lifecycle
from tuicont.core.engine.paths import DEFAULT_ROOT, resolve
from tuicont.core.engine.reconcile import Reconciler
from tuicont.core.engine.report import Reporter
from tuicont.core.engine.specs import Specs
from tuicont.core.engine.tasks import Tasks
from tuicont.core.errors import Denied, kernel_error
from tuicont.core.events.doorbell import Doorbell
from tuicont.core.files.chores import Chores
from tuicont.core.files.trash import Trash
from tuicont.core.host.facts import host_facts
from tuicont.core.security.filter_cache import FilterCompiler
from tuicont.core.storage.base import StorageDriver
from tuicont.core.store.store import Store
from tuicont.core.sys.kernel import Kernel, RealKernel
from tuicont.core.sys.record_locks import RecordLocks
from tuicont.resources import read_text

if TYPE_CHECKING:
    from tuicont.core.image.service import ImageService

_STORAGE_DRIVER = "overlay"
_RUNTIME = "native"


def open_engine(
    root: str | None = None,
    run_root: str | None = None,
    *,
    cgroup_parent: str | None = None,
    kernel: Kernel | None = None,
) -> LocalEngine:
    """Open the engine of a state root and repair what a crash left there.

    Without `root` it is the system's. A root of one's own has cgroups of its own too, so that two roots never
    touch each other's. Raises `Denied` for anybody but root.
    """
    if os.geteuid() != 0:
        raise Denied("open the engine", "only root may make containers", hint="run it with sudo")
    kernel = kernel or RealKernel()
    paths = resolve(root, run_root)
    try:
        paths.make()
        doorbell = Doorbell(paths.doorbell, paths.exits)
    except OSError as error:
        raise kernel_error("open the engine", f"make {error.filename}", error, values={"root": paths.root}) from None
    store = Store(paths.database, doorbell.ring)
    parent = cgroup_parent or _parent(paths.root)
    host = host_facts()
    layout = read_layout(kernel)
    chores = Chores()
    trash = Trash(paths.trash, chores)
    storage = driver_class(STORAGE, _STORAGE_DRIVER)(kernel, f"{paths.root}/{_STORAGE_DRIVER}", discard=trash.discard)
    filters = FilterCompiler(f"{paths.cache}/seccomp")
    runtime = driver_class(RUNTIME, _RUNTIME)(paths.rootfs, host=host, compile_filter=filters)
    context = Context(
        paths=paths,
        store=store,
        doorbell=doorbell,
        locks=RecordLocks(paths.locks),
        snapshots=RecordLocks(paths.snapshots),
        cgroups=choose(kernel, layout, parent),
        storage=storage,
        runtime=runtime,
        make_images=lambda: _images(paths.root, store, storage),
        trash=trash,
        chores=chores,
        cgroup_parent=parent,
    )
    tasks = Tasks(context)
    specs = Specs(host, lambda: read_text("seccomp/default.json"))
    lifecycle = Lifecycle(context, tasks, specs, host)
    reconciler = Reconciler(context, tasks, lifecycle)
    reconciler.run()
    trash.empty()
    store.trim()
    settings = (
        ("root", paths.root, "--root" if root else "default"),
        ("run-root", paths.run_root, "--run-root" if run_root else "--root" if root else "default"),
        ("cgroup parent", parent, "given" if cgroup_parent else "from the root"),
        ("cgroup driver", context.cgroups.name, "this host"),
        ("storage driver", _STORAGE_DRIVER, "default"),
        ("runtime", _RUNTIME, "default"),
    )
    reporter = Reporter(context, host, reconciler.notes, settings, filters.probe, probe_others(layout))
    return LocalEngine(context, tasks, lifecycle, specs, reporter)


def _images(root: str, store: Store, storage: StorageDriver) -> ImageService:
    # Imported when a verb first asks for an image: most do not, and it is a fifth of what they would wait for.
    from tuicont.core.image.content import ContentStore
    from tuicont.core.image.demo.images import DemoImages
    from tuicont.core.image.service import ImageService

    return ImageService(store, ContentStore(f"{root}/content"), storage, DemoImages(read_text))


def _parent(root: str) -> str:
    if root == DEFAULT_ROOT:
        return "tuicont"
    import hashlib  # here, as it loads OpenSSL

    return f"tuicont-{hashlib.sha256(root.encode()).hexdigest()[:12]}"
