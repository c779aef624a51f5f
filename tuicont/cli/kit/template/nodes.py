"""What a template is made of. Values only."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias


class Literal(NamedTuple):
    """A constant; None for `nil`."""

    value: Any


class Path(NamedTuple):
    """Fields of fields: of the dot (`root` is ""), of a variable (`$`, `$x`), or of what a pipeline gives."""

    root: str | Pipeline
    names: tuple[str, ...]


class Function(NamedTuple):
    """A function by its name."""

    name: str


Operand: TypeAlias = Literal | Path | Function


class Command(NamedTuple):
    """A value, or a function or method with its arguments."""

    head: Operand
    arguments: tuple[Operand, ...]


class Pipeline(NamedTuple):
    """Commands, each given the value of the one before as its last argument. The last value is given to the variables
    that are `declared` or, if it `assigns`, to those that there are."""

    commands: tuple[Command, ...]
    declared: tuple[str, ...] = ()
    assigns: bool = False


class Text(NamedTuple):
    """What stands outside of actions."""

    text: str


class Output(NamedTuple):
    """`{{pipeline}}`."""

    pipeline: Pipeline


class Branch(NamedTuple):
    """`{{if}}`, `{{with}}` or `{{range}}`, which is the `kind`, to its `{{end}}`."""

    kind: str
    pipeline: Pipeline
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


class Jump(NamedTuple):
    """`{{break}}` or `{{continue}}`, which is the `kind`."""

    kind: str


Node: TypeAlias = Text | Output | Branch | Jump
