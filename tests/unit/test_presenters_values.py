"""Sizes, durations, times, mounts and booleans as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont import config
from tuicont.core.errors import Invalid
from tuicont.core.model.request import BindMount
from tuicont.core.spec.options import security_options
from tuicont.text import mounts, values
from tuicont.text.units import timestamp

NOW = 1_800_000_000 * values.NANO


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("1024", 1024), ("64m", 64 << 20), ("64MiB", 64 << 20), ("1.5g", 3 << 29), ("2 kB", 2048), ("7b", 7)],
)
def test_sizes_have_units_of_1024(text: str, expected: int) -> None:
    assert values.size(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90_000), ("1.5", 1500), ("500ms", 500), ("1h30m", 5_400_000), ("1.5h", 5_400_000), ("2m3s", 123_000)],
)
def test_durations_add_up(text: str, expected: int) -> None:
    assert values.duration_ns(text) == expected * 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", NOW - 600 * values.NANO),
        ("1700000000", 1_700_000_000 * values.NANO),
        ("1700000000.000000005", 1_700_000_000 * values.NANO + 5),
        ("1970-01-02T00:00:00Z", 86_400 * values.NANO),
        ("1970-01-02T00:00:00.000000007Z", 86_400 * values.NANO + 7),
        ("1970-01-02T01:00:00.5+01:00", 86_400 * values.NANO + 500_000_000),
    ],
)
def test_a_moment_is_a_date_a_number_or_a_while_ago(text: str, expected: int) -> None:
    assert values.moment_ns(text, NOW) == expected


@given(st.integers(0, 4_000_000_000 * values.NANO))
def test_the_time_stamps_of_logs_are_read_back_exactly(time_ns: int) -> None:
    assert values.moment_ns(timestamp(time_ns), NOW) == time_ns


@pytest.mark.parametrize("parse", [values.size, values.duration_ns, lambda t: values.moment_ns(t, NOW)])
@given(text=st.text(max_size=20))
def test_any_text_is_a_number_or_a_value_error(parse: object, text: str) -> None:
    try:
        assert isinstance(parse(text), int)  # type: ignore[operator]
    except ValueError as error:
        assert repr(text) in str(error)


@given(st.integers(0, 1 << 60))
def test_plain_bytes_stay_what_they_are(number: int) -> None:
    assert values.size(str(number)) == number


def test_detach_keys_are_control_characters_or_plain_ones() -> None:
    assert values.detach_keys("ctrl-p,ctrl-q") == b"\x10\x11"
    assert values.detach_keys("a,ctrl-],Q") == b"a\x1dQ"
    with pytest.raises(ValueError, match="no key sequence"):
        values.detach_keys("ctrl-pp")


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True"])
def test_true_as_go_writes_it(text: str) -> None:
    assert values.boolean(text)
    assert security_options((f"no-new-privileges={text}",)).no_new_privileges
    assert config.parse(f"read_only: {text}", "c").read_only
    assert is_read_only(f"readonly={text}")


@pytest.mark.parametrize("text", ["0", "f", "F", "FALSE", "false", "False"])
def test_false_as_go_writes_it(text: str) -> None:
    assert not values.boolean(text)
    assert not security_options((f"no-new-privileges={text}",)).no_new_privileges
    assert not config.parse(f"read_only: {text}", "c").read_only
    assert not is_read_only(f"ro={text}")


@pytest.mark.parametrize("text", ["", "maybe", "tRUE", " true", "2", "-1", "y"])
def test_nothing_else_is_true_or_false(text: str) -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        values.boolean(text)
    with pytest.raises(Invalid, match="neither true nor false"):
        security_options((f"no-new-privileges={text}",))
    with pytest.raises(Invalid, match="neither true nor false"):
        config.parse(f"read_only: '{text}'", "c")
    with pytest.raises(ValueError, match="neither true nor false"):
        is_read_only(f"readonly={text}")


def test_a_bare_name_switches_on_and_yaml_has_words_of_its_own() -> None:
    assert security_options(("no-new-privileges",)).no_new_privileges
    assert is_read_only("readonly") and not is_read_only("source=/b")
    assert config.parse("read_only: yes", "c").read_only
    assert not config.parse("read_only: Off", "c").read_only


def is_read_only(option: str) -> bool:
    mount = mounts.mount(f"type=bind,source=/a,target=/b,{option}", lambda: "/")
    assert isinstance(mount, BindMount)
    return mount.read_only


def test_a_relative_source_is_taken_from_where_the_caller_is() -> None:
    assert mounts.volume("./a/../b:/t", lambda: "/here").source == "/here/b"
    mount = mounts.mount("source=..,target=/t", lambda: "/here/there")
    assert isinstance(mount, BindMount) and mount.source == "/here"


def test_a_working_directory_that_is_gone_is_missed_by_relative_paths_alone() -> None:
    def gone() -> str:
        raise FileNotFoundError(2, "No such file or directory")

    assert mounts.volume("/a:/t", gone).source == "/a"
    with pytest.raises(ValueError, match="the working directory is gone"):
        mounts.volume("./a:/t", gone)
