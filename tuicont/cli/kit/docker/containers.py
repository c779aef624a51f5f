"""A container in Docker's words: the fields of `ps`."""

from __future__ import annotations

import msgspec

from tuicont.cli.kit.listing import Column
from tuicont.cli.kit.words import ago, decimal_size, local_time, status
from tuicont.core.model.container import Container
from tuicont.core.model.request import BindMount
from tuicont.text.units import shorten

_MOUNT_WIDTH = 15
_COMMAND_WIDTH = 20


class Listed(msgspec.Struct, frozen=True):
    """A row of `ps`: `whole` shows id, command and mounts unshortened, `size` are the bytes that it has written and
    those of its image, or None when nobody asked."""

    container: Container
    now_ns: int
    whole: bool
    size: tuple[int, int] | None


def label_heading(name: str) -> str:
    """What stands above `{{.Label "com.example.my-label"}}`."""
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")


COLUMNS: tuple[Column[Listed], ...] = (
    Column("CONTAINER ID", "ID", lambda row: row.container.id if row.whole else row.container.short_id),
    Column("IMAGE", "Image", lambda row: row.container.request.image),
    Column("COMMAND", "Command", lambda row: _command(row.container, whole=row.whole)),
    Column("CREATED", "RunningFor", lambda row: ago(row.container.created_ns, row.now_ns)),
    Column("STATUS", "Status", lambda row: status(row.container, row.now_ns)),
    Column("NAMES", "Names", lambda row: row.container.name),
    Column("SIZE", "Size", lambda row: _size(row.size), shown=False),
    Column("PORTS", "Ports", lambda _: "", shown=False),
    Column("LOCAL VOLUMES", "LocalVolumes", lambda _: "0", shown=False),
    Column("PLATFORM", "Platform", lambda _: None, shown=False),
    Column("CREATED AT", "CreatedAt", lambda row: local_time(row.container.created_ns), shown=False),
    Column("STATE", "State", lambda row: row.container.state.value, shown=False),
    Column("PID", "Pid", lambda row: row.container.pid, shown=False),
    Column("EXIT CODE", "ExitCode", lambda row: row.container.exit.code if row.container.exit else None, shown=False),
    Column("RUNTIME", "Runtime", lambda row: row.container.runtime, shown=False),
    Column("STORAGE DRIVER", "Driver", lambda row: row.container.storage, shown=False),
    Column("NETWORKS", "Networks", lambda row: row.container.request.network, shown=False),
    Column("MOUNTS", "Mounts", lambda row: ",".join(_mounts(row.container, whole=row.whole)), shown=False),
    Column("LABELS", "Labels", lambda row: ",".join(map("=".join, row.container.labels.items())), shown=False),
    Column(label_heading, "Label", lambda row: lambda name: row.container.labels.get(name, ""), method=True),
)


def _command(container: Container, *, whole: bool) -> str:
    command = " ".join(container.command)
    return f'"{command if whole else shorten(command, _COMMAND_WIDTH)}"'


def _mounts(container: Container, *, whole: bool) -> list[str]:
    sources = [mount.source for mount in container.request.mounts if isinstance(mount, BindMount)]
    return sources if whole else [shorten(source, _MOUNT_WIDTH) for source in sources]


def _size(size: tuple[int, int] | None) -> str:
    if size is None:
        return ""
    written, image = size
    return decimal_size(written) + (f" (virtual {decimal_size(written + image)})" if image else "")
