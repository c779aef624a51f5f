"""New limits for what runs: only what is changed is sent."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from tuicont.core.model.limits import Limits
from tuicont.presenters.create import read_limits
from tuicont.screens.dialogs.base import Dialog
from tuicont.text.units import size

_FIELDS = (("memory", "memory"), ("cpus", "CPUs"), ("pids", "processes"))


class LimitsDialog(Dialog[Limits]):
    """`enter` answers with the limits that were typed."""

    KEYS = "enter changes them · tab next · esc closes"

    def __init__(self, name: str, now: Limits) -> None:
        super().__init__(f"limits of {name}")
        self._now = {
            "memory": size(now.memory).lower() if now.memory else "no limit",
            "cpus": f"{now.cpus:g}" if now.cpus else "no limit",
            "pids": str(now.pids) if now.pids and now.pids > 0 else "no limit",
        }

    def contents(self) -> ComposeResult:
        for field, label in _FIELDS:
            yield Horizontal(
                Label(label, classes="field"),
                Input(placeholder=f"now {self._now[field]}", id=field, compact=True),
                classes="row",
            )
        yield Static(id="trouble")
        yield Static("empty fields stay as they are; the kernel has the new ones at once", classes="context")

    def _read(self) -> tuple[Limits, dict[str, str]]:
        problems: dict[str, str] = {}
        memory, cpus, pids = (self.query_one(f"#{field}", Input).value for field, _ in _FIELDS)
        return read_limits(memory, cpus, pids, problems), problems

    @on(Input.Changed)
    def _typed(self) -> None:
        _, problems = self._read()
        self.query_one("#trouble", Static).update(Content("\n".join(f"{f}: {p}" for f, p in problems.items())))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        limits, problems = self._read()
        if not problems:
            self.dismiss(limits)
