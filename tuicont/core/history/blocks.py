"""Rows packed into a block of bytes, as they are kept in memory and stored. Pure.

Little changes from one row to the next: a block is the differences between neighbours, as MessagePack writes integers,
compressed. A quiet container's row takes less than ten bytes, a busy one's some seventy, of 248.
"""

from __future__ import annotations

import zlib
from array import array
from itertools import accumulate
from operator import sub

import msgspec

from tuicont.core.model.stats import Sample

_FORMAT = b"\x02"
"""The first byte of every block; the blocks of earlier versions began otherwise."""

_LONGEST = 1 << 24
_PLACES = len(Sample._fields)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[int])


def pack(rows: bytes) -> bytes:
    """A block of rows for `unpack`."""
    numbers = array("q", rows).tolist()
    steps = [*numbers[:_PLACES], *map(sub, numbers[_PLACES:], numbers)]
    # The quickest level: the higher ones save a few per cent.
    return _FORMAT + zlib.compress(_encoder.encode(steps), 1)


def unpack(block: bytes) -> bytes:
    """The rows of a block. One that is damaged or of another version has none: old numbers are worth less than a
    start that succeeds."""
    if not block.startswith(_FORMAT):
        return b""
    try:
        steps = _decoder.decode(zlib.decompressobj().decompress(block[1:], _LONGEST))
        rows = array("q", bytes(8 * len(steps)))
        for place in range(_PLACES):
            rows[place::_PLACES] = array("q", accumulate(steps[place::_PLACES]))
    except (zlib.error, msgspec.MsgspecError, OverflowError):
        return b""
    return b"" if len(steps) % _PLACES else rows.tobytes()
