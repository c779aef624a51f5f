"""Chores are done in a pause, or a little later, and none is lost but with the process."""

from __future__ import annotations

import threading

from tuicont.core.files.chores import Chores


def test_a_pause_is_filled_with_what_waits_in_order() -> None:
    chores, done = Chores(), list[int]()
    for number in range(5):
        chores.later(lambda number=number: done.append(number))
    while chores.do_one():
        pass
    assert done == [0, 1, 2, 3, 4]
    chores.close()


def test_without_a_pause_another_thread_does_them() -> None:
    chores, done = Chores(), threading.Event()
    for _ in range(2):
        done.clear()
        chores.later(done.set)
        assert done.wait(10)
    chores.close()


def test_closing_returns_when_all_is_done_and_chores_may_come_again() -> None:
    chores, done = Chores(), list[str]()
    for word in ("first", "second"):
        chores.later(lambda word=word: done.append(word))
        chores.close()
        assert done[-1] == word
    chores.close()


def test_chores_of_many_threads_are_each_done_once() -> None:
    chores, done = Chores(), list[int]()

    def hand_in(start: int) -> None:
        for number in range(start, start + 500):
            chores.later(lambda number=number: done.append(number))
            if number % 7 == 0:
                chores.do_one()

    threads = [threading.Thread(target=hand_in, args=(start,)) for start in range(0, 2000, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    chores.close()
    assert sorted(done) == list(range(2000))
