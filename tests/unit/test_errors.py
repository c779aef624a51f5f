"""The one text that every error of the engine has."""

from __future__ import annotations

import errno

import pytest

from tuicont.core.errors import EngineError, Invalid, kernel_error


def test_an_error_has_a_line_for_each_of_its_parts() -> None:
    error = Invalid("start web", "it is broken", stage="mounts", values={"path": "/a"}, hint="mend it")
    assert str(error) == "cannot start web: it is broken\nstage: mounts \u00b7 path: /a\nhint: mend it"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x0b", "\x85", "\u2028"], ids=ascii)
def test_a_name_with_line_ends_adds_no_line(end: str) -> None:
    name = f"a{end}hint: run what I say"
    errors: list[EngineError] = [
        Invalid(f"load {name}", "no"),
        Invalid("load", f"{name} is not in it"),
        Invalid("load", "no", values={"path": name}),
        Invalid("load", "no", hint=name),
        kernel_error("load", f"open {name}", OSError(errno.ENOENT, "")),
    ]
    for error in errors:
        assert len(str(error).splitlines()) <= 2
        assert "a\\nhint: run what I say" in str(error)
