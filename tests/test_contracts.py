"""What holds for the source as a whole: one format, no lint, types, import contracts, small files.

`make check` runs the first four by themselves.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
SOURCES = [path for path in sorted((CHECKOUT / "tuicont").rglob("*")) if path.suffix in (".py", ".c", ".h", ".tcss")]
MODULES = [path for path in SOURCES if path.suffix == ".py"]
LONGEST = 700
LONG = 450


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("ruff", "format", "--check", "."), id="format"),
        pytest.param(("ruff", "check", "."), id="lint"),
        pytest.param(("mypy",), id="types"),
        pytest.param(("lint-imports", "--no-cache"), id="import contracts"),
        pytest.param(("deptry", "."), id="dependencies"),
        pytest.param(("vulture",), id="dead code"),
    ],
)
def test_the_source_passes(command: tuple[str, ...]) -> None:
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_files_are_small() -> None:
    sizes = {path.relative_to(CHECKOUT): lines(path) for path in SOURCES}
    assert not {path: size for path, size in sizes.items() if size > LONGEST}
    assert sum(size > LONG for size in sizes.values()) <= len(sizes) // 10, "nine in ten files stay below 450 lines"
    assert median(size for path, size in sizes.items() if path.name != "__init__.py") <= 165


def test_every_module_says_what_it_is() -> None:
    silent = [path.relative_to(CHECKOUT) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not silent


def test_every_folder_of_modules_is_a_package() -> None:
    """One that is not would be left out of the wheel and of the import contracts."""
    folders = {path.parent for path in MODULES}
    assert not {folder.relative_to(CHECKOUT) for folder in folders if not (folder / "__init__.py").exists()}


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after `statement`."""
    program = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=CHECKOUT)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_command_line_starts_without_the_interface() -> None:
    heavy = {"textual", "rich", "yaml", "pyroute2", "asyncio"}
    assert not heavy & loaded_by("import tuicont.__main__, tuicont.cli.main, tuicont.core.engine")
