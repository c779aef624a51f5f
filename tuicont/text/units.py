"""Numbers and times as short text of a known width. Pure; knows no container."""

from __future__ import annotations

import time
import unicodedata

NANO = 1_000_000_000
"""Nanoseconds in a second."""
_UNITS = "BKMGTP"
SPARKS = "▁▂▃▄▅▆▇█"


def size(count: float) -> str:
    """Bytes in at most five cells, powers of 1024: `64M`, `1.5G`, `0B`."""
    value = float(max(count, 0))
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            if unit == "B" or value >= 9.95:
                return f"{value:.0f}{unit}"
            return f"{value:.1f}{unit}".replace(".0", "")
        value /= 1024
    raise AssertionError("unreachable")


def exact_size(count: int) -> str:
    """Bytes in words for a sentence: `12.4 MB`, as removal's loss is told (powers of 1000)."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def counted(number: int, noun: str, nouns: str = "") -> str:
    """`1 line`, `1,204 lines`; `nouns` where the plural is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def percent(value: float) -> str:
    """A percentage in at most five cells: `0%`, `7.4%`, `38%`, `1200%`."""
    if 0.05 <= value < 9.95:
        return f"{value:.1f}%"
    return f"{value:.0f}%"


def age(nanoseconds: int) -> str:
    """A duration in at most four cells, its largest unit only: `8s`, `12m`, `3h`, `9d`, `2y`."""
    seconds = max(nanoseconds, 0) // NANO
    for width, unit in ((31_536_000, "y"), (86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= width:
            return f"{seconds // width}{unit}"
    return f"{seconds}s"


def clock(time_ns: int) -> str:
    """The local time of day, `21:30:02`."""
    return time.strftime("%H:%M:%S", time.localtime(time_ns / 1e9))


def timestamp(time_ns: int) -> str:
    """UTC with nanoseconds, as logs and events carry it: `2026-11-23T22:00:00.000000000Z`."""
    seconds, rest = divmod(time_ns, NANO)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09}Z"


def bar(part: float, width: int) -> tuple[str, str]:
    """A bar of `width` cells filled to `part` (0 to 1), as (filled, rest) in eighths of a cell."""
    part = min(max(part, 0.0), 1.0)
    eighths = round(part * width * 8)
    if part > 0 and eighths == 0:
        eighths = 1
    full, left = divmod(eighths, 8)
    filled = "█" * full + (" ▏▎▍▌▋▊▉"[left] if left else "")
    return filled, "░" * (width - len(filled))


def spark(values: tuple[float, ...] | list[float], width: int, top: float) -> str:
    """The last `width` values as block characters against `top`; blank where there is no value yet."""
    recent = values[-width:] if width else []
    drawn = "".join(SPARKS[int(min(v / top, 1) * 7 + 0.5)] if v > 0 and top > 0 else SPARKS[0] for v in recent)
    return drawn.rjust(width)


def plain(text: str) -> str:
    """Text from a container or a file as it may go to the terminal: no control or format characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if not unicodedata.category(c).startswith("C") else "�" for c in text)


def visible(text: str) -> str:
    """The same for several lines: line ends and tabs stay."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "\n".join("\t".join(map(plain, line.split("\t"))) for line in text.split("\n"))


def shorten(text: str, width: int) -> str:
    """At most `width` characters, with an ellipsis where something was cut."""
    if len(text) <= width:
        return text
    return text[: max(width - 1, 0)] + "…" if width > 0 else ""
