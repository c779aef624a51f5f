"""A plan as an order to the shim: its bytes, and what its failures are called. Pure."""

from __future__ import annotations

from functools import partial

from tuicont.core.errors import Invalid
from tuicont.core.runtime import ops
from tuicont.core.runtime.ops.encode import encode
from tuicont.core.runtime.ops.failure import failure
from tuicont.core.shim.births import Explain
from tuicont.core.shim.plan import Order


def order(plan: ops.Plan, operation: str, explain: Explain | None = None) -> Order:
    """`operation` is what is wanted ("start 1f2e…"); failures are those of its operations unless `explain` knows
    better. Raises `Invalid` for a string that holds a NUL."""
    try:
        return Order(len(plan), encode(plan), explain or partial(failure, operation, plan))
    except ValueError as error:
        raise Invalid(operation, str(error)) from None
