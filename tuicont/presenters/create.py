"""The create form: what was typed becomes a request, with a problem for each field that does not read. Pure.

Says only what is wrong with the writing; what is wrong with the wish (a name in use, too little memory)
is the engine's to say.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from tuicont.core.engine.api import LIMITS, Limit
from tuicont.core.model.image import Image
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount
from tuicont.text.limits import read as read_limit
from tuicont.text.mounts import Directory, tmpfs, volume

T = TypeVar("T")

DEMO_IMAGES = ("demo", "demo-base", "demo-service")
"""Built from the host's own files on first use, so they can be chosen before they exist."""
WORKLOADS: tuple[tuple[str, str], ...] = (
    ("burn-cpu", "uses all the CPU that it may"),
    ("eat-memory", "takes memory until the limit stops it"),
    ("fork-storm", "makes processes until the limit stops it"),
    ("write-files", "writes, changes and removes files"),
    ("zombies", "leaves processes that nobody waits for"),
    ("chatter", "writes a log"),
    ("sh", "a shell"),
)
NETWORKS: tuple[tuple[str, str], ...] = (("none", "its own network, loopback only"), ("host", "the host's network"))


class Typed(msgspec.Struct, frozen=True):
    """The form's fields as they are typed: what is chosen, the texts and the ticks by field."""

    image: str
    network: str
    texts: Mapping[str, str]
    ticked: Mapping[str, bool]

    def text(self, field: str) -> str:
        """A text field without the blanks around it."""
        return self.texts.get(field, "").strip()

    def is_ticked(self, field: str) -> bool:
        """Whether a box is ticked."""
        return self.ticked.get(field, False)


OFFERED: tuple[Limit, ...] = tuple(limit for limit in LIMITS if limit.example)
"""The limits that a form offers."""
_GENTLE = {"memory": "64m", "cpus": "0.5", "pids": "64"}
FILLED_IN = ("command", *_GENTLE)


def filled_in(image: str) -> Mapping[str, str]:
    """What the form begins with: gentle limits for a demo image, and something to watch where it has that."""
    if has_workloads(image):
        return {"command": WORKLOADS[0][0], **_GENTLE}
    return _GENTLE if is_demo(image) else {}


def image_choices(images: tuple[Image, ...]) -> list[str]:
    """The images that can be chosen: the demo ones first, then all others by name."""
    names = {reference.removesuffix(":latest") for image in images for reference in image.references}
    return [*DEMO_IMAGES, *sorted(names - set(DEMO_IMAGES))]


def is_demo(image: str) -> bool:
    """Whether it is one of the demo images, which get gentle limits."""
    return image.partition(":")[0] in DEMO_IMAGES


def has_workloads(image: str) -> bool:
    """Whether the workloads are on its PATH."""
    return image.partition(":")[0] == DEMO_IMAGES[0]


def read(typed: Typed, cwd: Directory) -> tuple[ContainerRequest, dict[str, str]]:
    """The request, and what is wrong by field. A field that does not read is left out of the request. `cwd` tells the
    working directory."""
    problems: dict[str, str] = {}

    def value(field: str, parse: Callable[[str], T]) -> T | None:
        text = typed.text(field)
        if not text:
            return None
        try:
            return parse(text)
        except (ValueError, OSError) as error:  # OSError: the working directory is gone
            problems[field] = str(error)
            return None

    request = ContainerRequest(
        image=typed.image,
        name=typed.text("name"),
        command=value("command", words) or (),
        env=value("env", variables) or (),
        workdir=typed.text("workdir"),
        user=typed.text("user"),
        hostname=typed.text("hostname"),
        tty=typed.is_ticked("tty"),
        stdin_open=typed.is_ticked("stdin_open"),
        mounts=value("mounts", lambda text: mounts(text, cwd)) or (),
        read_only=typed.is_ticked("read_only"),
        init=typed.is_ticked("init"),
        network=typed.network,
        limits=read_limits(typed.texts, problems),
        auto_remove=typed.is_ticked("auto_remove"),
    )
    if not request.image:
        problems["image"] = "choose an image"
    return request, problems


def read_limits(texts: Mapping[str, str], problems: dict[str, str]) -> Limits:
    """The limits that were typed, by field; what does not read goes to `problems` by its field."""
    values: dict[str, Any] = {}
    for limit in OFFERED:
        if text := texts.get(limit.field, "").strip():
            try:
                values[limit.field] = read_limit(limit.unit, text)
            except ValueError as error:
                problems[limit.field] = str(error)
    return Limits(**values)


def words(text: str) -> tuple[str, ...]:
    """A command as a shell would split it."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise ValueError("a quotation mark is not closed") from None


def variables(text: str) -> tuple[str, ...]:
    """`NAME=VALUE` words."""
    found = words(text)
    for word in found:
        if "=" not in word or word.startswith("="):
            raise ValueError(f"{word!r} is not NAME=VALUE")
    return found


def mounts(text: str, cwd: Directory) -> tuple[BindMount | TmpfsMount, ...]:
    """`/host/path:/path[:ro]` and `tmpfs:/path` words."""
    return tuple(_mount(word, cwd) for word in words(text))


def _mount(word: str, cwd: Directory) -> BindMount | TmpfsMount:
    return tmpfs(word.removeprefix("tmpfs:")) if word.startswith("tmpfs:") else volume(word, cwd)


def field_of(problem_field: str) -> str:
    """The form's field for a field of a request: `limits.memory` is memory, `mounts[0]` mounts."""
    name = problem_field.removeprefix("limits.")
    return re.split(r"[.\[]", name, maxsplit=1)[0]
