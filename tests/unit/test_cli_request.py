"""What the flags of `run` ask for, and that the line shown for a request asks for it again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.cli.kit import request
from tuicont.cli.table import load
from tuicont.core.errors import Invalid
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, LogOptions, TmpfsMount, Ulimit
from tuicont.presenters.command_line import command_line


def parsed(*words: str, environment: dict[str, str] | None = None) -> ContainerRequest:
    _, parser = load("run")
    return request.container_request(parser.parse_args(list(words)), environment or {})


def test_options_after_the_image_belong_to_the_command() -> None:
    assert parsed("--rm", "demo", "ls", "--rm", "-it", "--", "x") == ContainerRequest(
        image="demo", command=("ls", "--rm", "-it", "--", "x"), auto_remove=True
    )


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"])
def test_every_flag_takes_what_go_takes_for_a_boolean(text: str) -> None:
    wanted = text in ("1", "t", "T", "TRUE", "true", "True")
    made = parsed(f"--rm={text}", f"-i={text}", f"--mount=type=bind,source=/a,target=/b,readonly={text}", "demo")
    assert (made.auto_remove, made.stdin_open) == (wanted, wanted)
    assert made.mounts == (BindMount(source="/a", target="/b", read_only=wanted),)


def test_the_last_of_a_flag_counts_and_no_flag_takes_the_next_word() -> None:
    assert parsed("--rm", "--rm=false", "true") == ContainerRequest(image="true")
    assert parsed("--rm=false", "--rm", "true", "--rm=false").command == ("--rm=false",)


@pytest.mark.parametrize("words", [("--rm=maybe",), ("--rm=",), ("-t=yes",), ("--privileged=on", "--rm")])
def test_what_is_no_boolean_is_refused_by_name(words: tuple[str, ...]) -> None:
    value = words[0].partition("=")[2]
    with pytest.raises(Invalid, match=rf"argument {words[0]}: '{value}' is neither true nor false"):
        parsed(*words, "demo")


def test_little_memory_is_warned_of_and_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert parsed("-m", "6m", "demo").limits.memory == 6 << 20
    assert capsys.readouterr().err == ""
    assert parsed("-m", "256k", "demo").limits.memory == 256 << 10
    assert capsys.readouterr().err.startswith("warning: 262144 bytes of memory are few")


def test_two_dashes_end_the_options() -> None:
    assert parsed("-i", "--", "demo", "--", "x").command == ("--", "x")


def test_short_flags_are_bundled_as_docker_users_write_them() -> None:
    wanted = parsed("-dit", "-m64m", "-v/a:/b:ro", "-h", "web", "-e", "A=1", "demo")
    assert (wanted.stdin_open, wanted.tty, wanted.hostname, wanted.env) == (True, True, "web", ("A=1",))
    assert wanted.limits == Limits(memory=64 << 20)
    assert wanted.mounts == (BindMount(source="/a", target="/b", read_only=True, make=True),)


def test_a_variable_without_value_is_this_shells_and_one_that_it_lacks_is_to_be_unset() -> None:
    assert parsed("-e", "HERE", "-e", "GONE", "-e", "EMPTY=", "demo", environment={"HERE": "1"}).env == (
        "HERE=1",
        "GONE",
        "EMPTY=",
    )


def test_the_lines_of_an_env_file_end_at_newlines_alone(tmp_path: Path) -> None:
    (tmp_path / "env").write_bytes(b"\xef\xbb\xbfA=1\x0c2\xe2\x80\xa83\xff\r\nB=\r4\n")
    assert parsed("--env-file", f"{tmp_path}/env", "demo").env == ("A=1\x0c2\u20283\udcff", "B=\r4")


def test_env_and_label_files_come_before_the_flags(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("# comment\n\nA=1\nB=two words\n")
    (tmp_path / "labels").write_text("tier=web\nplain\n")
    files = ("--env-file", f"{tmp_path}/env", "--label-file", f"{tmp_path}/labels")
    wanted = parsed(*files, "-e", "A=2", "-l", "tier=db", "demo")
    assert wanted.env == ("A=1", "B=two words", "A=2")
    assert wanted.labels == (("tier", "db"), ("plain", ""))


def test_a_bad_line_of_an_env_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("A=1\nnot a name=2\n")
    with pytest.raises(Invalid, match=r"env:2: 'not a name=2'"):
        parsed("--env-file", f"{tmp_path}/env", "demo")


def test_quota_and_period_are_what_was_asked_for() -> None:
    assert parsed("--cpu-quota", "50000", "demo").limits == Limits(cpu_quota=50_000)
    assert parsed("--cpu-period", "25000", "demo").limits == Limits(cpu_period=25_000)
    both = parsed("--cpu-quota", "50000", "--cpu-period", "25000", "demo").limits
    assert (both, both.processors) == (Limits(cpu_quota=50_000, cpu_period=25_000), 2.0)


def test_zero_is_no_limit() -> None:
    assert parsed("-m", "0", "--cpus", "0", "--pids-limit", "0", "demo").limits == Limits(pids=-1)


def test_an_empty_entrypoint_takes_the_images_away() -> None:
    assert parsed("--entrypoint", "", "demo").entrypoint == ()
    assert parsed("--entrypoint", "sh", "demo").entrypoint == ("sh",)
    assert parsed("--entrypoint", '["a", "b c"]', "demo").entrypoint == ("a", "b c")
    assert parsed("demo").entrypoint is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "missing: IMAGE"),
        (("--no-such-flag", "demo"), "--no-such-flag"),
        (("-m", "3q", "demo"), "'3q' is not a size"),
        (("-v", "data:/x", "demo"), "volumes by name are not supported"),
        (("-v", "/only", "demo"), "is not /host/path:/container/path"),
        (("-v", "/a:b", "demo"), "must be absolute"),
        (("-v", "/a:/b:rx", "demo"), "'rx' is no option"),
        (("--mount", "type=volume,target=/x", "demo"), "no type of mount"),
        (("--mount", "type=bind,source=/a,target=/b,colour=red", "demo"), "no option 'colour'"),
        (("--ulimit", "nofile=many", "demo"), "whole numbers"),
        (("--log-opt", "colour=red", "demo"), "'colour' is unknown"),
        (("-e", "=1", "demo"), "names no variable"),
    ],
)
def test_a_wrong_line_is_refused_with_what_is_wrong(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parsed(*words)


def made_of_every_field(kind: type, **strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value with each of its fields made: one that is forgotten here might be forgotten in the line too."""
    assert set(strategies) == set(kind.__struct_fields__)  # type: ignore[attr-defined]
    return st.builds(kind, **strategies)


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
name = st.text("abz019_.-", max_size=10).map("n".__add__)
path = text.map(lambda t: "/" + t)
count = st.integers(1, 1 << 40)
mounts = st.one_of(
    st.builds(BindMount, source=path, target=path, read_only=st.booleans()),
    st.builds(
        BindMount,
        source=path.filter(lambda p: ":" not in p),
        target=path.filter(lambda p: ":" not in p),
        read_only=st.booleans(),
        make=st.just(True),
    ),
    st.builds(TmpfsMount, target=path, options=st.sampled_from(["", "size=64m", "size=1m,mode=1777"])),
)
limits = made_of_every_field(
    Limits,
    memory=st.none() | count | st.just(-1),
    memory_reservation=st.none() | count,
    memory_swap=st.none() | count | st.just(-1),
    cpus=st.none() | st.floats(0.01, 512),
    cpu_quota=st.none() | st.integers(1000, 1 << 40),
    cpu_period=st.none() | st.integers(1000, 1_000_000),
    cpu_shares=st.none() | st.integers(2, 262144),
    cpuset_cpus=st.none() | st.just("0-1,3"),
    cpuset_mems=st.none() | st.just("0"),
    pids=st.none() | st.just(-1) | st.integers(1, 10000),
)


def many(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


requests = made_of_every_field(
    ContainerRequest,
    image=name,
    name=st.just("") | name,
    command=many(text),
    entrypoint=st.none() | many(text),
    env=many(st.builds("{}={}".format, name, text)),
    workdir=st.just("") | path,
    user=st.just("") | text,
    group_add=many(name),
    hostname=st.just("") | text,
    domainname=st.just("") | text,
    extra_hosts=many(st.tuples(name, st.sampled_from(["10.0.0.1", "::1", "fe80::2"]))),
    tty=st.booleans(),
    stdin_open=st.booleans(),
    mounts=many(mounts),
    read_only=st.booleans(),
    init=st.booleans(),
    privileged=st.booleans(),
    ulimits=many(st.builds(Ulimit, name=name, soft=st.integers(-1, 99), hard=st.integers(-1, 99))),
    sysctls=many(st.tuples(name, text)),
    cap_add=many(name),
    cap_drop=many(name),
    security_opt=many(text),
    labels=st.dictionaries(name, st.just("") | text, max_size=3).map(lambda d: tuple(d.items())),
    annotations=st.dictionaries(name, st.just("") | text, max_size=3).map(lambda d: tuple(d.items())),
    shm_size=st.just(0) | count,
    network=st.sampled_from(["none", "host"]),
    runtime=st.just("") | name,
    limits=limits,
    stop_signal=st.sampled_from(["", "SIGINT", "9"]),
    stop_timeout=st.sampled_from([10.0, 0.0, 2.5, 60.0]),
    auto_remove=st.booleans(),
    log=st.builds(LogOptions, max_size=count, max_files=st.integers(1, 9)),
)


@given(wanted=requests, detach=st.booleans())
def test_the_line_shown_for_a_request_asks_for_the_same(wanted: ContainerRequest, detach: bool) -> None:
    program, verb, *words = shlex.split(command_line(wanted, detach=detach))
    assert (program, verb) == ("tuicont", "run")
    assert parsed(*words) == wanted


def test_the_line_is_one_that_a_person_would_write() -> None:
    wanted = ContainerRequest(
        image="demo",
        name="web",
        command=("sh", "-c", "echo $HOME"),
        tty=True,
        stdin_open=True,
        mounts=(BindMount(source="/srv", target="/data", read_only=True, make=True),),
        limits=Limits(memory=64 << 20, cpus=0.5),
    )
    assert command_line(wanted) == (
        "tuicont run -it --name=web --memory=64m --cpus=0.5 --volume=/srv:/data:ro demo sh -c 'echo $HOME'"
    )
