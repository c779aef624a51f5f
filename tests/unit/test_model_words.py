"""The model's words: signals by name and number, and what an event is about."""

from __future__ import annotations

import pytest

from tuicont.core.model import signals
from tuicont.core.model.event import CONTAINER, ENGINE, IMAGE, Event, Topic


def test_signals_by_every_name() -> None:
    assert {signals.number(text) for text in ("TERM", "sigterm", "SIGTERM", " 15 ")} == {15}
    assert signals.number("SIGRTMIN+3") == signals.number("RTMIN") + 3
    assert signals.name(9) == "SIGKILL"
    for text in ("", "0", "65", "9999", "SIGWHAT", "-9"):
        with pytest.raises(ValueError, match="unknown signal"):
            signals.number(text)


def test_what_is_proposed_to_send_are_signals_by_their_names() -> None:
    assert [signals.name(signals.number(name)) for name in signals.MEANINGS] == list(signals.MEANINGS)
    assert next(iter(signals.MEANINGS)) == "SIGKILL"


def event(topic: str) -> Event:
    return Event(seq=1, time_ns=0, topic=topic, subject="x", name="web")


def test_every_topic_is_about_something_that_is_known() -> None:
    assert {topic: event(topic).about for topic in Topic if event(topic).about not in (CONTAINER, IMAGE, ENGINE)} == {}
    assert event(Topic.TASK_EXIT).about == event(Topic.CONTAINER_DELETE).about == CONTAINER
    assert event(Topic.IMAGE_CREATE).about == IMAGE
    assert event(Topic.ENGINE_REPAIR).about == ENGINE


@pytest.mark.parametrize(("topic", "about"), [("/volumes/create", "volumes"), ("/images/pull/begun", IMAGE), ("", "")])
def test_a_topic_of_another_version_is_about_what_it_names(topic: str, about: str) -> None:
    assert event(topic).about == about
