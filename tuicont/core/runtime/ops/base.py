"""What an operation is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec


class Operation(msgspec.Struct, frozen=True):
    """One step of a plan. Integers and strings are packed in the order of the fields.

    `code` is its number on the wire, `part` what it works at, as an error's stage has it ("" for none), `hints` the
    user's way out by errno, `common` whether many containers have the very same one.
    """

    code: ClassVar[int] = 0
    part: ClassVar[str] = ""
    hints: ClassVar[Mapping[int, str]] = {}
    common: ClassVar[bool] = True

    def hint(self, number: int) -> str:
        """What a user can do about the errno with which it failed; "" for nothing in particular."""
        return self.hints.get(number, "")

    def describe(self) -> str:
        """One line in the words of the system calls that carry it out: the dry run, the explanation of a start and the
        first line of an error are made of it."""
        raise NotImplementedError
