"""What `--format` asks for beside the plain table: JSON, one object a line, or a template filled with each thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tuicont.cli.kit.listing import Column
from tuicont.cli.kit.template.evaluate import no_field
from tuicont.cli.kit.template.functions import to_json
from tuicont.cli.kit.template.template import Template

T = TypeVar("T")


def line_maker(columns: Sequence[Column[T]], format: str | Template) -> Callable[[T], str]:
    """What makes a line of a thing, for `json` or a template. Raises `Invalid` for a field that no column has."""
    fill = formatter(format) if isinstance(format, str) else format
    values = [c for c in columns if not c.method]
    if isinstance(fill, Template):
        fields = [c.field for c in columns]
        if unknown := [field for field in fill.fields if field and field not in fields]:
            raise no_field(unknown[0], fields)
        values = [c for c in columns if c.field in fill.fields or ("" in fill.fields and not c.method)]
    return lambda thing: fill({c.field: c.value(thing) for c in values})


def table_maker(columns: Sequence[Column[T]], format: str) -> tuple[list[str], Callable[[T], list[str]]]:
    """The headings of a table by a template with tabs in it, and what makes the cells of a thing."""
    template = Template(format.strip())
    fill = line_maker(columns, template)
    headings = {c.field: c.heading for c in columns}
    return template.heading(headings).split("\t"), lambda thing: fill(thing).split("\t")


def formatter(format: str) -> Callable[[Mapping[str, Any]], str]:
    """What makes a line of a map, for `json` or a template."""
    return to_json if format == "json" else Template(format)
