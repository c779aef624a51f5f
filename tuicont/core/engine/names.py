"""Ids and names of containers. Pure but for its randomness."""

from __future__ import annotations

import os
import re

ID_LENGTH = 64
ID_PREFIX = re.compile(rf"[0-9a-f]{{1,{ID_LENGTH}}}")

_ADJECTIVES = """
    amber brisk calm clever cosy crisp curious dapper eager early fair fleet fond gentle glad golden hardy
    honest jolly keen kind lively lucid mellow merry mild neat nimble patient plain polite prompt proud quick
    quiet rapid ready sharp silent silver smart snug solid steady sunny swift tidy tough vivid warm wise witty
""".split()
_NOUNS = """
    alder badger beacon birch brook canyon cedar cliff comet coral crane delta dune ember falcon fern finch
    fjord forest glacier grove harbour heron island juniper lagoon lantern larch lynx maple marsh meadow moss
    oak orchard osprey otter peak pebble pine plover prairie quartz raven reef ridge river robin sparrow spruce
    summit thicket tundra valley walnut willow
""".split()


def is_id(text: str) -> bool:
    """Whether it is a whole id."""
    return len(text) == ID_LENGTH and ID_PREFIX.fullmatch(text) is not None


def new_id() -> str:
    """64 hexadecimal digits."""
    return os.urandom(32).hex()


def new_name() -> str:
    """A name that is easy to say: `quiet-otter`."""
    return f"{_one_of(_ADJECTIVES)}-{_one_of(_NOUNS)}"


def _one_of(words: list[str]) -> str:
    return words[int.from_bytes(os.urandom(4)) % len(words)]
