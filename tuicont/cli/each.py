"""One verb over several containers, as Docker does it: go on after an error, name what was done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from tuicont.core.errors import EngineError
from tuicont.text.units import visible

SOME_FAILED = 1


def each(
    refs: Iterable[str],
    act: Callable[[str], object],
    *,
    show: Callable[[object], str] | None = None,
    passing_over: tuple[type[EngineError], ...] = (),
) -> int:
    """Calls `act` for every ref; prints the ref, or what `show` makes of the answer. 1 when any failed;
    errors that are `passing_over` are no failure and print nothing."""
    code = 0
    for ref in refs:
        try:
            answer = act(ref)
        except passing_over:
            continue
        except EngineError as error:
            sys.stdout.flush()
            print(visible(str(error)), file=sys.stderr)
            code = SOME_FAILED
        else:
            print(ref if show is None else show(answer), flush=True)
    return code
