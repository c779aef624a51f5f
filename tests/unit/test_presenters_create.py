"""What is typed into the create form becomes a request, or a problem beside its field."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, TmpfsMount
from tuicont.presenters import create as form


def typed(image: str = "demo", ticked: tuple[str, ...] = (), **texts: str) -> form.Typed:
    return form.Typed(image=image, network="none", texts=texts, ticked=dict.fromkeys(ticked, True))


def test_a_relative_source_is_below_the_working_directory() -> None:
    request, problems = form.read(typed(mounts="./site:/srv ..:/up"), lambda: "/home/me")
    assert problems == {}
    assert [mount.source for mount in request.mounts if isinstance(mount, BindMount)] == ["/home/me/site", "/home"]


def test_everything_typed_is_in_the_request() -> None:
    request, problems = form.read(
        typed(
            name=" api ",
            command="sh -c 'echo hi'",
            memory="1.5g",
            cpus="0.5",
            pids="-1",
            mounts="/srv:/data:ro tmpfs:/scratch:size=64m",
            env="TZ=UTC 'NOTE=two words'",
            ticked=("tty", "init"),
        ),
        os.getcwd,
    )
    assert problems == {}
    assert (request.name, request.command) == ("api", ("sh", "-c", "echo hi"))
    assert request.limits == Limits(memory=3 << 29, cpus=0.5, pids=-1)
    assert request.mounts == (
        BindMount(source="/srv", target="/data", read_only=True, make=True),
        TmpfsMount(target="/scratch", options="size=64m"),
    )
    assert request.env == ("TZ=UTC", "NOTE=two words")
    assert (request.tty, request.init, request.auto_remove) == (True, True, False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory", "64 parsecs"),
        ("cpus", "half"),
        ("cpus", "0"),
        ("cpus", "nan"),
        ("pids", "1.5"),
        ("pids", "0"),
        ("command", "sh -c 'open"),
        ("env", "NOVALUE"),
        ("env", "=x"),
        ("mounts", "data:/data"),
        ("mounts", "/srv"),
        ("mounts", "/srv:/data:rx"),
    ],
)
def test_what_does_not_read_is_a_problem_of_its_own_field(field: str, value: str) -> None:
    request, problems = form.read(typed(name="api", **{field: value}), os.getcwd)
    assert list(problems) == [field]
    assert request.name == "api"


def test_without_an_image_there_is_a_problem() -> None:
    assert form.read(typed(image=""), os.getcwd)[1] == {"image": "choose an image"}


@given(st.text(max_size=20), st.sampled_from(["command", "memory", "cpus", "pids", "mounts", "env"]))
def test_no_text_makes_it_fail(text: str, field: str) -> None:
    form.read(typed(**{field: text}), os.getcwd)


def test_an_engine_s_problem_finds_its_field() -> None:
    assert form.field_of("limits.memory") == "memory"
    assert form.field_of("mounts[1].source") == "mounts"
    assert form.field_of("name") == "name"
