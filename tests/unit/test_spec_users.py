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
short:x:50
grouped:x:51:52
named::
letters:x:1x:1::/:
  spaced:x:60:60::/spaced:/bin/sh  \t
"""
GROUP = "root:x:0:\nweb:x:33:\nadm:x:4:syslog, web\nvideo:x:44:web,root\nbroken\nbare:x:70\n88:x:1088:\n"


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
        ("77", Identity(uid=77, gid=0, home="/")),
        ("web:88", Identity(uid=33, gid=88, home="/var/www")),
        ("web:bare", Identity(uid=33, gid=70, home="/var/www")),
        ("web:", Identity(uid=33, gid=33, groups=(4, 44), home="/var/www")),
        (":video", Identity(uid=0, gid=44, home="/root")),
        (":7", Identity(uid=0, gid=7, home="/root")),
        (":", Identity(uid=0, gid=0, groups=(44,), home="/root")),
        ("+33", Identity(uid=33, gid=33, groups=(4, 44), home="/var/www")),
        ("short", Identity(uid=50, gid=0, home="/")),
        ("51", Identity(uid=51, gid=52, home="/")),
        ("spaced", Identity(uid=60, gid=60, home="/spaced")),
        ("2147483647", Identity(uid=2147483647)),
        ("relative", Identity(uid=40, gid=40, home="/")),
    ],
)
def test_who_a_user_is(user: str, identity: Identity) -> None:
    assert resolve(user, PASSWD, GROUP) == identity


def test_more_groups_are_added_to_those_of_the_user() -> None:
    assert resolve("web", PASSWD, GROUP, ("bare", "9")).groups == (4, 9, 44, 70)
    assert resolve("web:33", PASSWD, GROUP, ("video",)).groups == (44,)
    with pytest.raises(Invalid, match="has no group 'none'"):
        resolve("web", PASSWD, GROUP, ("none",))


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("nobody", "/etc/passwd has no user 'nobody'"),
        ("web:nogroup", "/etc/group has no group 'nogroup'"),
        ("2147483648", "an id is between 0 and 2147483647, and not 2147483648"),
        ("99999999999999999999", "an id is between"),
        ("-1", "an id is between"),
        ("web:-1", "an id is between"),
        ("web:4294967296", "an id is between"),
        ("named", "has no user 'named'"),
        ("letters", "has no user 'letters'"),
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
    assert 0 <= identity.uid < 1 << 31
    assert 0 <= identity.gid < 1 << 31
    assert identity.home.startswith("/")
