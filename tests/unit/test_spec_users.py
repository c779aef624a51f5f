"""Identities from an image's own user files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import Invalid
from tuicont.core.spec.users import Identity, resolve

PASSWD = """root:x:0:0:root:/root:/bin/sh
broken line
web:x:33:33:web server:/var/www:/usr/sbin/nologin
huge:x:99999999999:1::/:
77:x:1077:1077::/home/seventyseven:/bin/sh
relative:x:40:40::home:/bin/sh
"""
GROUP = "root:x:0:\nweb:x:33:\nadm:x:4:syslog,web\nvideo:x:44:web,root\nbroken\n"


@pytest.mark.parametrize(
    ("user", "identity"),
    [
        ("", Identity(uid=0, gid=0, groups=(44,), home="/root")),
        ("web", Identity(uid=33, gid=33, groups=(4, 44), home="/var/www")),
        ("33", Identity(uid=33, gid=33, groups=(4, 44), home="/var/www")),
        ("web:video", Identity(uid=33, gid=44, home="/var/www")),
        ("web:1234", Identity(uid=33, gid=1234, home="/var/www")),
        ("5000", Identity(uid=5000, gid=0, home="/")),
        ("5000:6000", Identity(uid=5000, gid=6000, home="/")),
        ("77", Identity(uid=1077, gid=1077, home="/home/seventyseven")),
        ("relative", Identity(uid=40, gid=40, home="/")),
    ],
)
def test_who_a_user_is(user: str, identity: Identity) -> None:
    assert resolve(user, PASSWD, GROUP) == identity


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("nobody", "/etc/passwd has no user 'nobody'"),
        ("web:nogroup", "/etc/group has no group 'nogroup'"),
        ("4294967295", "an id is at most"),
        ("99999999999999999999", "an id is at most"),
        ("huge", "has no user 'huge'"),
        ("٣", "has no user"),
    ],
)
def test_who_a_user_cannot_be(user: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        resolve(user, PASSWD, GROUP)


def test_an_image_without_user_files_has_root_and_numbers() -> None:
    assert resolve("", "", "") == Identity(home="/")
    assert resolve("7:8", "", "") == Identity(uid=7, gid=8)


@given(st.text(), st.text(), st.text())
def test_hostile_files_give_an_identity_or_a_clear_error(user: str, passwd: str, group: str) -> None:
    try:
        identity = resolve(user, passwd, group)
    except Invalid:
        return
    assert 0 <= identity.uid < 0xFFFFFFFF
    assert 0 <= identity.gid < 0xFFFFFFFF
    assert identity.home.startswith("/")
