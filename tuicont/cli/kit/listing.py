"""Lists of things on standard output: as a table, as JSON (one object a line), or by a template.

A column of a listing is one entry: table, fields of templates and JSON, and the names in errors come from it. Knows
nothing of what is listed; templates and JSON are the business of `formats`.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec

from tuicont.cli.kit.parser import VerbParser
from tuicont.text.units import plain, visible

T = TypeVar("T")


class Column(msgspec.Struct, Generic[T], frozen=True):
    """`heading` stands above it in a table, `field` is its name in templates and JSON, `value` makes it from the thing
    that is listed. One that is not `shown` is in the plain table only when it is asked for; a `method` is a function
    that templates call (`{{.Label "name"}}`), and its heading one that makes what stands above it."""

    heading: str | Callable[[str], str]
    field: str
    value: Callable[[T], object]
    shown: bool = True
    method: bool = False


def add_format(parser: VerbParser) -> None:
    """`--format`."""
    parser.option(
        "--format",
        default="table",
        metavar="FORMAT",
        help="table, json (one object a line), or a template such as '{{.ID}}'",
    )


def add_line_format(parser: VerbParser, example: str = "{{.root}}") -> None:
    """`--format` of a verb that tells of one thing, or of each in its own way."""
    parser.option("-f", "--format", default="", metavar="FORMAT", help=f"json, or a template such as '{example}'")


def add_filter(parser: VerbParser, keys: str, *, short: bool = True) -> None:
    """`--filter`, which may be given more than once; `keys` are those that there are. `-f` may mean something else."""
    parser.many(
        *(("-f",) if short else ()),
        "--filter",
        type=_pair,
        metavar="KEY=VALUE",
        help=f"only those that match ({keys})",
    )


def _pair(text: str) -> tuple[str, str]:
    from tuicont.text.values import pair  # here, as it is rarely given

    return pair(text)


def show(things: Iterable[T], columns: Sequence[Column[T]], format: str, *, more: Collection[str] = ()) -> None:
    """Print the list. `format` is what the user gave for `--format`; `more` are fields that the plain table has too."""
    print_lines(lines(things, columns, format, more=more))


def lines(things: Iterable[T], columns: Sequence[Column[T]], format: str, *, more: Collection[str] = ()) -> list[str]:
    """The lines of a listing, a heading included where the format has one."""
    if format == "table":
        columns = [c for c in columns if (c.shown or c.field in more) and not c.method]
        return table(
            [[str(c.heading) for c in columns], *([_cell(c.value(thing)) for c in columns] for thing in things)]
        )
    from tuicont.cli.kit.formats import line_maker, table_maker  # here, as a plain table needs none

    format = unescaped(format)
    if not format.startswith("table "):
        return list(map(line_maker(columns, format), things))
    head, cells = table_maker(columns, format.removeprefix("table "))
    return table([head, *([_cell(cell) for cell in cells(thing)] for thing in things)])


def asks_for(format: str, field: str) -> bool:
    """Whether `format` is a template with that field in it: for what takes long to find out."""
    if "{{" not in format:
        return False
    from tuicont.cli.kit.template.template import Template

    return field in Template(unescaped(format.removeprefix("table "))).fields


def unescaped(format: str) -> str:
    """`\\t` and `\\n` as what they stand for: in listings Docker takes them so outside of actions too."""
    return format.replace("\\t", "\t").replace("\\n", "\n")


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their columns aligned, three spaces between them."""
    if not rows:
        return []
    widths = [max(_width(row[i]) for row in rows if i < len(row)) for i in range(max(map(len, rows)))]
    return [
        "   ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]


def for_output(text: str) -> str:
    """What may go to standard output. A label, a command or a file's name is its container's to choose: on a terminal
    its escape sequences would be carried out. Programs get it as it is."""
    return visible(text) if sys.stdout.isatty() else text


def print_lines(texts: Iterable[str], *, flush: bool = False) -> None:
    """Print lines, if there are any."""
    text = "\n".join(texts)
    if text:
        print(for_output(text), flush=flush)


def _cell(value: object) -> str:
    # What stands in a table may come from an image or a container: it must not reach the terminal raw.
    return plain(str(value))


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)
