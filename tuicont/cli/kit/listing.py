"""Lists of things on standard output: as a table, as JSON (one object a line), or by a template.

A column of a listing is one entry: table, fields of templates and JSON, and the names in errors come from it. Knows
nothing of what is listed.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from tuicont.cli.kit.parser import VerbParser
from tuicont.cli.kit.template import Template, no_field, to_json
from tuicont.text.units import plain, visible
from tuicont.text.values import pair

T = TypeVar("T")


class Column(NamedTuple, Generic[T]):
    """`heading` stands above it in a table, `field` is its name in templates and JSON, `value` makes it from the thing
    that is listed. One that is not `shown` is in the plain table only when it is asked for."""

    heading: str
    field: str
    value: Callable[[T], object]
    shown: bool = True


def add_format(parser: VerbParser) -> None:
    """`--format`."""
    parser.option(
        "--format",
        default="table",
        metavar="FORMAT",
        help="table, json (one object a line), or a template such as '{{.ID}}'",
    )


def add_line_format(parser: VerbParser) -> None:
    """`--format` of a verb that tells of one thing, or of each in its own way."""
    parser.option("--format", default="", metavar="FORMAT", help="json, or a template such as '{{.root}}'")


def add_filter(parser: VerbParser, keys: str) -> None:
    """`--filter`, which may be given more than once; `keys` are those that there are."""
    parser.many(
        "-f",
        "--filter",
        type=pair,
        metavar="KEY=VALUE",
        help=f"only those that match ({keys})",
    )


def show(things: Iterable[T], columns: Sequence[Column[T]], format: str, *, more: Collection[str] = ()) -> None:
    """Print the list. `format` is what the user gave for `--format`; `more` are fields that the plain table has too."""
    print_lines(lines(things, columns, format, more=more))


def lines(things: Iterable[T], columns: Sequence[Column[T]], format: str, *, more: Collection[str] = ()) -> list[str]:
    """The lines of a listing, a heading included where the format has one."""
    if format == "table":
        columns = [c for c in columns if c.shown or c.field in more]
        return table([[c.heading for c in columns], *([_cell(c.value(thing)) for c in columns] for thing in things)])
    if not format.startswith("table "):
        return list(map(line_maker(columns, format), things))
    template = Template(format.removeprefix("table ").strip().replace("\\t", "\t"))
    headings = {c.field: c.heading for c in columns}
    fill = line_maker(columns, template)
    return table(
        [
            [headings.get(name, name.upper()) for name in template.names],
            *([_cell(cell) for cell in fill(thing).split("\t")] for thing in things),
        ]
    )


def line_maker(columns: Sequence[Column[T]], format: str | Template) -> Callable[[T], str]:
    """What makes a line of a thing, for `json` or a template. Raises `Invalid` for a field that no column has."""
    fill = formatter(format) if isinstance(format, str) else format
    fields = [c.field for c in columns]
    if isinstance(fill, Template) and (unknown := [field for field in fill.fields if field not in fields]):
        raise no_field(unknown[0], fields)
    return lambda thing: fill({c.field: c.value(thing) for c in columns})


def asks_for(format: str, field: str) -> bool:
    """Whether `format` is a template with that field in it: for what takes long to find out."""
    return "{{" in format and field in Template(format).fields


def formatter(format: str) -> Callable[[Mapping[str, Any]], str]:
    """What makes a line of a map, for `json` or a template."""
    return to_json if format == "json" else Template(format)


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
