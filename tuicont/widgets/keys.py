"""Textual's bindings for the actions of a scope. Knows the action table, no handler.

Every binding leads to the `run` action of the node that declares it, which asks the table first whether
the action is refused. The binding's id is the action's, so that the user's keymap can replace its keys.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tuicont.actions import Action, Scope, in_scope


def bindings_for(*scopes: Scope) -> list[BindingType]:
    """The bindings of all actions of `scopes`, in the table's order."""
    return [_binding(action) for scope in scopes for action in in_scope(scope)]


def _binding(action: Action) -> Binding:
    return Binding(
        action.key, f"run('{action.id}')", action.label, id=action.id, tooltip=action.tooltip, show=action.weight > 0
    )
