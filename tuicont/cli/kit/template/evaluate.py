"""A tree carried out over a value. Knows no syntax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tuicont.cli.kit.template.functions import Callee
from tuicont.cli.kit.template.nodes import (
    Branch,
    Command,
    Function,
    Jump,
    Literal,
    Node,
    Operand,
    Output,
    Path,
    Pipeline,
    Text,
)
from tuicont.cli.kit.template.printing import NO_VALUE, printed
from tuicont.core.errors import Invalid
from tuicont.core.model.document import OpenMap

_STEPS = 200_000
_CHARACTERS = 1 << 24
"""What a template may do and write: far more than a line needs, and an end to those that would go on."""

_TAKES_MORE = 0x04
"""CO_VARARGS of a function's code (docs.python.org/3/library/inspect.html#inspect.CO_VARARGS)."""


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


def evaluate(nodes: tuple[Node, ...], value: Any, functions: Mapping[str, Callee]) -> str:
    """The text that the tree is for `value`. Raises `Invalid`."""
    run = _Run(value, functions)
    run.nodes(nodes, value)
    return "".join(run.written)


class _Run:
    def __init__(self, value: Any, functions: Mapping[str, Callee]) -> None:
        self.written: list[str] = []
        self._functions = functions
        self._variables: list[tuple[str, Any]] = [("$", value)]
        self._steps = 0
        self._characters = 0

    def nodes(self, nodes: tuple[Node, ...], dot: Any) -> None:
        for node in nodes:
            self._step()
            match node:
                case Text(text):
                    self._write(text)
                case Output(pipeline):
                    value = self._pipeline(pipeline, dot)
                    if not pipeline.declared:
                        self._write(printed(value))
                case Branch():
                    self._branch(node, dot)
                case Jump("break"):
                    raise _Break
                case Jump():
                    raise _Continue

    def _branch(self, branch: Branch, dot: Any) -> None:
        known = len(self._variables)
        if branch.kind == "range":
            self._range(branch, dot)
        else:
            value = self._pipeline(branch.pipeline, dot)
            if _true(value):
                self.nodes(branch.body, value if branch.kind == "with" else dot)
            else:
                self.nodes(branch.otherwise, dot)
        del self._variables[known:]

    def _range(self, branch: Branch, dot: Any) -> None:
        pipeline = branch.pipeline
        value = self._pipeline(pipeline._replace(declared=()), dot)
        known = len(self._variables)
        went = False
        for key, item in _items(value):
            went = True
            self._step()
            self._give(pipeline, (item,) if len(pipeline.declared) == 1 else (key, item))
            try:
                self.nodes(branch.body, item)
            except _Break:
                break
            except _Continue:
                pass
            finally:
                del self._variables[known:]
        if not went:
            self.nodes(branch.otherwise, dot)

    # values

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value: tuple[Any, ...] = ()
        for command in pipeline.commands:
            value = (self._command(command, dot, value),)
        self._give(pipeline, value)
        return value[0]

    def _give(self, pipeline: Pipeline, values: tuple[Any, ...]) -> None:
        for name, value in zip(pipeline.declared, values, strict=False):
            if pipeline.assigns:
                place = max(i for i, (known, _) in enumerate(self._variables) if known == name)
                self._variables[place] = (name, value)
            else:
                self._variables.append((name, value))

    def _command(self, command: Command, dot: Any, piped: tuple[Any, ...]) -> Any:
        self._step()
        head = command.head
        if isinstance(head, Function):
            if head.name in ("and", "or"):
                return self._first(head.name, command.arguments, dot, piped)
            arguments = [self._operand(operand, dot) for operand in command.arguments]
            return self._call(head.name, self._functions[head.name], (*arguments, *piped))
        value = self._operand(head, dot, method=True)
        arguments = [self._operand(operand, dot) for operand in command.arguments]
        if callable(value):
            return self._call(_name(head), value, (*arguments, *piped))
        if arguments or piped:
            raise _wrong(f"{_name(head)} takes no arguments")
        return value

    def _first(self, name: str, operands: tuple[Operand, ...], dot: Any, piped: tuple[Any, ...]) -> Any:
        """The first argument that decides, or the last; those after it are not looked at."""
        value: Any = NO_VALUE
        if not operands and not piped:
            raise _wrong(f"{name} takes arguments")
        for operand in operands:
            value = self._operand(operand, dot)
            if _true(value) == (name == "or"):
                return value
        return piped[0] if piped else value

    def _operand(self, operand: Operand, dot: Any, *, method: bool = False) -> Any:
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand, Function):
            return self._command(Command(operand, ()), dot, ())
        if isinstance(operand.root, Pipeline):
            value = self._pipeline(operand.root, dot)
        elif operand.root:
            value = next(value for name, value in reversed(self._variables) if name == operand.root)
        else:
            value = dot
        for name in operand.names:
            self._step()
            value = _field(value, name)
        return self._call(_name(operand), value, ()) if callable(value) and not method else value

    def _call(self, name: str, function: Callee, arguments: tuple[Any, ...]) -> Any:
        given = [None if argument is NO_VALUE else argument for argument in arguments]
        code = function.__code__
        if len(given) < code.co_argcount or (len(given) > code.co_argcount and not code.co_flags & _TAKES_MORE):
            raise _wrong(f"{name} takes {code.co_argcount} arguments, not {len(given)}")
        try:
            value = function(*given)
        except ValueError as error:
            raise _wrong(f"{name}: {error}") from None
        if isinstance(value, str | list):
            self._count(len(value))
        return value

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _STEPS:
            raise _wrong(f"it takes more than {_STEPS:,} steps")

    def _write(self, text: str) -> None:
        self._count(len(text))
        self.written.append(text)

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > _CHARACTERS:
            raise _wrong("the text becomes too long")


def _field(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        if isinstance(value, OpenMap):
            return NO_VALUE
        raise no_field(name, value)
    if value is NO_VALUE:
        return NO_VALUE
    if value is None:
        raise _wrong(f"what has no value has no field {name!r}", hint="{{with .A}}{{.B}}{{end}} asks first")
    raise no_field(name, ("none",))


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return ((key, value[key]) for key in sorted(value))
    if value is None or value is NO_VALUE:
        return ()
    if isinstance(value, int) and not isinstance(value, bool):
        return ((number, number) for number in range(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return enumerate(value)
    raise _wrong(f"range goes through lists, maps and numbers, not {printed(value)}")


def _true(value: Any) -> bool:
    """Go's empty values are false."""
    return bool(value)


def _name(operand: Operand) -> str:
    return f".{'.'.join(operand.names)}" if isinstance(operand, Path) else "a value"


def no_field(name: str, known: Iterable[object]) -> Invalid:
    """The error for a name that there is not; `known` are those that there are."""
    return Invalid("fill the template", f"there is no field {name!r}", hint=f"there are: {', '.join(map(str, known))}")


def _wrong(why: str, *, hint: str = "") -> Invalid:
    return Invalid("fill the template", why, hint=hint)
