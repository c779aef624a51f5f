"""The overview tab: the essentials of a container, in two columns when there is room. Pure."""

from __future__ import annotations

import shlex
import time

from tuicont.core.engine.api import LIMITS
from tuicont.core.model import signals
from tuicont.core.model.container import Container
from tuicont.core.model.limits import Limits
from tuicont.core.model.rates import throttled_percent
from tuicont.core.model.request import BindMount, ContainerRequest
from tuicont.core.model.stats import Pressure, Sample
from tuicont.presenters.cells import Cell, Span
from tuicont.presenters.containers import state_cell
from tuicont.presenters.details.line import Line, Page, beside, fit, fit_end, safe, wrapped
from tuicont.presenters.details.view import View
from tuicont.presenters.tones import Tone, of_waiting
from tuicont.text.limits import told
from tuicont.text.units import age, percent, size

_LABEL = 10
_TWO_COLUMNS = 100
_ENV_SHOWN = 12


def page(view: View[None]) -> Page:
    """The overview for a width: everything in one column, or what it is beside what it uses."""
    container = view.container
    wide = view.width >= _TWO_COLUMNS
    width = (view.width - 3) // 2 if wide else view.width - 1
    what = _what(container, width, view.now_ns)
    uses = [*_limits(view.limits, view.sample, width), *_pressure(view.sample)]
    has = [*_mounts(container.request, width), *_environment(container.request, width)]
    if wide:
        return Page(beside([*what, (), *has], uses, width + 3))
    return Page((*what, (), *uses, (), *has))


def _row(label: str, *spans: Span) -> Line:
    return ((f" {label:<{_LABEL}}", "muted"), *((safe(text), tone) for text, tone in spans))


def _rows(label: str, text: str, width: int, tone: Tone = "") -> list[Line]:
    pieces = wrapped(text, width - _LABEL - 1, tone)
    return [_row(label if not index else "", *piece) for index, piece in enumerate(pieces)]


def _what(container: Container, width: int, now_ns: int) -> list[Line]:
    request = container.request
    room = width - _LABEL - 1
    rows = [
        _row("name", (container.name, "heading"), (f"  {container.short_id}", "muted")),
        _row("state", *state_cell(container), (since(container, now_ns), "muted")),
    ]
    rows += _ending(container, width)
    rows += _rows("command", shlex.join(container.command or request.command), width)
    rows.append(
        _row(
            "image", (fit(request.image, min(room - 14, 60)).rstrip(), ""), (f"  {short(container.image_id)}", "muted")
        )
    )
    if container.pid:
        rows.append(
            _row(
                "init",
                (f"pid {container.pid}", ""),
                (" on the host, 1 inside" if not request.init else " (reaper)", "muted"),
            )
        )
    rows.append(
        _row("created", (moment(container.created_ns), ""), (f"  {age(now_ns - container.created_ns)} ago", "muted"))
    )
    rows.append(_row("network", *_network(request.network)))
    rows.append(_row("host name", (request.hostname or container.short_id, "")))
    settings = _settings(request)
    if settings:
        rows += _rows("settings", " · ".join(settings), width)
    if request.labels:
        rows += _rows("labels", "  ".join(f"{k}={v}" for k, v in request.labels), width)
    return rows


def since(container: Container, now_ns: int) -> str:
    """` for 3m`, ` 2h ago`: how long the state has lasted."""
    if container.state.alive and container.started_ns:
        return f"  for {age(now_ns - container.started_ns)}, since {moment(container.started_ns)}"
    if container.finished_ns:
        return f"  {age(now_ns - container.finished_ns)} ago, at {moment(container.finished_ns)}"
    return ""


def moment(time_ns: int) -> str:
    """Local date and time, `2026-11-23 21:30:02`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_ns / 1e9))


def short(digest: str) -> str:
    """The first twelve digits of a digest."""
    return safe(digest.removeprefix("sha256:")[:12])


def _ending(container: Container, width: int) -> list[Line]:
    rows: list[Line] = []
    status = container.exit
    if status is not None and not container.state.alive:
        reason = "ended by itself"
        if status.oom_killed:
            reason = "killed by the kernel: its memory limit was reached"
        elif status.signal:
            name = signals.name(status.signal)
            reason = f"killed by {name}" if name.startswith("SIG") else f"killed by signal {name}"
        rows.append(_row("exit", (str(status.code), "bad" if status.code else "good"), (f"  {reason}", "")))
    if container.restarts:
        rows.append(_row("restarts", (str(container.restarts), "")))
    if container.error:
        rows += _rows("error", container.error.replace("\n", " · "), width, "bad")
    return rows


def _network(mode: str) -> Cell:
    meaning = {"none": "own namespace, loopback only", "host": "the host's own: not isolated"}.get(mode, "")
    return ((mode, "warn" if mode == "host" else ""), (f"  {meaning}" if meaning else "", "muted"))


def _settings(request: ContainerRequest) -> list[str]:
    named = (
        (request.privileged, "privileged"),
        (request.tty, "terminal"),
        (request.stdin_open, "input open"),
        (request.read_only, "root read-only"),
        (request.init, "init as process 1"),
        (request.auto_remove, "removed when it ends"),
        (bool(request.user), f"user {request.user}"),
        (bool(request.group_add), f"also in {','.join(request.group_add)}"),
        (bool(request.workdir), f"in {request.workdir}"),
        (bool(request.cap_add), f"+{','.join(request.cap_add)}"),
        (bool(request.cap_drop), f"-{','.join(request.cap_drop)}"),
        (bool(request.security_opt), " ".join(request.security_opt)),
    )
    return [text for wanted, text in named if wanted]


def _limits(limits: Limits, sample: Sample | None, width: int) -> list[Line]:
    rows: list[Line] = [((" resources", "heading"), ("  L changes the limits", "muted"))]
    used = _used(sample)
    for limit in LIMITS:
        value = getattr(limits, limit.field)
        text = told(limit.unit, value)
        if limit.field in used:
            now, most = used[limit.field]
            rows.append(_row(limit.label, (now, ""), (f" of {text}{most}", "muted")))
        elif limit.example:
            rows.append(_row(limit.label, (text, "")))
        elif value:
            rows.append(_row("", (fit(limit.told.format(text), width - _LABEL - 1).rstrip(), "muted")))
    if sample is not None and sample.oom_kills > 0:
        rows.append(_row("oom kills", (str(sample.oom_kills), "bad")))
    if sample is not None and sample.throttled_periods > 0:
        share = throttled_percent(sample.periods, sample.throttled_periods)
        rows.append(_row("throttled", (f"in {percent(share)} of its periods", of_waiting(share, ""))))
    return rows


def _used(sample: Sample | None) -> dict[str, tuple[str, str]]:
    """By limit what is used of it now, and what else is told of that."""
    used: dict[str, tuple[str, str]] = {}
    if sample is not None and sample.memory >= 0:
        peak = f", {size(sample.memory_peak)} at most" if sample.memory_peak > 0 else ""
        used["memory"] = size(sample.memory), peak
    if sample is not None and sample.pids >= 0:
        used["pids"] = str(sample.pids), ""
    return used


def _pressure(sample: Sample | None) -> list[Line]:
    if sample is None:
        return []
    rows: list[Line] = []
    for name, value in (("cpu", sample.cpu_pressure), ("memory", sample.memory_pressure), ("io", sample.io_pressure)):
        if value is not None:
            rows.append(_row(name, *_waiting(value)))
    if rows:
        rows = [(), ((" pressure", "heading"), ("  share of the last 10 s spent waiting", "muted")), *rows]
    return rows


def _waiting(value: Pressure) -> Cell:
    return (
        (f"{percent(value.some_avg10)} some", of_waiting(value.some_avg10, "")),
        (f"  {percent(value.full_avg10)} all", "muted"),
    )


def _mounts(request: ContainerRequest, width: int) -> list[Line]:
    if not request.mounts:
        return []
    rows: list[Line] = [((" mounts", "heading"),)]
    half = max((width - 12) // 2, 8)
    for mount in request.mounts:
        if isinstance(mount, BindMount):
            how = "read-only" if mount.read_only else "read-write"
            shown = fit_end(mount.source, half).rstrip()
            rows.append(
                (("   ", ""), (fit_end(mount.target, half).rstrip(), ""), (f" ← {shown} ", "muted"), (how, "muted"))
            )
        else:
            rows.append(
                (("   ", ""), (fit_end(mount.target, half).rstrip(), ""), (f" ← tmpfs {safe(mount.options)}", "muted"))
            )
    return [*rows, ()]


def _environment(request: ContainerRequest, width: int) -> list[Line]:
    if not request.env:
        return []
    rows: list[Line] = [((" environment", "heading"),)]
    for pair in request.env[:_ENV_SHOWN]:
        name, _, value = pair.partition("=")
        shown = fit(name, min(len(name), width // 2))
        rows.append(((f"   {shown}", ""), (f"={fit(value, max(width - len(shown) - 5, 1)).rstrip()}", "muted")))
    if len(request.env) > _ENV_SHOWN:
        rows.append(((f"   … and {len(request.env) - _ENV_SHOWN} more: see inspect", "muted"),))
    return rows
