"""The help page from the action table: groups of keys with what they do, and why one is refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

from tuicont.actions import Action, Group, Situation
from tuicont.keys import shown_key
from tuicont.presenters.cells import Cell, cell

_KEY, _LABEL = 11, 14


def lines(actions: Sequence[Action], keys: Mapping[str, str], situation: Situation, width: int) -> list[Cell]:
    """The actions below their groups' headings, in `width` cells; refused ones say why."""
    found: list[Cell] = []
    for group in Group:
        members = [action for action in actions if action.group == group and keys[action.id]]
        if members:
            found.append(cell(group.value, "heading"))
            for action in members:
                found += _lines(action, keys, situation, width)
            found.append(cell(""))
    return found


def _lines(action: Action, keys: Mapping[str, str], situation: Situation, width: int) -> list[Cell]:
    shown = " ".join(shown_key(key) for key in keys[action.id].split(","))
    reason = action.refused(situation)
    column = 2 + _KEY + _LABEL
    room = max(width - column, 20)
    first, *rest = wrap(f"{action.tooltip} [{action.id}]", room)
    found: list[Cell] = [
        (
            (f"  {shown:<{_KEY - 1}} ", "muted" if reason else "accent"),
            (f"{action.label:<{_LABEL - 1}} ", "muted" if reason else ""),
            (first, "muted"),
        ),
        *(cell(" " * column + part, "muted") for part in rest),
    ]
    if reason:
        found += [cell(" " * column + part, "warn") for part in wrap(f"not now: {reason}", room)]
    return found
