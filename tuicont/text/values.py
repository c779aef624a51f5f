"""Parsers of what people type, in a command or in a form: sizes, durations, times, pairs, booleans. Pure.

All raise `ValueError` with a message that quotes the text and says what was expected.
"""

from __future__ import annotations

import re

from tuicont.core.model.boolean import boolean as boolean
from tuicont.text.units import NANO

_SIZE = re.compile(r"(\d+(?:\.\d+)?|\.\d+) ?([bkmgtp]?)(i?b)?", re.IGNORECASE)
_POWERS = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": NANO, "m": 60 * NANO, "h": 3600 * NANO}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_TIMESTAMP = re.compile(r"(\d+)(?:\.(\d{1,9}))?")
_FRACTION = re.compile(r"(?<=:\d\d)\.(\d{1,9})")


def size(text: str) -> int:
    """Bytes from `64m`, `64MiB`, `1.5g` or `1024`; units are powers of 1024, as Docker has them."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size; write bytes, or a number with b, k, m or g")
    number, unit, _ = match.groups()
    scale: int = 1024 ** _POWERS[unit.lower()]
    if "." not in number:
        return int(number) * scale
    return int(float(number) * scale)


def size_or_unlimited(text: str) -> int:
    """A size, or -1 for no limit."""
    return -1 if text.strip() == "-1" else size(text)


def typed_size(number: int) -> str:
    """What `size` reads as that number, as short as a person would write it: `64m`."""
    for unit in "gmk":
        scale: int = 1024 ** _POWERS[unit]
        if number > 0 and number % scale == 0:
            return f"{number // scale}{unit}"
    return str(number)


def processors(text: str) -> float:
    """A number of processors, 0.5 for half of one."""
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number of processors, such as 0.5") from None
    if not 0 < number < 10_000:
        raise ValueError(f"{text!r} is not more than 0 processors")
    return number


def typed_number(value: float) -> str:
    """What `float` reads as that number: `2`, `0.5`."""
    return str(int(value)) if value == int(value) else repr(value)


def count(text: str) -> int:
    """A number of things, -1 for no limit."""
    number = whole(text, "a whole number, -1 for no limit")
    if number < -1 or number == 0:
        raise ValueError(f"{text!r} is not 1 or more, -1 for no limit")
    return number


def whole(text: str, what: str = "a whole number") -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not {what}") from None


def duration_ns(text: str) -> int:
    """Nanoseconds from `10m`, `1h30m`, `1.5h`, `500ms` or plain seconds."""
    stripped = text.strip()
    if re.fullmatch(r"\d+(\.\d+)?", stripped):
        return int(float(stripped) * NANO)
    parts = _DURATION.findall(stripped)
    if not parts or "".join(number + unit for number, unit in parts) != stripped:
        raise ValueError(f"{text!r} is not a duration; write it as 30s, 10m or 1h30m")
    return sum(int(float(number) * _UNITS[unit]) for number, unit in parts)


def seconds(text: str) -> float:
    """A time-out: seconds, or a duration with its unit."""
    return duration_ns(text) / NANO


def patience(text: str) -> float:
    """A time-out as `seconds` has it, or -1 for one that never comes."""
    return -1.0 if text.strip() == "-1" else seconds(text)


def moment_ns(text: str, now_ns: int) -> int:
    """A moment as nanoseconds since the epoch: an ISO 8601 date or time (local when it names no zone),
    seconds since the epoch, or a duration that ended `now_ns` (`10m` is ten minutes ago)."""
    stripped = text.strip()
    stamp = _TIMESTAMP.fullmatch(stripped)
    if stamp is not None:
        whole, fraction = stamp.groups()
        return int(whole) * NANO + int((fraction or "").ljust(9, "0"))
    if _DURATION.match(stripped):
        return now_ns - duration_ns(stripped)
    from datetime import datetime

    fraction_ns = 0
    match = _FRACTION.search(stripped)
    if match is not None:
        # datetime keeps microseconds only; the log's time stamps have nanoseconds.
        fraction_ns = int(match[1].ljust(9, "0"))
        stripped = stripped[: match.start()] + stripped[match.end() :]
    try:
        return int(datetime.fromisoformat(stripped).timestamp()) * NANO + fraction_ns
    except (ValueError, OverflowError):
        raise ValueError(
            f"{text!r} is not a time; write 2026-01-31T12:00:00, seconds since the epoch, or a duration such as 10m"
        ) from None


def pair(text: str, what: str = "NAME=VALUE") -> tuple[str, str]:
    """`NAME=VALUE`; the name is not empty."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise ValueError(f"{text!r} is not {what}")
    return name, value


def label(text: str) -> tuple[str, str]:
    """`NAME=VALUE`, or `NAME` with an empty value."""
    name, _, value = text.partition("=")
    if not name:
        raise ValueError(f"{text!r} is not NAME or NAME=VALUE")
    return name, value


def extra_host(text: str) -> tuple[str, str]:
    """(name, address) of `NAME:ADDRESS`, or `NAME=ADDRESS`; an address may be in brackets."""
    at = min((i for i in map(text.find, ":=") if i > 0), default=0)
    if not at:
        raise ValueError(f"{text!r} is not NAME:ADDRESS")
    address = text[at + 1 :]
    return text[:at], address[1:-1] if address.startswith("[") and address.endswith("]") else address


def variable_lines(text: str, name: str) -> list[str]:
    """The lines of an env or label file: no comments, no empty lines; `name` is the file's, for errors."""
    lines = []
    # At newlines alone: what else Python takes for the end of a line may be part of a value.
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.removesuffix("\r").lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        key = stripped.partition("=")[0]
        if not key or any(c.isspace() for c in key):
            raise ValueError(f"{name}:{number}: {line!r} is not NAME=VALUE")
        lines.append(stripped)
    return lines


def detach_keys(text: str) -> bytes:
    """The bytes of `ctrl-p,ctrl-q` (single characters, or ctrl- with a letter or one of @ [ ] \\ ^ _); "" is none."""
    keys = bytearray()
    for key in text.split(",") if text else ():
        name = key.strip().lower()
        if name.startswith("ctrl-") and len(name) == 6 and ("a" <= name[5] <= "z" or name[5] in "@[]\\^_"):
            keys.append(ord(name[5].upper()) & 0x1F)
        elif len(key) == 1 and key.isascii():
            keys.append(ord(key))
        else:
            raise ValueError(f"{text!r} is no key sequence; write it as ctrl-p,ctrl-q")
    return bytes(keys)
