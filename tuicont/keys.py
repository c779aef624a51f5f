"""The keys of the actions: presets, the user's own, how a key is written, and which keys two actions would share.

Pure. Keys are in Textual's spelling (`question_mark`) unless they are shown or read (`?`).
"""

from __future__ import annotations

from collections.abc import Mapping

from tuicont.actions import ACTIONS, BY_ID, IN_DETAILS, Action, Scope

PRESETS: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "lazydocker": {
        "freeze": "p",
        "shell": "E",
        "logs": "m",
        "create": "c",
        "kill": "K",
        "sort": "o",
        "palette": "ctrl+p,colon,x",
    },
    "k9s": {
        "shell": "s",
        "stop": "ctrl+s",
        "kill": "ctrl+k",
        "remove": "ctrl+d",
        "inspect": "d,i,Y",
        "copy_id": "c",
        "sort": "o,N",
        "limits": "L",
        "containers": "1,0",
    },
    "vim": {
        "page_down": "ctrl+f,ctrl+d,pagedown",
        "page_up": "ctrl+b,ctrl+u,pageup",
        "next_tab": "right_square_bracket,tilde",
        "remove": "D",
        "filter": "slash",
        "inspect": "i,K",
        "kill": "X",
        "quit": "q,ctrl+q,Z",
    },
}

_SPELLED = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "space": "space",
    "asterisk": "*",
    "ampersand": "&",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "escape": "esc",
    "tilde": "~",
    "down": "↓",
    "up": "↑",
}
_TEXTUAL = {shown: name for name, shown in _SPELLED.items()} | {"return": "enter"}


def shown_key(key: str) -> str:
    """A key as people read it: `question_mark` is `?`, `ctrl+p` is `^p`."""
    head, plus, last = key.rpartition("+")
    spelled = _SPELLED.get(last, last)
    return f"^{spelled}" if head == "ctrl" else f"{head}{plus}{spelled}"


def textual_key(key: str) -> str:
    """A key as people write it in the configuration, in Textual's spelling."""
    head, plus, last = key.strip().rpartition("+")
    return f"{head}{plus}{_TEXTUAL.get(last, last)}" if last else key.strip()


def resolve_keys(preset: str, own: Mapping[str, str]) -> dict[str, str]:
    """The keys of every action by id: the table's, then the preset's, then the user's own.

    Raises ValueError, worded for the configuration, for an unknown preset or id, or when two actions
    would hear the same key in the same place.
    """
    if preset not in PRESETS:
        raise ValueError(f"no key preset {preset!r}; there are {', '.join(PRESETS)}")
    for action_id in own:
        if action_id not in BY_ID:
            raise ValueError(f"no action {action_id!r}")
    keys = {action.id: action.key for action in ACTIONS}
    keys.update(PRESETS[preset])
    keys.update({i: ",".join(textual_key(k) for k in value.split(",") if k.strip()) for i, value in own.items()})
    for clash in clashes(keys):
        raise ValueError(clash)
    return keys


def clashes(keys: Mapping[str, str]) -> list[str]:
    """Each key that two actions want which can be heard in the same place."""
    found = []
    taken: list[tuple[str, Action]] = []
    for action in ACTIONS:
        for key in filter(None, keys[action.id].split(",")):
            found += [
                f"{shown_key(key)!r} is both {other.id} and {action.id}"
                for held, other in taken
                if held == key and _overlap(other.scope, action.scope)
            ]
            taken.append((key, action))
    return found


def _overlap(one: Scope, other: Scope) -> bool:
    if one in IN_DETAILS or other in IN_DETAILS:
        # The pane with the focus hears a key first, and lets it pass when it has no use for it.
        return one == other or (one in IN_DETAILS and other in IN_DETAILS and Scope.DETAILS in (one, other))
    wide = (Scope.EVERYWHERE, Scope.LINES, Scope.LIST)
    return one == other or one in wide or other in wide
