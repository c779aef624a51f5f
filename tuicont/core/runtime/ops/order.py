"""A plan as an order to the shim: its bytes, and what its failures are called. Pure."""

from __future__ import annotations

from functools import partial

from tuicont.core.errors import Invalid
from tuicont.core.runtime import ops
from tuicont.core.runtime.ops.encode import encode
from tuicont.core.runtime.ops.failure import failure
from tuicont.core.shim.plan import Order


def order(plan: ops.Plan, operation: str) -> Order:
    """`operation` is what is wanted ("start 1f2e…"). Raises `Invalid` for a string that holds a NUL."""
    try:
        return Order(len(plan), encode(plan), partial(failure, operation, plan))
    except ValueError as error:
        raise Invalid(operation, str(error)) from None
