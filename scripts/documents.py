"""The parts of the documents that are made from the code: `make documents` puts them there, a test holds them there.

Such a part stands between two comments of a document, `<!-- made from the code: NAME -->` and `<!-- until here -->`.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tuicont.actions import ACTIONS
from tuicont.core.engine.api import LIMITS, Engine
from tuicont.core.engine.engine import LocalEngine
from tuicont.keys import shown_key

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "tuicont"
PART = re.compile(r"(<!-- made from the code: (\w+) -->\n).*?(<!-- until here -->\n)", re.DOTALL)


def keys() -> str:
    """The table of keys."""
    rows = ["| key | action | id | does |", "|---|---|---|---|"]
    for action in ACTIONS:
        shown = " ".join(f"`{shown_key(key)}`" for key in action.key.split(","))
        rows.append(f"| {shown} | {action.label} | `{action.id}` | {action.tooltip} ({action.scope.value}) |")
    return "\n".join(rows)


def limits() -> str:
    """The table of limits."""
    rows = ["| option | | value | in the OCI specification | `inspect` |", "|---|---|---|---|---|"]
    for limit in LIMITS:
        flags = ", ".join(f"`{flag}`" for flag in limit.flags)
        path = f"`linux.resources.{limit.section}.{limit.key}`"
        rows.append(f"| {flags} | {limit.help} | {limit.unit.value} | {path} | `HostConfig.{limit.docker}` |")
    return "\n".join(rows)


def layers() -> str:
    """The layers as the import contracts have them, the core's below those of the whole."""
    lines = []
    for layer in _layers_of("tuicont"):
        lines.append(f"    {layer}")
        if layer == "core":
            lines += [f"      ├ {inner}" for inner in _layers_of("tuicont.core")]
    return "\n".join(lines)


def folders() -> str:
    """A table of the packages, top layer first, with the first sentence of what each says of itself."""
    rows = ["| folder | holds |", "|---|---|"]
    for name in _parts(_layers_of("tuicont")):
        if name == "core":
            rows.append(_row("core"))
            for inner in _parts(_layers_of("tuicont.core")):
                rows += map(_row, _packages(f"core/{inner}"))
        else:
            rows += map(_row, _packages(name))
    return "\n".join(rows)


def facets() -> str:
    """A table of the engine's facets, with what each says of itself."""
    rows = ["| facet | what it is for | implemented in |", "|---|---|---|"]
    modules = {
        name.name: node.module.removeprefix("tuicont.").replace(".", "/")
        for node in ast.walk(ast.parse((PACKAGE / "core/engine/engine.py").read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
        for name in node.names
    }
    for name, facet in vars(Engine).items():
        if isinstance(facet, property):
            part = getattr(LocalEngine, name).fget.__annotations__["return"]
            rows.append(f"| `{name}` | {_sentence(facet.__doc__ or '')} | `{modules[part]}.py` |")
    return "\n".join(rows)


def _layers_of(package: str) -> list[str]:
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    def is_of(contract: dict[str, Any]) -> bool:
        return contract["type"] == "layers" and contract.get("containers", ["tuicont"]) == [package]

    (found,) = filter(is_of, contracts)
    return [layer.replace(f"{package}.", "") for layer in found["layers"]]


def _parts(layers: list[str]) -> Iterator[str]:
    for layer in layers:
        yield from re.split(r" [:|] ", layer)


def _packages(name: str) -> Iterator[str]:
    """The package, and those in it."""
    for path in sorted((PACKAGE / name).rglob("__init__.py")):
        yield str(path.parent.relative_to(PACKAGE))


def _row(name: str) -> str:
    said = ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text())) or ""
    return f"| `{name}` | {_sentence(said)} |"


def _sentence(text: str) -> str:
    """The first one, as a part of a table."""
    first = re.split(r"\.\s|\.$|\n\n", text)[0].replace("\n", " ")
    return f"{first[0].lower()}{first[1:]}"


MAKERS: dict[str, Callable[[], str]] = {part.__name__: part for part in (keys, limits, layers, folders, facets)}


def with_parts(text: str) -> str:
    """A document with what is made from the code as the code has it now. KeyError: it names an unknown part."""
    return PART.sub(lambda found: f"{found[1]}\n{MAKERS[found[2]]()}\n\n{found[3]}", text)


def main() -> None:
    for path in [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]:
        path.write_text(with_parts(path.read_text()))


if __name__ == "__main__":
    main()
