"""From pieces to the tree of a template. Pure; knows which functions there are, and not what they do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tuicont.cli.kit.template.lexer import Piece, Token, not_understood, pieces
from tuicont.cli.kit.template.literals import literal
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
from tuicont.core.errors import Invalid

_BRANCHES = ("if", "with", "range")
_LITERALS = ("string", "raw", "character", "number")
_WORDS = {"true": True, "false": False, "nil": None}
_DEEPEST = 40
"""Blocks and parentheses in each other: Python's own stack is not endless."""


def parse(template: str, functions: Collection[str]) -> tuple[Node, ...]:
    """The tree. Raises `Invalid` for what Go would not parse, and for what there is not."""
    return _Parser(template, functions).nodes()


class _Parser:
    def __init__(self, template: str, functions: Collection[str]) -> None:
        self._template = template
        self._functions = functions
        self._pieces: Iterator[Piece] = pieces(template)
        self._variables = ["$"]
        self._tokens: list[Token] = []
        self._depth = 0
        self._loops = 0

    def nodes(self) -> tuple[Node, ...]:
        nodes, end = self._block()
        if end:
            raise self._wrong(f"{{{{{end}}}}} belongs to nothing before it")
        return nodes

    # blocks

    def _block(self) -> tuple[tuple[Node, ...], str]:
        """The nodes to the `end` or `else` that ends them, which is told; "" for the end of the template."""
        nodes: list[Node] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                if piece:
                    nodes.append(Text(piece))
                continue
            self._tokens = list(reversed(piece))
            self._skip()
            word = self._word()
            if word in ("end", "else"):
                return tuple(nodes), word
            if word in _BRANCHES:
                nodes.append(self._branch(self._take().text))
            elif word in ("break", "continue"):
                self._take()
                self._whole(word)
                if not self._loops:
                    raise self._wrong(f"{{{{{word}}}}} stands in no range")
                nodes.append(Jump(word))
            else:
                nodes.append(Output(self._pipeline()))
                self._whole("an action")
        return tuple(nodes), ""

    def _branch(self, kind: str) -> Branch:
        self._deeper()
        known = len(self._variables)
        pipeline = self._pipeline(kind)
        self._whole(kind)
        self._loops += kind == "range"
        body, end = self._block()
        self._loops -= kind == "range"
        otherwise: tuple[Node, ...] = ()
        if end == "else":
            otherwise, end = self._else(kind)
        if end != "end":
            raise self._wrong(f"{{{{{kind}}}}} has no {{{{end}}}}")
        del self._variables[known:]
        self._depth -= 1
        return Branch(kind, pipeline, body, otherwise)

    def _else(self, kind: str) -> tuple[tuple[Node, ...], str]:
        self._take()
        self._skip()
        again = self._word()
        if again in ("if", "with") and kind == again:
            return (self._branch(self._take().text),), "end"
        self._whole("else")
        return self._block()

    # pipelines

    def _pipeline(self, kind: str = "") -> Pipeline:
        declared, assigns = self._declaration(kind)
        commands = [self._command()]
        while self._tokens and self._tokens[-1].kind == "pipe":
            self._take()
            commands.append(self._command())
            if not _takes_arguments(commands[-1].head):
                raise self._wrong("what is piped on is no argument of a literal")
        if assigns:
            for name in declared:
                self._known(name)
        else:
            self._variables += declared
        return Pipeline(tuple(commands), declared, assigns)

    def _declaration(self, kind: str) -> tuple[tuple[str, ...], bool]:
        """The variables before `:=` or `=`."""
        kinds = [token.kind for token in reversed(self._tokens) if token.kind != "space"][:4]
        for form in (["variable"], ["variable", "comma", "variable"]):
            mark = kinds[len(form)] if kinds[: len(form)] == form and len(kinds) > len(form) else ""
            if mark in ("declare", "assign"):
                break
        else:
            return (), False
        if len(form) > 1 and kind != "range":
            raise self._wrong("only range gives two variables")
        names = []
        while self._tokens[-1].kind != mark:
            token = self._take()
            if token.kind == "variable":
                names.append(token.text)
            self._skip()
        self._take()
        if any("." in name or name == "$" for name in names):
            raise self._wrong("only a variable can be given a value")
        return tuple(names), mark == "assign"

    def _command(self) -> Command:
        operands: list[Operand] = []
        self._skip()
        while self._tokens and self._tokens[-1].kind not in ("pipe", "closing"):
            operands.append(self._operand())
            if self._tokens and self._tokens[-1].kind not in ("pipe", "closing", "space"):
                raise self._unknown(self._tokens[-1])
            self._skip()
        if not operands:
            raise self._wrong("a value is missing")
        head, *arguments = operands
        if isinstance(head, Literal) and (arguments or head.value is None):
            raise self._wrong("a literal takes no arguments" if arguments else "nil alone says nothing")
        return Command(head, tuple(arguments))

    def _operand(self) -> Operand:
        token = self._take()
        if token.kind in _LITERALS:
            try:
                return Literal(literal(token.text))
            except ValueError:
                raise self._unknown(token) from None
        if token.kind == "path":
            return Path("", _names(token.text))
        if token.kind == "variable":
            name, _, names = token.text.partition(".")
            self._known(name)
            return Path(name, _names(names))
        if token.kind == "opening":
            return self._parenthesised()
        if token.kind == "word" and token.text in _WORDS:
            return Literal(_WORDS[token.text])
        if token.kind == "word":
            if token.text not in self._functions:
                known = ", ".join(sorted(self._functions))
                raise Invalid("read the template", f"there is no function {token.text!r}", hint=f"there are: {known}")
            return Function(token.text)
        raise self._unknown(token)

    def _parenthesised(self) -> Path:
        self._deeper()
        pipeline = self._pipeline()
        if not self._tokens or self._tokens[-1].kind != "closing":
            raise self._wrong("a ( has no )")
        self._depth -= 1
        return Path(pipeline, _names(self._take().text[1:]))

    # tokens

    def _take(self) -> Token:
        return self._tokens.pop()

    def _skip(self) -> None:
        while self._tokens and self._tokens[-1].kind == "space":
            self._take()

    def _word(self) -> str:
        return self._tokens[-1].text if self._tokens and self._tokens[-1].kind == "word" else ""

    def _whole(self, what: str) -> None:
        self._skip()
        if self._tokens:
            raise self._wrong(f"{self._tokens[-1].text!r} is left over after {what}")

    def _known(self, name: str) -> None:
        if name not in self._variables:
            raise self._wrong(f"there is no variable {name!r}")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._wrong(f"more than {_DEEPEST} blocks and parentheses stand in each other")

    def _unknown(self, token: Token) -> Invalid:
        return not_understood(token.text, self._template)

    def _wrong(self, why: str) -> Invalid:
        return Invalid("read the template", why, values={"template": self._template})


def _takes_arguments(head: Operand) -> bool:
    return not isinstance(head, Literal)


def _names(path: str) -> tuple[str, ...]:
    return tuple(filter(None, path.split(".")))
