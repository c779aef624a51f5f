"""Who a container's process is, from `-u` and the image's own /etc/passwd and /etc/group.

Pure: the texts of the two files are passed in; they are an image's and so hostile. Never asks the host's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from tuicont.core.errors import Invalid

_LARGEST_ID = (1 << 31) - 1  # as with Docker: beyond it are those that some systems take for negative ones
_LOOKS_LIKE_A_NUMBER = re.compile("[+-]?[0-9]+").fullmatch
LARGEST_FILE = 4 << 20
"""Bytes of a passwd or group file that is read."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of a process, its additional groups and its home directory."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    home: str = "/"


def resolve(user: str, passwd: str, group: str, more: tuple[str, ...] = ()) -> Identity:
    """`user` is `[name|uid][:name|gid]`, empty for root, as Docker reads it: what looks like a number is one, whatever
    names there are.

    A number needs no line in `passwd` (its group is then 0 and its home `/`); a name does. Without a group
    of its own in `user`, the additional groups are those in `group` that list the user's name; those of `more`, names
    or numbers, are always among them. Raises `Invalid`.
    """
    who, _, own_group = user.partition(":")
    number = _number(who or "0", user)
    entry = next(
        (line for line in _users(passwd) if (line.name == who if number is None else line.uid == number)), None
    )
    if entry is None:
        if number is None:
            raise Invalid(f"run as {user}", f"the image's /etc/passwd has no user {who!r}")
        entry = _User("", number)
    gid, groups = entry.gid, {_group_id(name, group, user) for name in more}
    if own_group:
        gid = _group_id(own_group, group, user)
    elif entry.name:
        groups |= {number for _, number, members in _groups(group) if entry.name in members}
    return Identity(uid=entry.uid, gid=gid, groups=tuple(sorted(groups)), home=entry.home)


class _User(NamedTuple):
    name: str
    uid: int
    gid: int = 0
    home: str = "/"


def _number(text: str, user: str) -> int | None:
    """Of an id; None for a name. Raises `Invalid` for one out of range."""
    if not _LOOKS_LIKE_A_NUMBER(text):
        return None
    if len(text) > 12 or not 0 <= int(text) <= _LARGEST_ID:
        raise Invalid(f"run as {user}", f"an id is between 0 and {_LARGEST_ID}, and not {text[:40]}")
    return int(text)


def _line_id(text: str) -> int | None:
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LARGEST_ID:
        return int(text)
    return None


def _users(passwd: str) -> Iterator[_User]:
    """passwd(5). A line may lack what comes last; one whose ids are no numbers is nobody's."""
    for fields in _lines(passwd, at_least=3):
        uid, gid = _line_id(fields[2]), _line_id(fields[3]) if len(fields) > 3 else 0
        if uid is not None and gid is not None:
            home = fields[5] if len(fields) > 5 and fields[5].startswith("/") else "/"
            yield _User(fields[0], uid, gid, home)


def _groups(group: str) -> Iterator[tuple[str, int, Collection[str]]]:
    """(name, id, members) of group(5), read alike."""
    for fields in _lines(group, at_least=3):
        if (gid := _line_id(fields[2])) is not None:
            yield fields[0], gid, [name.strip() for name in fields[3].split(",")] if len(fields) > 3 else ()


def _lines(text: str, *, at_least: int) -> Iterator[list[str]]:
    for line in text.split("\n"):
        fields = line.strip().split(":")
        if len(fields) >= at_least and fields[0]:
            yield fields


def _group_id(wanted: str, group: str, user: str) -> int:
    number = _number(wanted, user)
    if number is not None:
        return number
    for name, gid, _ in _groups(group):
        if name == wanted:
            return gid
    raise Invalid(f"run as {user}", f"the image's /etc/group has no group {wanted!r}")
