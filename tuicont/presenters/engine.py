"""The Engine screen as lines: what the engine is, what this host offers and why not, settings. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from textwrap import wrap

from tuicont.core.model.host import HostUsage
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.presenters.cells import Cell, Span, cell
from tuicont.text.units import exact_size, plain, size

_NAME = 18


def lines(
    info: EngineInfo,
    usage: HostUsage,
    probes: Sequence[Probe],
    settings: Sequence[tuple[str, str, str]],
    own: tuple[str, str],
    width: int,
) -> list[Cell]:
    """All lines for `width` cells. `own` is (the TUI's configuration file, its theme)."""
    return [*_engine(info, usage, own, width), cell(""), *_probes(probes, width), *_settings(settings, width)]


def _heading(text: str) -> Cell:
    return cell(text, "heading")


def _pair(name: str, value: str, width: int) -> list[Cell]:
    parts = wrap(plain(value), max(width - _NAME - 4, 20)) or [""]
    first: Cell = ((f"  {plain(name):<{_NAME}}", "muted"), (parts[0], ""))
    return [first, *(cell(" " * (_NAME + 2) + part) for part in parts[1:])]


def _engine(info: EngineInfo, usage: HostUsage, own: tuple[str, str], width: int) -> list[Cell]:
    states = " · ".join(f"{count} {state}" for state, count in info.containers.items() if count) or "none"
    pairs = [
        ("version", f"tuicont {info.version}"),
        ("kernel", info.kernel),
        ("processors", f"{info.processors} · load {' '.join(f'{load:.2f}' for load in usage.load)}"),
        ("memory", f"{size(usage.memory_available)} of {size(usage.memory)} available"),
        ("swap", f"{size(usage.swap_free)} of {size(usage.swap)} free" if usage.swap else "none"),
        ("disk", f"{size(usage.disk_free)} of {size(usage.disk)} free below the state"),
        ("drivers", f"cgroup {info.cgroup_driver} · storage {info.storage_driver} · runtime {info.runtime}"),
        ("containers", states),
        ("images", f"{info.images} with {info.layers} layers"),
        ("storage use", exact_size(info.storage_bytes)),
        ("state", info.root),
        ("volatile state", info.run_root),
        ("configuration", own[0] or "the defaults (no file)"),
        ("theme", own[1]),
    ]
    found = [_heading("engine")]
    for name, value in pairs:
        found += _pair(name, value, width)
    for note in info.notes:
        found += [(("  ! ", "warn"), (part, "")) for part in wrap(plain(note), max(width - 6, 20))]
    return found


def _probes(probes: Sequence[Probe], width: int) -> list[Cell]:
    found: list[Cell] = []
    for group, members in groupby(sorted(probes, key=lambda probe: probe.group), key=lambda probe: probe.group):
        found.append(_heading(plain(group)))
        for probe in members:
            mark: Span = ("  ✓ ", "good") if probe.supported else ("  ✖ ", "bad")
            text = probe.detail if probe.supported else " · ".join(filter(None, (probe.reason, probe.detail)))
            parts = wrap(plain(text), max(width - _NAME - 8, 20)) or [""]
            found.append((mark, (f"{plain(probe.name):<{_NAME + 2}} ", ""), (parts[0], "muted")))
            found += [cell(" " * (_NAME + 7) + part, "muted") for part in parts[1:]]
        found.append(cell(""))
    return found


def _settings(settings: Sequence[tuple[str, str, str]], width: int) -> list[Cell]:
    found = [_heading("settings")] if settings else []
    for name, value, source in settings:
        found += _pair(name, f"{value}  ({source})" if source else value, width)
    return found
