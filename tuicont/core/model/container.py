"""A container as the engine knows it, and the small values that its verbs answer with."""

from __future__ import annotations

import msgspec

from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State


class ExitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a process ended. `code` is what a shell would see: 128+n after signal n."""

    code: int
    signal: int = 0
    time_ns: int = 0
    oom_killed: bool = False


class Container(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One container: what it is (`request`, `image_id`) and how its task stands.

    `pid` and `start_time` (clock ticks since boot, field 22 of /proc/PID/stat) together identify the
    container's init on the host; both are 0 when it does not run. Its limits are in its specification; `revision`
    counts how often that was rewritten, and `request.limits` are those that it was created with. `command`,
    `user` and `stop_signal` are what request and image together say; `image_labels` are the image's, as they were.
    `runtime` and `storage` are the drivers that it was made with. `error` says why the last start failed.
    """

    id: str
    name: str
    request: ContainerRequest
    image_id: str
    state: State
    created_ns: int
    revision: int = 0
    runtime: str = "native"
    storage: str = "overlay"
    command: tuple[str, ...] = ()
    user: str = ""
    stop_signal: str = ""
    image_labels: tuple[tuple[str, str], ...] = ()
    pid: int = 0
    start_time: int = 0
    started_ns: int = 0
    finished_ns: int = 0
    exit: ExitStatus | None = None
    restarts: int = 0
    error: str = ""

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def labels(self) -> dict[str, str]:
        """The image's, and over them those that were asked for; by name."""
        return dict(sorted({**dict(self.image_labels), **dict(self.request.labels)}.items()))


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A process of a container, by its host pid and by the pid it sees itself."""

    pid: int
    inner_pid: int
    parent_pid: int
    user: str
    state: str
    threads: int
    rss: int
    cpu_ns: int
    started_ns: int
    command: str


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line that a container wrote; `stream` is stdout or stderr, `text` has no line end, and bytes that are no
    UTF-8 are surrogates in it (PEP 383). Without `complete` it is a piece, with more in the stream's next one."""

    time_ns: int
    stream: str
    text: str
    complete: bool = True


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines: the last `tail` (None: all) of those in [since, until), then new ones if `follow`."""

    follow: bool = False
    tail: int | None = None
    since_ns: int | None = None
    until_ns: int | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A path that differs from the image: `kind` is A (added), C (changed) or D (deleted)."""

    kind: str
    path: str
    size: int = 0


class Namespace(msgspec.Struct, frozen=True, kw_only=True):
    """One namespace of a container: its kind (`net`), its inode, and who else is in it."""

    kind: str
    inode: int
    host: bool
    shared_with: tuple[str, ...] = ()


class CgroupFile(msgspec.Struct, frozen=True, kw_only=True):
    """One kernel file of a container's cgroup. `value` is its text now, or why it cannot be read."""

    path: str
    name: str
    value: str
    writable: bool
    meaning: str = ""


class MountEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a container's mount table (proc_pid_mountinfo(5))."""

    target: str
    fstype: str
    source: str
    options: str


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One network interface that a container sees: `state` is up or down as its administrator set it,
    `addresses` are in CIDR form, `mac` is empty where the link layer has none."""

    name: str
    state: str
    mtu: int
    mac: str
    addresses: tuple[str, ...]


class RemovalLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What removing a container destroys: its processes, and the bytes of its upper layer."""

    processes: int
    bytes: int
    files: int
