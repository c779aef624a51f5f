"""Who a container's process is, from `-u` and the image's own /etc/passwd and /etc/group.

Pure: the texts of the two files are passed in; they are an image's and so hostile. Never asks the host's.
"""

from __future__ import annotations

import msgspec

from tuicont.core.errors import Invalid

_LARGEST_ID = 0xFFFFFFFE
LARGEST_FILE = 4 << 20
"""Bytes of a passwd or group file that is read."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of a process, its additional groups and its home directory."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def resolve(user: str, passwd: str, group: str) -> Identity:
    """`user` is `[name|uid][:name|gid]`, empty for root, as Docker reads it.

    A number needs no line in `passwd` (its group is then 0 and its home `/`); a name does. Without a group
    of its own in `user`, the additional groups are those in `group` that list the user's name. Raises `Invalid`.
    """
    who, _, own_group = user.partition(":")
    entry = _passwd_entry(who or "0", passwd)
    if entry is None:
        number = _number(who or "0")
        if number is None:
            raise Invalid(f"run as {user}", f"the image's /etc/passwd has no user {who!r}")
        entry = ("", number, 0, "/")
    name, uid, gid, home = entry
    groups = _groups(group)
    if own_group:
        return Identity(uid=uid, gid=_group_id(own_group, groups, user), home=home)
    extra = tuple(sorted({number for _, number, members in groups if name and name in members}))
    return Identity(uid=uid, gid=gid, groups=extra, home=home)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    value = int(text) if len(text) <= 10 else _LARGEST_ID + 1
    if value > _LARGEST_ID:
        raise Invalid(f"run as {text}", f"an id is at most {_LARGEST_ID}")
    return value


def _line_id(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LARGEST_ID:
        return int(text)
    return None


def _passwd_entry(who: str, passwd: str) -> tuple[str, int, int, str] | None:
    """(name, uid, gid, home) of the first line whose name is `who`, or else whose uid is."""
    number, by_id = _number(who), None
    for line in passwd.split("\n"):
        fields = line.split(":")
        if len(fields) < 6:
            continue
        uid, gid = _line_id(fields[2]), _line_id(fields[3])
        if uid is None or gid is None:
            continue
        entry = (fields[0], uid, gid, fields[5] if fields[5].startswith("/") else "/")
        if fields[0] == who:
            return entry
        if by_id is None and uid == number:
            by_id = entry
    return by_id


def _groups(group: str) -> list[tuple[str, int, frozenset[str]]]:
    found = []
    for line in group.split("\n"):
        fields = line.split(":")
        number = _line_id(fields[2]) if len(fields) >= 4 else None
        if number is not None:
            found.append((fields[0], number, frozenset(fields[3].strip().split(","))))
    return found


def _group_id(wanted: str, groups: list[tuple[str, int, frozenset[str]]], user: str) -> int:
    for name, number, _ in groups:
        if name == wanted:
            return number
    number_asked = _number(wanted)
    if number_asked is None:
        raise Invalid(f"run as {user}", f"the image's /etc/group has no group {wanted!r}")
    return number_asked
