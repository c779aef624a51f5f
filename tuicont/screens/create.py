"""The create form: fields that are checked while they are typed, and the same as a command line.

Knows the fields and asks the engine what it would refuse; creates nothing itself.
"""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from tuicont.core.model.image import Image
from tuicont.core.model.request import ContainerRequest
from tuicont.engine_access import EngineAccess
from tuicont.presenters import create as form
from tuicont.presenters.command_line import command_line
from tuicont.screens.dialogs.base import Dialog
from tuicont.text.limits import NO_LIMIT
from tuicont.text.units import plain
from tuicont.widgets.form import Choice, Tick

Answer = tuple[ContainerRequest, bool]
"""(the request, whether to start it too)"""

_TEXTS: tuple[tuple[str, str, str], ...] = (
    ("name", "name", "one is made up when it is empty"),
    ("command", "command", "the image's own when it is empty"),
    *((limit.field, limit.label, f"{NO_LIMIT} · {limit.example}") for limit in form.OFFERED),
    ("mounts", "mounts", "/host/path:/path:ro tmpfs:/scratch"),
    ("env", "variables", "TZ=UTC LEVEL=debug"),
    ("user", "user", "the image's own"),
    ("workdir", "directory", "the image's own"),
    ("hostname", "host name", "the beginning of its id"),
)
_SWITCHES: tuple[tuple[str, str], ...] = (
    ("tty", "terminal"),
    ("stdin_open", "keep input open"),
    ("init", "reaper as PID 1"),
    ("read_only", "read-only root"),
    ("auto_remove", "remove when it ends"),
)
_TYPING_PAUSE = 0.15


class CreateForm(Dialog[Answer]):
    """`ctrl+s` or enter creates and starts; `ctrl+o` only creates; `ctrl+y` copies the command line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "make(True)", "create and start", show=False, priority=True),
        Binding("ctrl+o", "make(False)", "create", show=False, priority=True),
        Binding("ctrl+y", "copy_line", "copy", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    KEYS = "^s creates and starts · ^o creates · ^y copies the line · esc closes"

    def __init__(self, bridge: EngineAccess, images: tuple[Image, ...]) -> None:
        super().__init__("new container")
        self._bridge = bridge
        self._images = form.image_choices(images)
        self._problems: dict[str, str] = {}
        self._request = ContainerRequest(image="")
        self._filled: dict[str, str] = {}

    def contents(self) -> ComposeResult:
        choices = [(plain(name), name) for name in self._images]
        yield self._row("image", "image", Choice(choices, value=self._images[0], allow_blank=False, compact=True))
        for field, label, hint in _TEXTS:
            suggester = SuggestFromList([name for name, _ in form.WORKLOADS]) if field == "command" else None
            yield self._row(field, label, Input(placeholder=hint, suggester=suggester, compact=True))
            if field == "command":
                workloads = [(f"{name:<12} {what}", name) for name, what in form.WORKLOADS]
                yield self._row("workload", "workload", Choice(workloads, prompt="choose one", compact=True))
        networks = [(f"{name:<5} {what}", name) for name, what in form.NETWORKS]
        yield self._row("network", "network", Choice(networks, value="none", allow_blank=False, compact=True))
        with Horizontal(classes="switches"):
            for field, label in _SWITCHES:
                yield Tick(label, id=field, compact=True)
        yield Static(id="line")
        yield Static(id="trouble")
        with Horizontal(classes="buttons"):
            yield Button("create", id="create", compact=True)
            yield Button("create and start", id="create-start", variant="primary", compact=True)

    def _row(self, field: str, label: str, control: Input | Select[str]) -> Vertical:
        control.id = field
        problem = Label("", id=f"problem-{field}", classes="problem")
        return Vertical(Horizontal(Label(label, classes="field"), control), problem, classes="row", id=f"row-{field}")

    def on_mount(self) -> None:
        """Begin with what a demo needs."""
        self._fill_for(self._images[0])
        self.query_one("#name", Input).focus()
        self._typed_in()

    # what is typed

    def typed(self) -> form.Typed:
        """The fields as they stand."""
        texts = {field: self.query_one(f"#{field}", Input).value for field, _, _ in _TEXTS}
        ticked = {field: self.query_one(f"#{field}", Checkbox).value for field, _ in _SWITCHES}
        return form.Typed(image=self._chosen("image"), network=self._chosen("network"), texts=texts, ticked=ticked)

    def _chosen(self, field: str) -> str:
        value = self.query_one(f"#{field}", Select).value
        return value if isinstance(value, str) else ""

    def _fill_for(self, image: str) -> None:
        """What suits the image; fields that the user has changed are left alone."""
        begin = form.filled_in(image)
        for field in form.FILLED_IN:
            control = self.query_one(f"#{field}", Input)
            if control.value == self._filled.get(field, ""):
                control.value = self._filled[field] = begin.get(field, "")
        self.query_one("#row-workload").display = form.has_workloads(image)

    @on(Select.Changed, "#image")
    def _image_chosen(self) -> None:
        self._fill_for(self._chosen("image"))

    @on(Select.Changed, "#workload")
    def _workload_chosen(self) -> None:
        workload = self._chosen("workload")
        if workload:
            self.query_one("#command", Input).value = workload
            interactive = workload == "sh"
            for field in ("tty", "stdin_open"):
                self.query_one(f"#{field}", Checkbox).value = interactive

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _typed_in(self) -> None:
        self._request, problems = form.read(self.typed(), os.getcwd)
        line = command_line(self._request, detach=not self._request.tty)
        self.query_one("#line", Static).update(Content(plain(line)))
        self._show_problems(problems)
        self._ask_engine(self._request, problems)

    @work(group="validate", exclusive=True)
    async def _ask_engine(self, request: ContainerRequest, problems: dict[str, str]) -> None:
        from asyncio import sleep

        await sleep(_TYPING_PAUSE)
        try:
            found = await self._bridge.call(self._bridge.engine.containers.validate, request)
        except Exception as error:
            self._show_problems(problems | {"": self._bridge.told(error)})
            return
        self._show_problems({form.field_of(p.field): p.message for p in found} | problems)

    def _show_problems(self, problems: dict[str, str]) -> None:
        self._problems = dict(problems)
        for label in self.query(".problem").results(Label):
            text = problems.pop(str(label.id).removeprefix("problem-"), "")
            label.update(Content(plain(text)))
            label.display = bool(text)
        # The answer may come when the form is closed.
        for rest in self.query("#trouble").results(Static):
            rest.update(Content(plain(" · ".join(problems.values()))))
            rest.display = bool(problems)

    # leaving

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_make(True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.action_make(event.button.id == "create-start")

    @work(group="make", exclusive=True)
    async def action_make(self, start: bool) -> None:
        """Answer, when nothing is wrong; else go to the first field that is."""
        request, problems = form.read(self.typed(), os.getcwd)
        if not problems:
            try:
                found = await self._bridge.call(self._bridge.engine.containers.validate, request)
            except Exception as error:
                self._bridge.report(error)
                return
            problems = {form.field_of(p.field): p.message for p in found}
        if not problems:
            self.dismiss((request, start))
            return
        self._show_problems(problems)
        for field in self._problems:
            for wrong in self.query(f"#{field}" if field else "#name"):
                wrong.focus()
                return

    def action_copy_line(self) -> None:
        """Copy the command line."""
        self.app.copy_to_clipboard(command_line(self._request, detach=not self._request.tty))
        self.notify("copied the command line", timeout=2)
