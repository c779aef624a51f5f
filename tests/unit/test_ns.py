"""Parsing and comparing of namespaces and mount tables, without a kernel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import KernelError
from tuicont.core.ns.discover import describe, parse_link
from tuicont.core.ns.mounts import parse_mountinfo

HOST = (("mnt", 1), ("uts", 2), ("net", 3))


def test_a_namespace_link_gives_its_inode() -> None:
    assert parse_link("net:[4026531840]") == 4026531840


def test_a_namespace_of_the_host_names_nobody_else() -> None:
    own = (("mnt", 10), ("net", 3))
    mount, network = describe(own, HOST, {"web-2": (("mnt", 11), ("net", 3))})
    assert (mount.host, mount.shared_with) == (False, ())
    assert (network.host, network.shared_with) == (True, ())


def test_containers_in_the_same_namespace_are_named_in_order() -> None:
    own = (("net", 30), ("uts", 20))
    others = {"web-3": (("net", 30),), "web-2": (("net", 30), ("uts", 21)), "db": (("uts", 30),)}
    network, uts = describe(own, HOST, others)
    assert network.shared_with == ("web-2", "web-3")
    assert uts.shared_with == ()


def test_a_mount_table_is_read_with_optional_fields_and_escapes() -> None:
    text = (
        b"36 35 98:0 / /mnt\\040a rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=continue\n"
        b"37 35 98:0 /srv/data /data ro,relatime - ext4 /dev/vda ro\n"
        b"38 35 0:21 / /proc rw,nosuid - proc  rw\n"
    )
    first, second, third = parse_mountinfo(text)
    assert (first.target, first.fstype, first.source) == ("/mnt a", "ext4", "/dev/root")
    assert first.options == "rw,noatime,errors=continue"
    assert (second.source, second.options) == ("/dev/vda[/srv/data]", "ro,relatime")
    assert (third.source, third.options) == ("", "rw,nosuid")


def test_a_malformed_line_is_named_by_its_number() -> None:
    with pytest.raises(KernelError, match="mountinfo line 2 is malformed"):
        parse_mountinfo(b"36 35 98:0 / / rw - ext4 /dev/root rw\nrubbish\n")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(lambda s: "/" + s))
def test_any_mount_point_survives_the_kernels_escaping(target: str) -> None:
    escaped = "".join(f"\\{ord(c):03o}" if c in " \t\n\\" else c for c in target).encode()
    if b"\r" in escaped or escaped.splitlines() != [escaped]:
        return
    (entry,) = parse_mountinfo(b"1 2 0:3 / " + escaped + b" rw - tmpfs none rw")
    assert entry.target == target
