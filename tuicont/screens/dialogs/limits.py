"""New limits for what runs: only what is changed is sent."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from tuicont.core.model.limits import Limits
from tuicont.presenters.create import OFFERED, read_limits
from tuicont.screens.dialogs.base import Dialog
from tuicont.text.limits import told
from tuicont.text.units import plain


class LimitsDialog(Dialog[Limits]):
    """`enter` answers with the limits that were typed."""

    KEYS = "enter changes them · tab next · esc closes"

    def __init__(self, name: str, now: Limits) -> None:
        super().__init__(f"limits of {name}")
        self._now = now

    def contents(self) -> ComposeResult:
        for limit in OFFERED:
            now = told(limit.unit, getattr(self._now, limit.field)).lower()
            yield Horizontal(
                Label(limit.label, classes="field"),
                Input(placeholder=f"now {now}", id=limit.field, compact=True),
                classes="row",
            )
        yield Static(id="trouble")
        yield Static("empty fields stay as they are; the kernel has the new ones at once", classes="context")

    def _read(self) -> tuple[Limits, dict[str, str]]:
        problems: dict[str, str] = {}
        texts = {limit.field: self.query_one(f"#{limit.field}", Input).value for limit in OFFERED}
        return read_limits(texts, problems), problems

    @on(Input.Changed)
    def _typed(self) -> None:
        _, problems = self._read()
        self.query_one("#trouble", Static).update(Content("\n".join(plain(f"{f}: {p}") for f, p in problems.items())))

    @on(Input.Submitted)
    def _submitted(self) -> None:
        limits, problems = self._read()
        if not problems:
            self.dismiss(limits)
