"""Mount tables, from the kernel's text to values and to what people read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.host.mountinfo import parse
from tuicont.core.ns.mounts import entry


def test_a_mount_table_is_read_with_optional_fields_and_escapes() -> None:
    table = (
        b"36 35 98:0 / /mnt\\040a rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=continue\n"
        b"37 35 98:0 /srv/data /data ro,relatime - ext4 /dev/vda ro\n"
        b"38 35 0:21 / /proc rw,nosuid - proc  rw\n"
    )
    first, second, third = map(entry, parse(table))
    assert (first.target, first.fstype, first.source) == ("/mnt a", "ext4", "/dev/root")
    assert first.options == "rw,noatime,errors=continue"
    assert (second.source, second.options) == ("/dev/vda[/srv/data]", "ro,relatime")
    assert (third.source, third.options) == ("", "rw,nosuid")


def test_a_malformed_line_is_named_by_its_number() -> None:
    with pytest.raises(ValueError, match="mountinfo line 2 is malformed"):
        list(parse(b"36 35 98:0 / / rw - ext4 /dev/root rw\nrubbish\n"))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(lambda s: "/" + s))
def test_any_mount_point_survives_the_kernels_escaping(target: str) -> None:
    """The kernel escapes space, tab, newline and backslash; a carriage return stands as it is."""
    escaped = "".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in target).encode()
    (mount,) = parse(b"1 2 0:3 / " + escaped + b" rw - tmpfs none rw")
    assert entry(mount).target == target


def test_a_mount_point_that_is_not_utf8_is_shown_with_a_replacement() -> None:
    (mount,) = parse(b"1 2 0:3 / /a\xff rw - tmpfs none rw")
    assert mount.target == "/a\udcff"
    assert entry(mount).target == "/a\N{REPLACEMENT CHARACTER}"
