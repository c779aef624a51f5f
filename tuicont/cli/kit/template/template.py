"""A template that is read once and filled again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tuicont.cli.kit.template.evaluate import evaluate
from tuicont.cli.kit.template.functions import FUNCTIONS, HEADINGS
from tuicont.cli.kit.template.nodes import Branch, Node, Operand, Output, Path, Pipeline
from tuicont.cli.kit.template.parser import parse


class Template:
    """A text with actions in it. Raises `Invalid` for what Go would not parse. `fields` are the names that it asks of
    the value itself, "" among them if it takes the value as a whole."""

    def __init__(self, text: str) -> None:
        self._nodes = parse(text, (*FUNCTIONS, "and", "or"))
        self.fields = tuple(dict.fromkeys(_asked(self._nodes, own=True)))

    def __call__(self, value: Any) -> str:
        return evaluate(self._nodes, value, FUNCTIONS)

    def heading(self, headings: Mapping[str, Any]) -> str:
        """The line that stands above those of the values."""
        return evaluate(self._nodes, headings, HEADINGS)


def _asked(nodes: tuple[Node, ...], *, own: bool) -> Iterator[str]:
    """What is asked of the value: by the dot as long as that is its `own`, by `$` everywhere."""
    for node in nodes:
        if isinstance(node, Output | Branch):
            yield from _asked_by(node.pipeline, own=own)
        if isinstance(node, Branch):
            yield from _asked(node.body, own=own and node.kind == "if")
            yield from _asked(node.otherwise, own=own)


def _asked_by(pipeline: Pipeline, *, own: bool) -> Iterator[str]:
    for command in pipeline.commands:
        for operand in (command.head, *command.arguments):
            yield from _asked_of(operand, own=own)


def _asked_of(operand: Operand, *, own: bool) -> Iterator[str]:
    if not isinstance(operand, Path):
        return
    if isinstance(operand.root, Pipeline):
        yield from _asked_by(operand.root, own=own)
    elif operand.root == "$" or (own and not operand.root):
        yield operand.names[0] if operand.names else ""
