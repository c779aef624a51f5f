"""Whatever the model can hold, a presenter draws it: nothing raises, and nothing that it returns steers a terminal.

Names, commands, paths and values come from containers, archives and other programs; numbers from kernels and clocks
that may be wrong.
"""

from __future__ import annotations

import enum
import types
import typing
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tuicont.core.engine.api import LayerView
from tuicont.core.errors import KernelError
from tuicont.core.model.container import (
    CgroupFile,
    Container,
    Link,
    LogLine,
    MountEntry,
    Namespace,
    Process,
    RemovalLoss,
)
from tuicont.core.model.event import Event, Topic
from tuicont.core.model.host import HostUsage
from tuicont.core.model.image import Image
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import EngineInfo, Probe
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.series import Series
from tuicont.core.model.snapshot import Snapshot
from tuicont.core.model.state import State
from tuicont.core.model.stats import Rates, Sample
from tuicont.presenters import containers, create, engine, events, sentences
from tuicont.presenters.command_line import command_line
from tuicont.presenters.details.ansi import runs
from tuicont.presenters.details.inspect import json_lines
from tuicont.presenters.details.line import Page, troubled
from tuicont.presenters.details.log_buffer import LogBuffer, chunk_of
from tuicont.presenters.details.metrics import SECONDS_A_POINT
from tuicont.presenters.details.metrics import page as metrics_page
from tuicont.presenters.details.view import View
from tuicont.presenters.faults import words
from tuicont.screens.details.pages import PAGES
from tuicont.screens.details.tabs import OVERVIEW

# One draw makes a whole model: that takes its time on a machine that is busy.
hostile = settings(max_examples=60, suppress_health_check=list(HealthCheck))

EVIL = (
    "a\rUid:",
    "\x1b[2J\x1b[H",
    "[bold]x[/bold]",
    "\udcff\udce9",
    "\x9b31m",
    "\u202egnp",
    "界" * 40,
    "e\u0301" * 9,
    "\0",
)
TEXT = st.sampled_from(EVIL) | st.text(st.characters(), max_size=12) | st.text(" []\r\n\t\x1b;m", max_size=8)
INTEGER = st.sampled_from((0, -1, 1, 2**31, 2**63 - 1, -(2**63), 2**64)) | st.integers(-(2**64), 2**64)
INTEGER_64 = st.sampled_from((0, -1, 2**63 - 1, -(2**63))) | st.integers(-(2**63), 2**63 - 1)
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: INTEGER,
    float: FLOAT,
    bool: st.booleans(),
    type(None): st.none(),
    Series: st.deferred(lambda: st.lists(values(Sample), max_size=4).map(series)),
}


def series(samples: list[Sample]) -> Series:
    """As a series is: rows of 64-bit integers, as the sampler fills them, each later than the one before."""
    rows = {}
    for sample in samples:
        row = Sample._make(min(max(number, -(2**63)), 2**63 - 1) for number in sample)
        rows[row.time_ns] = row
    return Series.of([rows[time_ns] for time_ns in sorted(rows)])


CALM: Mapping[Any, Any] = {
    Container: Container(
        id="0" * 64,
        name="web",
        request=ContainerRequest(image="demo"),
        image_id="1" * 64,
        state=State.RUNNING,
        created_ns=1,
    ),
    ContainerRequest: ContainerRequest(image="demo"),
    Limits: Limits(),
    Sample: Sample(0, *range(1, len(Sample._fields))),
}


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """All values of a type of the model, the hostile ones first."""
    if kind in PLAIN:
        return PLAIN[kind]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values, arguments))
    if origin is tuple and arguments[-1] is ...:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if origin is dict:
        return st.dictionaries(*map(values, arguments), max_size=3)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from(kind)
    hints = {name: hint for name, hint in typing.get_type_hints(kind).items() if name in kind.__annotations__}
    if kind in CALM:
        return some_hostile(kind, hints)
    return st.builds(kind, **{name: values(hint) for name, hint in hints.items()})


def changed(value: Any, **fields: Any) -> Any:
    return value._replace(**fields) if isinstance(value, tuple) else msgspec.structs.replace(value, **fields)


@st.composite
def some_hostile(draw: st.DrawFn, kind: Any, hints: Mapping[str, Any]) -> Any:
    """One with many fields, a few of which are hostile."""
    chosen = draw(st.lists(st.sampled_from(sorted(hints)), max_size=5, unique=True))
    return changed(CALM[kind], **{name: draw(values(hints[name])) for name in chosen})


ANSWERS: Mapping[str, Any] = {
    OVERVIEW.id: type(None),
    "processes": tuple[Process, ...],
    "cgroup": tuple[CgroupFile, ...],
    "namespaces": tuple[tuple[Namespace, ...], tuple[Link, ...]],
    "layers": LayerView,
    "mounts": tuple[MountEntry, ...],
    "inspect": dict[str, str | int | float | tuple[str, ...] | None],
}
"""What the engine answers for each tab that is a page."""

WIDTHS = st.sampled_from((20, 37, 50, 79, 100, 160, 400))


def views(data: Any, rooms: st.SearchStrategy[int] = WIDTHS) -> st.SearchStrategy[View[Any]]:
    known = values(data) | st.none()
    return st.builds(
        View,
        container=values(Container),
        limits=values(Limits),
        sample=values(Sample | None),
        rates=values(Rates | None),
        data=known,
        before=st.none() | st.tuples(INTEGER, values(data)) if data is not type(None) else st.none(),
        opened=st.frozensets(TEXT, max_size=2),
        now_ns=INTEGER,
        width=rooms,
        height=st.integers(1, 60),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """A snapshot whose parts go together, or not: some containers have samples and limits, some have none."""
    found = draw(st.lists(values(Container), max_size=4, unique_by=lambda container: container.id))
    ids = st.sampled_from([*(container.id for container in found), "gone"])

    def some(kind: Any) -> Any:
        return draw(st.dictionaries(ids, values(kind), max_size=4))

    return Snapshot(
        time_ns=draw(INTEGER),
        containers=tuple(found),
        limits=some(Limits),
        samples=some(Sample),
        rates=some(Rates),
        recent=some(Series),
    )


def harmless(texts: Iterable[str]) -> None:
    """None of them has a control, a format character, or half of a surrogate pair."""
    for text in texts:
        assert not [char for char in text if unicodedata.category(char).startswith("C")], ascii(text)


def texts_of(page: Page) -> list[str]:
    return [page.status, *(text for line in (page.head, *page.lines) for text, _ in line)]


def test_every_tab_that_is_a_page_is_drawn_here() -> None:
    assert set(ANSWERS) == {OVERVIEW.id, *PAGES}


def presenter(tab: str) -> Callable[[View[Any]], Page]:
    """What draws a tab. That of a container's document is asked for the drawing alone: the document has the form that
    the engine gives it, with anything in its texts."""
    if tab == "inspect":
        return lambda view: Page(json_lines(view.data))
    return (PAGES | {OVERVIEW.id: OVERVIEW})[tab].present


@pytest.mark.parametrize("tab", ANSWERS)
@given(data=st.data())
@hostile
def test_a_page_draws_whatever_the_engine_answers(tab: str, data: st.DataObject) -> None:
    harmless(texts_of(presenter(tab)(data.draw(views(ANSWERS[tab])))))


@given(views(Series), st.sampled_from(SECONDS_A_POINT))
@hostile
def test_the_charts_are_drawn_of_whatever_was_sampled(view: View[Series], seconds: int) -> None:
    harmless(texts_of(metrics_page(view, seconds)))


@pytest.mark.parametrize("tab", ANSWERS)
def test_a_page_draws_a_text_of_a_million_characters(tab: str) -> None:
    long = "\x1bx" * 500_000
    answers: Mapping[str, Any] = {
        OVERVIEW.id: None,
        "processes": (
            Process(
                pid=1,
                inner_pid=1,
                parent_pid=0,
                user=long,
                state=long,
                threads=1,
                rss=1,
                cpu_ns=1,
                started_ns=1,
                command=long,
            ),
        ),
        "cgroup": (CgroupFile(path=f"/{long}/x", name=long, value=long, writable=True, meaning=long),),
        "namespaces": (
            (Namespace(kind=long, inode=1, host=False, shared_with=(long,)),),
            (Link(name=long, state=long, mtu=1, mac=long, addresses=(long,)),),
        ),
        "layers": LayerView(lower=((long, long, 1),), upper_path=long, upper_bytes=1, changes=()),
        "mounts": (MountEntry(target=long, fstype=long, source=long, options=long),),
        "inspect": {long: long},
    }
    shown = msgspec.structs.replace(CALM[Container], name=long, error=long, command=(long,))
    harmless(texts_of(presenter(tab)(View(container=shown, data=answers[tab], width=80))))


@given(snapshots(), TEXT, st.booleans(), WIDTHS)
@hostile
def test_the_table_of_containers_draws_whatever_a_snapshot_holds(
    snapshot: Snapshot, query: str, reverse: bool, width: int
) -> None:
    placing = containers.TABLE.place(width)
    for sort in containers.TABLE.orders:
        shown = containers.order(snapshot, sort, reverse=reverse, query=query)
        harmless([containers.title(shown, shown=len(shown), marked=1, query=query, sort=sort, reverse=reverse)])
    for container in snapshot.containers:
        row = containers.row_of(container, snapshot, doing="stop")
        for cell in (*placing.cells(row), *placing.cells(containers.row_of(container, snapshot))):
            harmless(text for text, _ in cell)
    harmless([sentences.leaving_text(snapshot).rstrip("\n")])


@given(values(Event), TEXT, WIDTHS)
@hostile
def test_the_table_of_events_draws_whatever_has_happened(event: Event, query: str, width: int) -> None:
    for topic in (event.topic, *Topic):
        told = msgspec.structs.replace(event, topic=topic)
        events.matches(told, query)
        for cell in events.TABLE.place(width).cells(told):
            harmless(text for text, _ in cell)


@given(
    st.sampled_from(tuple(Topic)),
    st.dictionaries(
        st.sampled_from(("exit_code", "oom_killed", "memory", "microseconds", "processes", "signal", "old_name")),
        TEXT | st.just("²"),
    ),
)
@hostile
def test_the_details_of_an_event_are_words_whatever_they_are(topic: Topic, detail: dict[str, str]) -> None:
    harmless(events.words(Event(seq=1, time_ns=0, topic=topic, subject="", name="", detail=detail)))


@given(
    values(EngineInfo),
    values(HostUsage),
    values(tuple[Probe, ...]),
    values(tuple[tuple[str, str, str], ...]),
    TEXT,
    WIDTHS,
)
@hostile
def test_the_engine_is_told_of_whatever_it_says(
    info: EngineInfo,
    usage: HostUsage,
    probes: Sequence[Probe],
    rows: Sequence[tuple[str, str, str]],
    own: str,
    width: int,
) -> None:
    for cell in engine.lines(info, usage, probes, rows, (own, own), width):
        harmless(text for text, _ in cell)


@given(st.lists(TEXT, min_size=1, max_size=12), st.lists(values(RemovalLoss), max_size=3))
@hostile
def test_what_removing_would_lose_is_told_in_words(names: list[str], losses: list[RemovalLoss]) -> None:
    harmless(sentences.loss_text(names, losses).split("\n"))


@given(values(Container))
@hostile
def test_every_request_has_a_command_line(container: Container) -> None:
    command_line(container.request)


@given(
    st.dictionaries(st.sampled_from(("name", "command", "mounts", "env", "memory", "cpus", "pids", "workdir")), TEXT),
    TEXT,
    values(tuple[Image, ...]),
)
@hostile
def test_whatever_is_typed_into_the_form_is_a_request_or_a_problem(
    texts: dict[str, str], image: str, images: tuple[Image, ...]
) -> None:
    def gone() -> str:
        raise FileNotFoundError(2, "No such file or directory")

    for cwd in (lambda: "/srv", gone):
        typed = create.Typed(image=image, network="none", texts=texts, ticked={})
        _, problems = create.read(typed, cwd)
        assert all(isinstance(problem, str) for problem in problems.values())
    create.image_choices(images)


@given(
    st.lists(st.builds(LogLine, time_ns=INTEGER_64, stream=TEXT, text=TEXT), min_size=1, max_size=5), st.integers(1, 90)
)
@hostile
def test_a_log_is_drawn_whatever_was_written_to_it(lines: list[LogLine], width: int) -> None:
    buffer = LogBuffer()
    buffer.extend(chunk_of(lines))
    assert len(buffer) == len(lines)
    for entry in buffer.entries(0, len(buffer)):
        harmless([entry.text, *(text for text, _ in runs(entry.raw))])
    heights = buffer.heights(width)
    for row in range(sum(heights)):
        buffer.place(row, heights, width)


ERRORS: tuple[Callable[[str], Exception], ...] = (
    lambda text: KernelError(text, text, values={text: text}, hint=text),
    KeyError,
    ValueError,
    lambda text: OSError(5, text),
    lambda text: UnicodeDecodeError("utf-8", text.encode(errors="replace"), 0, 1, text),
)


@given(st.sampled_from(ERRORS), TEXT)
@hostile
def test_every_error_has_words(make: Callable[[str], Exception], text: str) -> None:
    said = words(make(text))
    harmless(said.replace("\t", " ").split("\n"))
    page = Page(lines=((("known", ""),),), keys=("k",))
    below = troubled(page, said)
    assert below.lines[-1] == page.lines[-1] and len(below.keys) == len(below.lines)
