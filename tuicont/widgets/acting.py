"""How a key becomes an action: Textual's bindings made from the action table, and what a node does with one.

Every binding leads to the `run` action of the node that declares it. The binding's id is the action's, so that the
user's keymap can replace its keys.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.binding import Binding, BindingType

from tuicont.actions import Action, Scope, in_scope

Handlers = dict[str, Callable[[], object]]
"""What is done, by the action's id."""


class Acting:
    """Mixed into a node that declares bindings of the action table. What each of them does is said once, when the node
    is made; an action that the node has no use for is a fault of this program, and raises `KeyError`."""

    handlers: Handlers

    def action_run(self, action_id: str) -> None:
        """Do it."""
        self.handlers[action_id]()


def bindings_for(*scopes: Scope) -> list[BindingType]:
    """The bindings of all actions of `scopes`, in the table's order."""
    return [_binding(action) for scope in scopes for action in in_scope(scope)]


def _binding(action: Action) -> Binding:
    return Binding(
        action.key, f"run('{action.id}')", action.label, id=action.id, tooltip=action.tooltip, show=action.weight > 0
    )
