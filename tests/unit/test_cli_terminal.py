"""The detach keys are found however the typing arrives, and nothing else that is typed is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tuicont.cli.kit.terminal import DetachKeys

KEYS = b"\x10\x11"
typed = st.lists(st.binary(max_size=6) | st.just(b"\x10"), max_size=8)


def feed(keys: bytes, chunks: list[bytes]) -> tuple[bytes, bool]:
    detector = DetachKeys(keys)
    passed = b""
    for chunk in chunks:
        more, detached = detector.feed(chunk)
        passed += more
        if detached:
            return passed, True
    return passed, False


@given(typed)
def test_what_is_typed_passes_up_to_the_sequence(chunks: list[bytes]) -> None:
    passed, detached = feed(KEYS, chunks)
    everything = b"".join(chunks)
    before, found, _ = everything.partition(KEYS)
    assert detached == bool(found)
    held = b"\x10" if not found and before.endswith(b"\x10") else b""
    assert passed + held == before


def test_a_key_that_begins_the_sequence_is_passed_on_with_the_next_one() -> None:
    assert feed(KEYS, [b"\x10", b"a"]) == (b"\x10a", False)
    assert feed(KEYS, [b"\x10", b"\x10", b"\x11"]) == (b"\x10", True)


def test_one_key_may_be_the_whole_sequence() -> None:
    assert feed(b"\x1d", [b"abc\x1ddef"]) == (b"abc", True)


@given(typed)
def test_without_detach_keys_everything_passes(chunks: list[bytes]) -> None:
    assert feed(b"", chunks) == (b"".join(chunks), False)
