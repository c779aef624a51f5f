"""Lists of rows on standard output: as a table, as JSON (one object a line), or by a template.

Knows rows as maps from Docker's field names to values; what they mean is each verb's business.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tuicont.cli.kit.parser import VerbParser
from tuicont.cli.kit.template import compile_template, fields, to_json
from tuicont.text.units import plain, visible
from tuicont.text.values import pair

Row = Mapping[str, Any]


class Column(NamedTuple):
    """A column of the table: its heading and the field that it shows."""

    heading: str
    field: str


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


def show(rows: Iterable[Row], columns: Sequence[Column], format: str) -> None:
    """Print the rows. `format` is what the user gave for `--format`."""
    print_lines(lines(rows, columns, format))


def lines(rows: Iterable[Row], columns: Sequence[Column], format: str) -> list[str]:
    """The lines of a listing, a heading included where the format has one."""
    if format == "table":
        return table([[c.heading for c in columns], *([_cell(row[c.field]) for c in columns] for row in rows)])
    if format.startswith("table "):
        template = format.removeprefix("table ").strip().replace("\\t", "\t")
        headings = {c.field: c.heading for c in columns}
        heading = [headings.get(field, field.upper()) for field in fields(template)]
        fill = compile_template(template)
        return table([heading, *([_cell(cell) for cell in fill(row).split("\t")] for row in rows)])
    return list(map(formatter(format), rows))


def formatter(format: str) -> Callable[[Row], str]:
    """What makes a line of a row, for `json` or a template."""
    return to_json if format == "json" else compile_template(format)


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
