"""The configuration file: what it sets, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuicont import config
from tuicont.config_file import SYSTEM_FILE, find
from tuicont.core.errors import Invalid
from tuicont.keys import PRESETS
from tuicont.presenters.containers import TABLE
from tuicont.resources import read_text
from tuicont.themes import themes


def test_the_documented_file_sets_the_defaults() -> None:
    assert config.parse(read_text("config.yaml"), "x") == config.Config(file="x")


def test_the_documented_choices_are_those_that_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    file = read_text("config.yaml")
    for choices in (list(themes()), list(TABLE.orders), list(PRESETS)):
        assert f"{', '.join(choices)}." in file
        assert ", ".join(f"`{choice}`" for choice in choices[:-1]) + f" or `{choices[-1]}`" in page


def test_values_and_keys_are_taken() -> None:
    read = config.parse("theme: light\ninterval: 0.5\nkeys:\n  preset: k9s\n  freeze: ctrl+z, Z\n", "c.yaml")
    assert (read.theme, read.interval, read.file) == ("light", 0.5, "c.yaml")
    assert read.keys["freeze"] == "ctrl+z,Z"
    assert read.keys["shell"] == "s"


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ("theme: dark\nthemes: light", 2, "unknown key 'themes'"),
        ("theme: pink", 1, "'pink' is none of dark, light"),
        ("sort: size", 1, "'size' is none of name, state, image, cpu"),
        ("\ninterval: soon", 2, "'soon' is not a number of seconds"),
        ("interval: 0", 1, "0 seconds are not between 0.2 and 60"),
        ("read_only: perhaps", 1, "'perhaps' is neither true nor false"),
        ("keys:\n  freze: p", 2, "unknown key 'freze'"),
        ("keys:\n  preset: emacs", 2, "'emacs' is none of default"),
        ("keys:\n  freeze: n", 2, "'n' is both create and freeze"),
        ("theme: dark\ntheme: light", 2, "'theme' is there twice"),
        ("- theme", 1, "expected `key: value` lines"),
        ("theme: [dark]", 1, "expected one value"),
        ("theme: 'dark", 1, "found unexpected end of stream"),
    ],
)
def test_an_error_names_file_and_line(text: str, line: int, cause: str) -> None:
    with pytest.raises(Invalid) as caught:
        config.parse(text, "/etc/tuicont/config.yaml")
    assert f"/etc/tuicont/config.yaml:{line}: {cause}" in str(caught.value)


def test_a_misspelt_key_is_guessed() -> None:
    with pytest.raises(Invalid, match="did you mean 'interval'"):
        config.parse("intervall: 2", "c")


def test_the_file_that_is_named_comes_before_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert find() in ("", SYSTEM_FILE)
    (tmp_path / "tuicont").mkdir()
    (tmp_path / "tuicont" / "config.yaml").write_text("theme: light\n")
    assert config.load(find()).theme == "light"
    assert find("other.yaml") == "other.yaml"


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no such file"):
        config.load(find(str(tmp_path / "missing.yaml")))


def test_without_a_file_the_defaults_hold() -> None:
    assert config.load("") == config.Config()


def test_drivers_are_named_there() -> None:
    read = config.parse("storage_driver: vfs\nruntime: crun\n", "c.yaml")
    assert (read.storage_driver, read.runtime) == ("vfs", "crun")


def test_a_file_that_is_no_text_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="not UTF-8"):
        config.load(str(tmp_path / "c.yaml"))
