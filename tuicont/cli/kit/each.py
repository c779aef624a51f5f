"""One verb over several containers or images, as Docker does it: go on after an error, name what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from tuicont.cli.kit.failure import SOME_FAILED, complain
from tuicont.core.errors import EngineError

T = TypeVar("T")


def each(
    refs: Iterable[str],
    act: Callable[[str], T],
    *,
    show: Callable[[T], str] | None = None,
    passing_over: tuple[type[EngineError], ...] = (),
) -> int:
    """Call `act` for every ref; print the ref, or what `show` makes of the answer. The exit code: `SOME_FAILED` when
    any failed. Errors that are `passing_over` are no failure and print nothing."""
    code = 0
    for ref in refs:
        try:
            answer = act(ref)
        except passing_over:
            continue
        except EngineError as error:
            complain(error)
            code = SOME_FAILED
        else:
            print(ref if show is None else show(answer), flush=True)
    return code


def found(refs: Iterable[str], find: Callable[[str], T]) -> tuple[list[T], list[EngineError]]:
    """What `find` gives for the refs, and its errors: for a verb that prints its answers as one."""
    answers: list[T] = []
    errors: list[EngineError] = []
    for ref in refs:
        try:
            answers.append(find(ref))
        except EngineError as error:
            errors.append(error)
    return answers, errors
