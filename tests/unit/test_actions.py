"""The action table: no key means two things in one place, every action can be named, refusals have reasons."""

from __future__ import annotations

import pytest

from tests.doubles.scripted.engine import ScriptedEngine
from tuicont.actions import ACTIONS, BY_ID, Group, Scope, Situation, in_scope
from tuicont.keys import PRESETS, clashes, resolve_keys, shown_key, textual_key
from tuicont.presenters.help import lines


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_uses_a_key_twice_in_one_place(preset: str) -> None:
    assert clashes(resolve_keys(preset, {})) == []


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(ACTIONS)


def test_own_keys_win_over_the_preset() -> None:
    assert resolve_keys("lazydocker", {"freeze": "ctrl+z"})["freeze"] == "ctrl+z"


def test_a_clash_is_refused_with_both_names() -> None:
    with pytest.raises(ValueError, match="'n' is both create and stop"):
        resolve_keys("default", {"stop": "n"})


@pytest.mark.parametrize("shown", ["?", "/", ":", "]", "pgdn", "esc", "space", "q"])
def test_keys_are_written_as_they_are_shown(shown: str) -> None:
    assert shown_key(textual_key(shown)) == shown


def test_read_only_leaves_no_action_that_changes_something() -> None:
    left = {action.id for scope in Scope for action in in_scope(scope, read_only=True)}
    assert left.isdisjoint({"create", "start", "stop", "freeze", "kill", "remove", "shell", "limits", "rename"})
    assert {"logs", "inspect", "filter", "quit"} <= left


def test_no_scope_and_no_group_is_without_actions() -> None:
    assert {action.scope for action in ACTIONS} == set(Scope)
    assert {action.group for action in ACTIONS} == set(Group)


def test_one_target_that_takes_the_verb_is_enough() -> None:
    engine = ScriptedEngine()
    fresh, web = engine.containers.get("fresh"), engine.containers.get("web-1")
    stop = BY_ID["stop"]
    assert stop.refused(Situation(targets=(fresh, web))) == ""
    assert stop.refused(Situation(targets=(fresh,))) == "cannot stop fresh: it is created, not running or paused"
    assert stop.refused(Situation()) == "no container is selected"


def test_the_help_page_has_every_action_within_its_width() -> None:
    keys = resolve_keys("default", {})
    page = lines(ACTIONS, keys, Situation(), 70)
    text = ["".join(span for span, _ in line) for line in page]
    assert all(len(line) <= 70 for line in text)
