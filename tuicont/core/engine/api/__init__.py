"""The engine as its users see it. Screens, presenters and the command line know this package, the model and the
errors, and nothing else of the core.

An engine is its facets, a protocol each, and each is implemented by one part of `core/engine`: there is nothing in
between. They are cut as containerd cuts its services: what a container is (`containers`) apart from its running side
(`tasks`), and from what can be seen of it (`views`).

Every method is synchronous, safe from any thread, and raises the `EngineError` categories. A `ref` is a container's
name, id, or an unambiguous beginning of its id (images: also a digest); one that is none raises `NotFound`. Values that
come back are frozen. Times are nanoseconds since the epoch, time-outs seconds, sizes bytes.
"""

from __future__ import annotations

from typing import Protocol

from tuicont.core.engine.api.containers import ContainerFilter as ContainerFilter
from tuicont.core.engine.api.containers import Containers as Containers
from tuicont.core.engine.api.containers import PruneReport as PruneReport
from tuicont.core.engine.api.events import Events as Events
from tuicont.core.engine.api.events import EventStream as EventStream
from tuicont.core.engine.api.files import Files as Files
from tuicont.core.engine.api.host import Host as Host
from tuicont.core.engine.api.images import RATIO as RATIO
from tuicont.core.engine.api.images import ImagePruneReport as ImagePruneReport
from tuicont.core.engine.api.images import Images as Images
from tuicont.core.engine.api.images import Note as Note
from tuicont.core.engine.api.images import Progress as Progress
from tuicont.core.engine.api.metrics import Metrics as Metrics
from tuicont.core.engine.api.tasks import STDERR as STDERR
from tuicont.core.engine.api.tasks import STDOUT as STDOUT
from tuicont.core.engine.api.tasks import Session as Session
from tuicont.core.engine.api.tasks import Tasks as Tasks
from tuicont.core.engine.api.views import LayerView as LayerView
from tuicont.core.engine.api.views import LogLines as LogLines
from tuicont.core.engine.api.views import Views as Views
from tuicont.core.model.problem import Problem as Problem
from tuicont.core.spec.limits import LIMITS as LIMITS
from tuicont.core.spec.limits import LITTLE_MEMORY as LITTLE_MEMORY
from tuicont.core.spec.limits import SMALLEST_MEMORY as SMALLEST_MEMORY
from tuicont.core.spec.limits import Limit as Limit
from tuicont.core.spec.limits import Unit as Unit


class Engine(Protocol):
    """A container engine on one state root. Several, in one process or in many, may share a root."""

    @property
    def containers(self) -> Containers:
        """What containers are: made, listed, changed, removed."""

    @property
    def tasks(self) -> Tasks:
        """Their running side: started, entered, frozen, ended."""

    @property
    def views(self) -> Views:
        """What kernel, disk and log say of one."""

    @property
    def files(self) -> Files:
        """Files in and out of them."""

    @property
    def images(self) -> Images:
        """What they are made from."""

    @property
    def events(self) -> Events:
        """What happens, and what has happened."""

    @property
    def metrics(self) -> Metrics:
        """What they use."""

    @property
    def host(self) -> Host:
        """The engine itself and the machine below it."""

    def close(self) -> None:
        """Let go of every descriptor and thread. Containers go on running."""
