"""What the details tabs show, as functions of model values."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tuicont.core.engine.api import LayerView
from tuicont.core.model.container import (
    CgroupFile,
    Change,
    Container,
    ExitStatus,
    Link,
    MountEntry,
    Namespace,
    Process,
)
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest
from tuicont.core.model.series import Series
from tuicont.core.model.state import State
from tuicont.core.model.stats import Sample
from tuicont.presenters.cells import cell
from tuicont.presenters.details import (
    cgroup,
    inspect,
    layers,
    metrics,
    mounts,
    namespaces,
    overview,
    processes,
)
from tuicont.presenters.details.chart import area, binary_ceiling, ceiling
from tuicont.presenters.details.line import (
    Page,
    beside,
    fit,
    fit_end,
    fitted,
    head_line,
    row_line,
    text_of,
    width_of,
    wrapped,
)
from tuicont.presenters.details.view import View
from tuicont.presenters.table import Align, Column, Table
from tuicont.presenters.tones import Tone
from tuicont.text.units import counted

SECOND = 1_000_000_000
TEXT = st.text(max_size=60)


def container(**changes: object) -> Container:
    values: dict[str, object] = {
        "id": "ab" * 32,
        "name": "web-1",
        "request": ContainerRequest(image="demo", name="web-1"),
        "image_id": "sha256:" + "cd" * 32,
        "state": State.RUNNING,
        "created_ns": 0,
        "command": ("sh", "-c", "sleep 1"),
        "pid": 42,
        "started_ns": SECOND,
    }
    return Container(**(values | changes))  # type: ignore[arg-type]


def text(page: Page) -> str:
    return "\n".join(text_of(line) for line in (page.head, *page.lines))


def row(page: Page, word: str) -> str:
    return next(line for line in text(page).split("\n") if word in line)


# lines


@given(TEXT, st.integers(0, 30))
def test_a_fitted_text_is_exactly_as_wide_as_asked(value: str, width: int) -> None:
    assert cell_len(fit(value, width)) == width
    assert cell_len(fit_end(value, width)) == width


@given(TEXT, st.integers(4, 30))
def test_wrapping_keeps_to_the_width_and_loses_only_blanks(value: str, width: int) -> None:
    pieces = wrapped(value, width)
    assert all(width_of(line) <= width for line in pieces)
    kept = "".join(text_of(line) for line in pieces)
    assert re.sub(r"\s", "", kept) == re.sub(r"\s", "", "".join(text_of(line) for line in wrapped(value, 10_000)))


@given(TEXT)
def test_no_control_character_comes_through(value: str) -> None:
    assert not any(unicodedata.category(c).startswith("C") for c in fit(value, 40))


def test_a_path_keeps_its_end() -> None:
    assert fit_end("/var/lib/tuicont/upper", 10) == "…ont/upper"


def test_columns_stand_under_each_other() -> None:
    name = Column[tuple[str, str]](id="name", title="name", width=6, cell=lambda row, _: cell(row[0]))
    absent = Column[tuple[str, str]](id="x", title="x", width=lambda width, rows: 0, cell=lambda row, _: cell("x"))
    number = Column[tuple[str, str]](id="n", title="n", width=4, align=Align.RIGHT, cell=lambda row, _: cell(row[1]))
    placing = Table(name, absent, number, gap=2).place(12)
    lines = [head_line(placing), *(row_line(placing, row) for row in (("a", "1"), ("漢字漢字", "12345")))]
    assert {width_of(line) for line in lines} == {12}
    assert [text_of(line) for line in lines] == ["name       n", "a          1", "漢字 …  123…"]


@given(st.lists(st.tuples(TEXT, st.just("")), max_size=4), st.integers(1, 30), st.sampled_from(Align))
def test_a_fitted_cell_is_exactly_as_wide_as_its_column(
    parts: list[tuple[str, Tone]], width: int, align: Align
) -> None:
    assert width_of(fitted(tuple(parts), width, align)) == width


def test_blocks_stand_beside_each_other() -> None:
    rows = beside([(("a", ""),), (("b", ""),)], [(("c", ""),)], 5)
    assert [text_of(line) for line in rows] == ["a    c", "b"]
    assert text_of(beside([(("abc", ""), ("def", ""))], [(("g", ""),)], 5)[0]) == "abc… g"


def test_counts_are_spoken_properly() -> None:
    assert counted(1, "line") == "1 line"
    assert counted(1204, "line") == "1,204 lines"
    assert counted(2, "process", "processes") == "2 processes"


# overview


def test_the_overview_tells_how_it_ended() -> None:
    ended = container(
        state=State.EXITED, pid=0, finished_ns=5 * SECOND, exit=ExitStatus(code=137, signal=9, oom_killed=True)
    )
    assert "its memory limit was reached" in text(overview.page(View(container=ended, now_ns=9 * SECOND)))
    killed = container(state=State.EXITED, pid=0, finished_ns=5 * SECOND, exit=ExitStatus(code=143, signal=15))
    assert "killed by SIGTERM" in text(overview.page(View(container=killed, now_ns=9 * SECOND)))


def test_the_overview_has_limits_mounts_environment_and_pressure() -> None:
    request = ContainerRequest(
        image="demo",
        name="web-1",
        env=("TZ=UTC",),
        mounts=(BindMount(source="/srv/data", target="/data", read_only=True),),
        network="host",
    )
    sample = Sample(time_ns=0, memory=48 << 20, pids=3, cpu_some_avg10=1250)
    view = View(container=container(request=request), limits=Limits(memory=64 << 20, pids=64), sample=sample)
    page = overview.page(view)
    assert "48M of 64M" in row(page, "memory")
    assert "3 of 64" in row(page, "processes")
    assert "/data ← /srv/data read-only" in text(page)
    assert "TZ=UTC" in text(page)
    assert "not isolated" in row(page, "network")
    assert "12% some" in row(page, "cpu ")


def test_the_overview_tells_every_limit_that_there_is() -> None:
    limits = Limits(
        memory_swap=-1, memory_reservation=32 << 20, cpus=0.5, cpu_shares=512, cpuset_cpus="0-1", cpuset_mems="0"
    )
    page = overview.page(View(container=container(), limits=limits))
    assert row(page, "memory").split()[-2:] == ["no", "limit"]
    assert row(page, "CPUs").split() == ["CPUs", "0.5"]
    for told in ("with swap no limit", "reserved 32M", "512 shares", "on 0-1", "memory nodes 0"):
        assert told in text(page)
    bare = text(overview.page(View(container=container())))
    assert not [told for told in ("with swap", "reserved", "shares", "memory nodes") if told in bare]


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_overview_keeps_to_the_width(width: int) -> None:
    request = ContainerRequest(
        image="registry.example/" + "long/" * 20, env=("A=" + "b" * 300,), labels=(("k", "v" * 99),)
    )
    page = overview.page(View(container=container(request=request, command=("x" * 400,)), width=width))
    assert max(width_of(line) for line in page.lines) <= width


# processes


def process(pid: int, parent: int, command: str = "sh", cpu_ns: int = 0, state: str = "S") -> Process:
    return Process(
        pid=pid,
        inner_pid=pid - 40,
        parent_pid=parent,
        user="0",
        state=state,
        threads=1,
        rss=1 << 20,
        cpu_ns=cpu_ns,
        started_ns=0,
        command=command,
    )


def test_children_stand_below_their_parents() -> None:
    found = (process(41, 1), process(50, 42), process(42, 41), process(43, 41))
    assert [(p.pid, depth) for p, depth in processes.as_tree(found)] == [(41, 0), (42, 1), (50, 2), (43, 1)]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), unique_by=lambda pair: pair[0]))
def test_no_process_is_shown_twice_whoever_its_parent_is(pairs: list[tuple[int, int]]) -> None:
    shown = [p.pid for p, _ in processes.as_tree([process(pid, parent) for pid, parent in pairs])]
    assert len(shown) == len(set(shown))


def test_cpu_is_the_share_of_the_time_since_the_last_look() -> None:
    view = View(
        container=container(),
        data=(process(41, 1, cpu_ns=SECOND),),
        before=(SECOND, (process(41, 1, cpu_ns=SECOND // 2),)),
        now_ns=2 * SECOND,
    )
    assert "50%" in text(processes.page(view))


def test_zombies_are_counted_and_explained() -> None:
    page = processes.page(View(container=container(), data=(process(41, 1), process(42, 41, state="Z"))))
    assert "2 processes · 1 zombie: ended, not waited for" in page.status


# cgroup, namespaces, layers, mounts, inspect


def test_a_value_that_changed_is_toned_and_a_long_one_says_how_long() -> None:
    before = CgroupFile(path="/cg/pids.current", name="pids.current", value="1\n", writable=False)
    now = CgroupFile(path="/cg/pids.current", name="pids.current", value="2\n", writable=False, meaning="tasks now")
    stat = CgroupFile(path="/cg/cpu.stat", name="cpu.stat", value="a 1\nb 2\nc 3\n", writable=False)
    page = cgroup.page(View(container=container(), data=(now, stat), before=(0, (before, stat))))
    assert next(part for line in page.lines for part, tone in line if tone == "changed").strip() == "2"
    assert "a 1 +2" in row(page, "cpu.stat")
    opened = cgroup.page(View(container=container(), data=(now, stat), opened=frozenset({"/cg/cpu.stat"})))
    assert "    c 3" in text(opened)
    assert len(opened.keys) == len(opened.lines)


def test_namespaces_say_whose_they_are_and_what_is_in_the_network() -> None:
    found = (
        Namespace(kind="net", inode=1, host=False, shared_with=("web-2",)),
        Namespace(kind="user", inode=2, host=True),
        Namespace(kind="pid", inode=3, host=False),
    )
    link = Link(name="lo", state="up", mtu=65536, mac="", addresses=("127.0.0.1/8",))
    page = namespaces.page(View(container=container(), data=(found, (link,)), width=100))
    assert "shared with web-2" in row(page, "net ")
    assert "shared with host" in row(page, "user ")
    assert "own" in row(page, "pid ")
    assert "127.0.0.1/8" in row(page, "lo ")
    assert page.status == "2 of 3 namespaces are not the host's"


def test_layers_show_what_was_done_to_the_image() -> None:
    changes = (
        Change(kind="A", path="/new", size=2048),
        Change(kind="D", path="/gone"),
        Change(kind="C", path="/etc/x"),
    )
    view = LayerView(lower=(("ef" * 32, "add", 10),), upper_path="/u", upper_bytes=2048, changes=changes)
    page = layers.page(View(container=container(), data=view))
    assert "A +" in row(page, "/new") and "2K" in row(page, "/new")
    assert "D -" in row(page, "/gone")
    assert "efefefefefef" in text(page)
    assert page.status == "1 added · 1 changed: copied up · 1 deleted: a whiteout"


def test_mounts_tell_which_can_be_written_to() -> None:
    found = (
        MountEntry(target="/", fstype="overlay", source="overlay", options="rw,relatime"),
        MountEntry(target="/sys", fstype="sysfs", source="sysfs", options="ro,nosuid"),
    )
    assert mounts.page(View(container=container(), data=found)).status == "2 mounts · 1 can be written to"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_document_is_shown_safely(value: object) -> None:
    for line in inspect.json_lines(value):
        assert not any(unicodedata.category(c).startswith("C") for c in text_of(line))


def test_keys_and_values_of_a_document_have_tones_of_their_own() -> None:
    line = inspect.json_lines({"pid": 42})[1]
    assert [(part.strip(), tone) for part, tone in line if part.strip()] == [
        ('"pid"', "accent"),
        (":", "muted"),
        ("42", "frozen"),
    ]


# charts


@given(st.lists(st.none() | st.floats(-10, 1e12), max_size=80), st.integers(1, 30), st.integers(1, 8))
def test_a_chart_has_the_size_that_was_asked(values: list[float | None], width: int, height: int) -> None:
    rows = area(values, width, height, 100.0)
    assert [len(r) for r in rows] == [width] * height


def test_a_chart_is_filled_below_its_values() -> None:
    assert area([100.0, 100.0], 1, 2, 100.0) == ["⣿", "⣿"]
    assert area([50.0, 50.0], 1, 2, 100.0) == ["⠀", "⣿"]
    assert area([0.0, 0.1], 1, 2, 100.0) == ["⠀", "⢀"]
    assert area([None], 1, 1, 100.0) == ["⠀"]


def test_the_tops_of_charts_are_round() -> None:
    assert ceiling([13.0], 10.0) == 20.0
    assert ceiling([], 10.0) == 10.0
    assert binary_ceiling([5 << 20], 1 << 20) == 8 << 20


@pytest.mark.parametrize(("width", "height"), [(40, 10), (79, 12), (118, 24), (200, 60)])
def test_the_charts_fit(width: int, height: int) -> None:
    history = Series.of([Sample(time_ns=t * SECOND, cpu_ns=t * SECOND, memory=t << 20, pids=t) for t in range(100)])
    page = metrics.page(View(container=container(), data=history, width=width, height=height))
    assert max(width_of(line) for line in page.lines) <= width
    if height >= 12:
        assert len(page.lines) <= height


def test_hours_are_drawn_without_a_hole_where_minutes_become_seconds() -> None:
    times = [*range(59, 3600, 60), *range(3600, 4200)]
    rows = Series.of([Sample(time_ns=t * SECOND, cpu_ns=t * SECOND, memory=1 << 20) for t in times]).rows
    page = metrics.page(View(container=container(), data=Series(rows, 60), width=120, height=24), 15)
    bottom = text(page).splitlines()[10]
    assert "-16m" in text(page)
    assert [area.count("⣿") for area in bottom.split("│")[1:3]] == [32, 32]


def test_without_samples_the_metrics_say_why() -> None:
    assert "while it runs" in text(metrics.page(View(container=container(), data=Series())))
