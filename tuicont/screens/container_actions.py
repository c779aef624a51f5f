"""What the keys of the Containers screen do to containers: ask where something would be lost, then call
the engine in the background, and say what came of it.

Knows the engine's verbs, not how anything is drawn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from textual import work

from tuicont.core.errors import EngineError
from tuicont.core.model.container import Container, RemovalLoss
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.core.model.state import State, Verb, allows
from tuicont.engine_access import EngineAccess
from tuicont.presenters.sentences import loss_text
from tuicont.screens.base import ModeScreen

_AT_ONCE = 8
_MANY = 4
_SLOW = 0.15
"""Seconds after which the row says what is being done."""


class ContainerActions(ModeScreen):
    """The verbs of containers, for the screen that selects them."""

    def __init__(self, bridge: EngineAccess, keys: Mapping[str, str]) -> None:
        super().__init__(bridge, keys)
        self.handlers |= {
            "create": self._create,
            "start": lambda: self._each("start", Verb.START, lambda c: self.bridge.engine.tasks.start(c.id)),
            "stop": lambda: self._each("stop", Verb.STOP, lambda c: self.bridge.engine.tasks.stop(c.id)),
            "restart": lambda: self._each("restart", Verb.RESTART, lambda c: self.bridge.engine.tasks.restart(c.id)),
            "freeze": self._freeze,
            "kill": self._kill,
            "remove": self._remove,
            "rename": self._rename,
            "limits": self._limits,
            "copy_id": self._copy_id,
            "load_image": self._load_image,
        }

    @property
    def selected(self) -> Container | None:
        """The container under the cursor."""
        raise NotImplementedError

    def select(self, container_id: str, tab: str = "") -> None:
        """Put the cursor on this container, now or when it appears."""
        raise NotImplementedError

    def set_doing(self, container_id: str, verb: str) -> None:
        """Show which verb the engine is working on; empty when it is done."""
        raise NotImplementedError

    # one verb for all targets

    def _targets(self, *verbs: Verb) -> list[Container]:
        return [c for c in self.situation().targets if any(allows(c.state, verb) for verb in verbs)]

    def _each(self, word: str, verb: Verb, act: Callable[[Container], object]) -> None:
        self._run_for(word, self._targets(verb), act)

    def _run_for(self, word: str, targets: list[Container], act: Callable[[Container], object]) -> None:
        if targets:
            self._all(word, targets, act)

    @work(group="verbs")
    async def _all(self, word: str, targets: list[Container], act: Callable[[Container], object]) -> None:
        """Do it to each, a few at once; the strip counts when they are many. Errors are told together."""
        room = asyncio.Semaphore(_AT_ONCE)
        done = 0
        errors: list[Exception] = []

        async def one(container: Container) -> None:
            nonlocal done
            async with room:
                ended = asyncio.Event()

                def tell() -> None:
                    # A timer that has fired may be heard when the verb has ended, though it was stopped then.
                    if not ended.is_set():
                        self.set_doing(container.id, word)

                slow = self.set_timer(_SLOW, tell)
                try:
                    await self.bridge.call(act, container)
                except Exception as error:  # a fault of one keeps nobody from the others
                    errors.append(error)
                finally:
                    ended.set()
                    slow.stop()
                    self.set_doing(container.id, "")
            done += 1
            if len(targets) >= _MANY:
                self.set_note(f"{word} {done}/{len(targets)}")

        try:
            await asyncio.gather(*(one(container) for container in targets))
        finally:
            self.set_note("")
        if errors:
            for error in errors:
                self.bridge.told(error)
            first = next((error for error in errors if isinstance(error, EngineError)), errors[0])
            if len(errors) > 1 and isinstance(first, EngineError):
                first.hint = " · ".join(filter(None, (first.hint, f"{len(errors) - 1} more could not {word} either")))
            self.bridge.report(first)

    @work(group="verbs")
    async def _guard(self, doing: Callable[[], Awaitable[None]]) -> None:
        """Run it in the background; an error is shown."""
        try:
            await doing()
        except Exception as error:
            self.bridge.report(error)

    # verbs with a question or a form

    def _freeze(self) -> None:
        """Freeze what runs; when nothing of it runs, thaw what is frozen."""
        running = self._targets(Verb.PAUSE)
        if running:
            self._run_for("freeze", running, lambda c: self.bridge.engine.tasks.pause(c.id))
        else:
            self._run_for("thaw", self._targets(Verb.UNPAUSE), lambda c: self.bridge.engine.tasks.unpause(c.id))

    def _kill(self) -> None:
        from tuicont.screens.dialogs.kill import KillDialog

        targets = self._targets(Verb.KILL)

        def chosen(signal: str | None) -> None:
            if signal:
                self._run_for("signal", targets, lambda c: self.bridge.engine.tasks.kill(c.id, signal))
                frozen = [c.name for c in targets if c.state is State.PAUSED]
                if frozen and signal != "SIGKILL":
                    self.bridge.notify(f"{', '.join(frozen)}: {signal} is taken when thawed")

        self.app.push_screen(KillDialog([c.name for c in targets]), chosen)

    def _remove(self) -> None:
        targets = list(self.situation().targets)

        async def ask() -> None:
            from tuicont.screens.dialogs.confirm import ConfirmDialog

            losses = await asyncio.gather(*(self.bridge.call(self._loss, c) for c in targets))
            title = f"remove {targets[0].name}?" if len(targets) == 1 else f"remove {len(targets)} containers?"
            text = loss_text([c.name for c in targets], list(losses))

            def answered(yes: bool | None) -> None:
                if yes:
                    remove = self.bridge.engine.containers.remove
                    self._run_for("remove", targets, lambda c: remove(c.id, force=c.state.alive))

            self.app.push_screen(ConfirmDialog(title, text, yes="remove", no="keep"), answered)

        if targets:
            self._guard(ask)

    def _loss(self, container: Container) -> RemovalLoss:
        return self.bridge.engine.containers.loss(container.id)

    def _rename(self) -> None:
        from tuicont.screens.dialogs.prompt import PromptDialog

        container = self.selected
        if container is None:
            return
        container_id = container.id

        def named(name: str | None) -> None:
            if name:
                self._guard(lambda: self._renamed(container_id, name))

        self.app.push_screen(PromptDialog(f"rename {container.name}", "new name", container.name), named)

    async def _renamed(self, container_id: str, name: str) -> None:
        await self.bridge.call(self.bridge.engine.containers.rename, container_id, name)

    def _limits(self) -> None:
        from tuicont.screens.dialogs.limits import LimitsDialog

        targets = self._targets(Verb.UPDATE)
        if not targets:
            return

        def changed(limits: Limits | None) -> None:
            if limits is not None and limits != Limits():
                self._run_for("update", targets, lambda c: self.bridge.engine.containers.update(c.id, limits))

        names = targets[0].name if len(targets) == 1 else f"{len(targets)} containers"
        snapshot = self.bridge.snapshot
        now = snapshot.limits.get(targets[0].id) if snapshot is not None else None
        self.app.push_screen(LimitsDialog(names, now or Limits()), changed)

    def _copy_id(self) -> None:
        ids = "\n".join(c.id for c in self.situation().targets)
        self.app.copy_to_clipboard(ids)
        self.bridge.notify("copied the id" if "\n" not in ids else f"copied {ids.count(chr(10)) + 1} ids")

    # making and loading

    def _create(self) -> None:
        async def ask() -> None:
            from tuicont.screens.create import CreateForm

            images = await self.bridge.call(self.bridge.engine.images.list)

            def filled(answer: tuple[ContainerRequest, bool] | None) -> None:
                if answer is not None:
                    request, start = answer
                    self._guard(lambda: self._made(request, start=start))

            self.app.push_screen(CreateForm(self.bridge, images), filled)

        self._guard(ask)

    async def _made(self, request: ContainerRequest, *, start: bool) -> None:
        """Create, select, start. A demo image is built on first use, which takes a moment: the strip says so."""
        self.set_note(f"creating from {request.image} …")
        try:
            container = await self.bridge.call(self.bridge.engine.containers.create, request)
            self.select(container.id)
            if start:
                await self.bridge.call(self.bridge.engine.tasks.start, container.id)
        finally:
            self.set_note("")

    def _load_image(self) -> None:
        from tuicont.screens.dialogs.prompt import PromptDialog

        def given(path: str | None) -> None:
            if path:
                self._guard(lambda: self._loaded(path))

        question = "a Docker archive or an OCI layout: file or directory"
        self.app.push_screen(PromptDialog("load an image", question, ""), given)

    async def _loaded(self, path: str) -> None:
        def progress(what: str, done: int, total: int) -> None:
            share = f" {100 * done // total}%" if total else ""
            self.app.call_from_thread(self.set_note, f"{what}{share}")

        self.set_note(f"loading {path} …")
        notes: list[str] = []
        try:
            images = await self.bridge.call(self.bridge.engine.images.load, path, progress, notes.append)
        finally:
            self.set_note("")
        names = ", ".join(reference for image in images for reference in image.references)
        self.bridge.notify("\n".join([f"loaded {names or len(images)}", *notes]))
