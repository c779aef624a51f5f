"""Events as rows: every topic has a look and words, and a topic of another version is shown as it is."""

from __future__ import annotations

from tuicont.core.model.event import Event, Topic
from tuicont.presenters.events import LOOKS, TABLE, matches, words
from tuicont.text.units import clock


def event(topic: str, **detail: str) -> Event:
    return Event(seq=1, time_ns=0, topic=topic, subject="x", name="web", detail=detail)


def drawn(shown: Event, width: int) -> dict[str, str]:
    placing = TABLE.place(width)
    cells = placing.cells(shown)
    return {
        placed.column.id: "".join(text for text, _ in cell) for placed, cell in zip(placing.columns, cells, strict=True)
    }


def test_every_topic_has_a_look_and_a_word_of_its_own() -> None:
    assert set(LOOKS) == set(Topic)
    assert len({look.word for look in LOOKS.values()}) == len(Topic)
    assert all(len(look.glyph) == 1 for look in LOOKS.values())


def test_a_topic_of_another_version_is_shown_as_it_is() -> None:
    assert drawn(event("/volumes/create"), 120) == {
        "time": clock(0),
        "name": "· web",
        "what": "/volumes/create",
        "topic": "/volumes/create",
    }


def test_an_end_without_a_fault_looks_calm() -> None:
    assert drawn(event(Topic.TASK_EXIT, exit_code="0"), 78)["name"] == "■ web"
    assert drawn(event(Topic.TASK_EXIT, exit_code="1"), 78)["name"] == "✖ web"


def test_the_topic_stands_where_there_is_room() -> None:
    assert [placed.column.id for placed in TABLE.place(99).columns] == ["time", "name", "what"]
    assert [placed.column.id for placed in TABLE.place(100).columns] == ["time", "name", "what", "topic"]


def test_the_filter_looks_at_name_topic_and_words() -> None:
    oom = event(Topic.TASK_OOM, limit="16777216")
    assert all(matches(oom, query) for query in ("WEB", "/tasks", "oom killer", "16M", "!paused", ""))
    assert not any(matches(oom, query) for query in ("!web", "exited"))


def test_events_are_told_in_words() -> None:
    assert words(event("/tasks/exit", exit_code="137", oom_killed="true")) == (
        "exited 137, killed by the OOM killer",
        "",
    )
    assert words(event("/tasks/paused", microseconds="600", processes="5")) == (
        "frozen",
        "confirmed in 0.6 ms · 5 processes",
    )
    assert words(event("/tasks/exec-started", exec_id="abc", command="\x1b[31msh")) == ("exec", "�[31msh")
    assert words(event("/containers/update", memory="67108864")) == ("limits changed", "memory 64M")
    assert words(event("/tasks/oom", killed="1", limit="16777216")) == (
        "killed by the OOM killer",
        "1 process · limit 16M",
    )
    assert words(event("/new/topic")) == ("/new/topic", "")
