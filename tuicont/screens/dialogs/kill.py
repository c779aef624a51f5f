"""Which signal to send."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tuicont.core.model import signals
from tuicont.screens.dialogs.base import Dialog


class KillDialog(Dialog[str]):
    """`enter` sends the signal under the cursor; the first letters of a name go to it."""

    KEYS = "enter sends · esc closes"

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"send a signal to {names[0] if len(names) == 1 else f'{len(names)} containers'}")

    def contents(self) -> ComposeResult:
        yield OptionList(
            *(
                Option(
                    Content.assemble((f"{signals.number(name):>3} ", "dim"), f"{name:<10}", (meaning, "dim")), id=name
                )
                for name, meaning in signals.MEANINGS.items()
            ),
            compact=True,
        )
        yield Static(
            "SIGKILL goes to every process of the container, frozen ones too; others to its init", classes="context"
        )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with the signal."""
        self.dismiss(event.option.id)

    def on_key(self, event: object) -> None:
        """Go to the signal whose name begins with the letter."""
        character = getattr(event, "character", None)
        options = self.query_one(OptionList)
        if character and character.isalpha() and character not in "jk":
            start = (options.highlighted or 0) + 1
            names = tuple(signals.MEANINGS)
            for step in range(len(names)):
                position = (start + step) % len(names)
                if names[position][3:].startswith(character.upper()):
                    options.highlighted = position
                    return
