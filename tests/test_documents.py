"""What the documents say of the code is so: parts made from it, files and verbs they name, links."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from scripts.documents import with_parts
from tuicont.cli.table import VERBS

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = [CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
ROOTS = (CHECKOUT, CHECKOUT / "tuicont", CHECKOUT / "tuicont/core", CHECKOUT / "tuicont/core/native")

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@every_document
def test_what_is_made_from_the_code_is_as_the_code_is(document: Path) -> None:
    text = document.read_text()
    assert text == with_parts(text), "run `make documents`"


@every_document
def test_the_files_that_it_names_are_there(document: Path) -> None:
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|c|h|tcss|toml|json))`", document.read_text())
    near = {path.name for root in ("tuicont", "tests", "assets") for path in (CHECKOUT / root).rglob("*.*")}
    missing = [name for name in named if not any((root / name).exists() for root in ROOTS)]
    assert not [name for name in missing if "/" in name or name not in near | STATE_FILES]


STATE_FILES = {"config.json", "manifest.json", "index.json"}
"""What the engine and images have, not the checkout."""


@every_document
def test_the_verbs_that_it_names_are_there(document: Path) -> None:
    named = set(re.findall(r"(?:^ {4}|`|/)tuicont ([a-z]+)\b", document.read_text(), re.MULTILINE))
    assert named <= set(VERBS)


@every_document
def test_the_tests_that_it_names_are_there(document: Path) -> None:
    assert set(re.findall(r"`(test_\w+)`", document.read_text())) <= every_test()


def test_each_known_escape_has_its_test() -> None:
    section = (CHECKOUT / "docs/security.md").read_text().partition("## Known escapes")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| CVE-")]
    assert len(rows) >= 13
    for row in rows:
        assert re.search(r"`test_\w+`", row.split(" | ")[-1]), row


@cache
def every_test() -> set[str]:
    texts = (path.read_text() for path in (CHECKOUT / "tests").rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}


@every_document
def test_its_links_lead_somewhere(document: Path) -> None:
    for target, _, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]*))?\)", document.read_text()):
        place = (document.parent / target) if target else document
        assert place.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", place.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}, anchor
