"""One verb over several containers or images, as Docker does it: go on after an error, name what was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from tuicont.cli.kit.failure import SOME_FAILED, complain
from tuicont.core.errors import EngineError

T = TypeVar("T")

_AT_ONCE = 50
"""As many as Docker's own client (docker/cli, `parallelOperation`)."""


def each(
    refs: Sequence[str],
    act: Callable[[str], T],
    *,
    show: Callable[[T], str] | None = None,
    passing_over: tuple[type[EngineError], ...] = (),
    at_once: bool = False,
) -> int:
    """Call `act` for every ref, one after the other or `at_once`; print the ref, or what `show` makes of the answer, in
    their order. The exit code: `SOME_FAILED` when any failed. Errors that are `passing_over` are no failure and print
    nothing."""
    code = 0
    for ref, call in _side_by_side(refs, act) if at_once and len(refs) > 1 else _in_turn(refs, act):
        try:
            answer = call()
        except passing_over:
            continue
        except EngineError as error:
            complain(error)
            code = SOME_FAILED
        else:
            print(ref if show is None else show(answer), flush=True)
    return code


def _in_turn(refs: Sequence[str], act: Callable[[str], T]) -> Iterator[tuple[str, Callable[[], T]]]:
    return ((ref, partial(act, ref)) for ref in refs)


def _side_by_side(refs: Sequence[str], act: Callable[[str], T]) -> Iterator[tuple[str, Callable[[], T]]]:
    """In threads that nobody waits for at the end: whoever interrupts a stop does not wait for the others."""
    from concurrent.futures import Future  # here, as few lines name several
    from threading import Thread

    calls: list[tuple[str, Future[T]]] = [(ref, Future()) for ref in refs]
    waiting = iter(calls)  # the next of a list is one thread's alone

    def work() -> None:
        for ref, future in waiting:
            try:
                future.set_result(act(ref))
            except BaseException as error:
                future.set_exception(error)

    for number in range(min(len(refs), _AT_ONCE)):
        try:
            Thread(target=work, daemon=True).start()
        except RuntimeError:  # there is no other thread to be had: those that are do it all
            if not number:
                return _in_turn(refs, act)
            break
    return ((ref, future.result) for ref, future in calls)


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
