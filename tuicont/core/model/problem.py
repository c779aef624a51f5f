"""What is wrong with one field of a request."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """`field` is its path in the request (`limits.memory`), for a form to show `message` beside it."""

    field: str
    message: str
