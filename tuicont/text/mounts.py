"""Mounts and ulimits as people write them: `-v`, `--tmpfs`, `--mount`, `--ulimit`, and the same in a form.

Pure: the working directory, against which a relative source is taken, is the caller's to tell; whether a path exists is
the engine's question.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from tuicont.core.model.request import BindMount, TmpfsMount, Ulimit
from tuicont.text.values import boolean, pair, size

_IGNORED = {"z", "Z", "rw", "nocopy", "consistent", "cached", "delegated"}
"""Options of Docker's that ask for what is so anyway, or that mean nothing on a host without SELinux."""


Directory = Callable[[], str]
"""The working directory, as os.getcwd tells it: asked for when a path is relative, as it may be gone."""


def volume(text: str, cwd: Directory) -> BindMount:
    """`/host:/container[:ro]`. Volumes by name are refused."""
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise ValueError(f"{text!r} is not /host/path:/container/path[:ro]")
    options = parts[2].split(",") if len(parts) == 3 else []
    unknown = [o for o in options if o != "ro" and o not in _IGNORED]
    if unknown:
        raise ValueError(f"{text!r}: {unknown[0]!r} is no option of a bind mount; there are ro and rw")
    source, target = _source(parts[0], text, cwd), _target(parts[1], text)
    return BindMount(source=source, target=target, read_only="ro" in options, make=True)


def tmpfs(text: str) -> TmpfsMount:
    """`/path[:size=64m,mode=1777]`."""
    target, _, options = text.partition(":")
    return TmpfsMount(target=_target(target, text), options=options)


def mount(text: str, cwd: Directory) -> BindMount | TmpfsMount:
    """`type=bind,source=/host,target=/path[,readonly]` or `type=tmpfs,target=/path[,tmpfs-size=64m]`, as CSV."""
    import csv
    import io

    fields: dict[str, str] = {}
    for field in next(csv.reader(io.StringIO(text, newline="")), []):
        key, separator, value = field.partition("=")
        fields[key.strip().lower()] = value if separator else "true"
    target = _target(_take(fields, "target", "dst", "destination"), text)
    kind = fields.pop("type", "bind")
    result: BindMount | TmpfsMount
    if kind == "bind":
        read_only = _switched_on(fields, text, "readonly", "ro")
        source = _source(_take(fields, "source", "src"), text, cwd)
        result = BindMount(source=source, target=target, read_only=read_only)
    elif kind == "tmpfs":
        options = [fields.pop("tmpfs-options", "")]
        options += [f"size={size(fields.pop('tmpfs-size'))}"] if "tmpfs-size" in fields else []
        options += [f"mode={fields.pop('tmpfs-mode')}"] if "tmpfs-mode" in fields else []
        result = TmpfsMount(target=target, options=",".join(filter(None, options)))
    else:
        raise ValueError(f"{text!r}: {kind!r} is no type of mount; there are bind and tmpfs")
    if fields:
        raise ValueError(f"{text!r}: a {kind} mount has no option {next(iter(fields))!r}")
    return result


def ulimit(text: str) -> Ulimit:
    """`nofile=1024:2048`, or one number for both; -1 or `unlimited` is no limit."""
    name, value = pair(text, "NAME=SOFT[:HARD]")
    soft, _, hard = value.partition(":")
    try:
        low = _limit(soft)
        return Ulimit(name=name, soft=low, hard=_limit(hard) if hard else low)
    except ValueError:
        raise ValueError(f"{text!r} is not NAME=SOFT[:HARD] with whole numbers") from None


def _limit(text: str) -> int:
    return -1 if text in ("-1", "unlimited") else int(text)


def _take(fields: dict[str, str], *names: str) -> str:
    found = [fields.pop(name) for name in names if name in fields]
    return found[0] if found else ""


def _switched_on(fields: dict[str, str], text: str, *names: str) -> bool:
    found = [fields.pop(name) for name in names if name in fields]
    try:
        return True in [boolean(value) for value in found]
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None


def _source(path: str, text: str, cwd: Directory) -> str:
    if path.startswith("/"):
        return path
    if path in (".", "..") or path.startswith(("./", "../")):
        try:
            return posixpath.normpath(posixpath.join(cwd(), path))
        except OSError:
            raise ValueError(f"{text!r}: the working directory is gone") from None
    if not path:
        raise ValueError(f"{text!r} names no source")
    raise ValueError(f"{text!r}: {path!r} is no absolute path (volumes by name are not supported; write ./{path})")


def _target(path: str, text: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"{text!r}: the path in the container must be absolute")
    return path
