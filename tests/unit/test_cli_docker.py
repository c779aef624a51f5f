"""Docker's words: the fields of listings and the keys of `inspect`, made from this engine's values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tuicont.cli.kit.docker import containers, events, images, usage
from tuicont.cli.kit.listing import Column, lines
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Event, Topic
from tuicont.core.model.image import Image, ImageConfig, Layer
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount
from tuicont.core.model.state import State
from tuicont.core.model.stats import Rates, Sample

SECOND = 1_000_000_000
MIB = 1 << 20
BORN = 1_700_000_000 * SECOND
NOW = BORN + 600 * SECOND
REQUEST = ContainerRequest(
    image="demo",
    labels=(("tier", "web"), ("plain", "")),
    mounts=(BindMount(source="/srv", target="/data", read_only=True), TmpfsMount(target="/tmp", options="size=1m")),
)
CONTAINER = Container(
    id="0123456789abcdef" * 4,
    name="web",
    request=REQUEST,
    image_id="sha256:" + "ab" * 32,
    state=State.EXITED,
    created_ns=BORN,
    runtime="crun",
    storage="vfs",
    command=("sh", "-c", "while :; do sleep 60; done"),
    started_ns=BORN + SECOND,
    finished_ns=NOW - 60 * SECOND,
    exit=ExitStatus(code=137, signal=9, oom_killed=True),
)
IMAGE = Image(
    id="sha256:" + "ab" * 32,
    references=("localhost:5000/team/demo:1.2", "demo:latest"),
    config=ImageConfig(cmd=("sh",)),
    layers=(Layer(diff_id="sha256:d", chain_id="sha256:c", size=3_000_000),),
    architecture="amd64",
    os="linux",
    created_ns=BORN,
)


def fields(thing: Any, columns: tuple[Column[Any], ...]) -> dict[str, Any]:
    (line,) = lines([thing], columns, "json")
    found: dict[str, Any] = msgspec.json.decode(line)
    return found


@pytest.mark.parametrize("columns", [containers.COLUMNS, images.COLUMNS, usage.COLUMNS, events.COLUMNS])
def test_no_field_is_there_twice(columns: tuple[Column[Any], ...]) -> None:
    assert len({c.field for c in columns}) == len({c.heading for c in columns}) == len(columns)


def test_a_container_in_the_list() -> None:
    row = fields(containers.Listed(CONTAINER, NOW, False, 2_000_000), containers.COLUMNS)
    assert (row["ID"], row["Names"], row["Image"]) == ("0123456789ab", "web", "demo")
    assert row["Command"] == '"sh -c while :; do s…"'
    assert (row["RunningFor"], row["Status"]) == ("10 minutes ago", "Exited (137) About a minute ago (out of memory)")
    assert (row["State"], row["ExitCode"], row["Size"]) == ("exited", 137, "2MB")
    assert (row["Labels"], row["Mounts"]) == ("tier=web,plain=", "/data,/tmp")
    assert (row["Runtime"], row["Driver"]) == ("crun", "vfs")
    whole = fields(containers.Listed(CONTAINER, NOW, True, None), containers.COLUMNS)
    assert (whole["ID"], whole["Size"]) == (CONTAINER.id, "")
    assert whole["Command"] == '"sh -c while :; do sleep 60; done"'


def test_what_is_inspected_of_a_container() -> None:
    view = msgspec.to_builtins(CONTAINER) | {
        "log_path": "/log",
        "config_path": "/config",
        "cgroup": {},
        "root_mounts": [],
        "limits": msgspec.to_builtins(Limits(memory=64 * MIB, cpus=0.5)),
        "spec": {"hostname": "h", "process": {"env": ["A=1"], "cwd": "/srv"}},
    }
    found = containers.inspected(view)
    assert (found["Path"], found["Args"][0], found["Driver"]) == ("sh", "-c", "vfs")
    assert found["State"] == {
        "Status": "exited",
        "Running": False,
        "Paused": False,
        "OOMKilled": True,
        "Pid": 0,
        "ExitCode": 137,
        "Error": "",
        "StartedAt": "2023-11-14T22:13:21.000000000Z",
        "FinishedAt": "2023-11-14T22:22:20.000000000Z",
    }
    host = found["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"], host["Runtime"]) == (64 * MIB, 5 * 10**8, None, "crun")
    assert (found["Config"]["Hostname"], found["Config"]["Env"], found["Config"]["WorkingDir"]) == (
        "h",
        ["A=1"],
        "/srv",
    )
    assert [(m["Type"], m["Destination"], m["Mode"], m["RW"]) for m in found["Mounts"]] == [
        ("bind", "/data", "ro", False),
        ("tmpfs", "/tmp", "size=1m", True),
    ]
    assert found["Spec"] == view["spec"]


def test_an_image_is_listed_under_each_of_its_names() -> None:
    rows = [fields(row, images.COLUMNS) for row in images.listed(IMAGE, NOW, whole=False)]
    assert [(r["Repository"], r["Tag"]) for r in rows] == [("localhost:5000/team/demo", "1.2"), ("demo", "latest")]
    assert (rows[0]["ID"], rows[0]["Size"], rows[0]["CreatedSince"]) == ("ab" * 6, "3MB", "10 minutes ago")
    (unnamed,) = images.listed(msgspec.structs.replace(IMAGE, references=()), NOW, whole=True)
    assert (unnamed.repository, unnamed.tag, unnamed.whole) == ("<none>", "<none>", True)


def test_what_is_inspected_of_an_image() -> None:
    document = {"created": "2023-11-14T22:13:20Z", "config": {"Cmd": ["sh"]}, "history": [{"created_by": "COPY"}]}
    found = images.inspected(msgspec.to_builtins(IMAGE) | {"size": IMAGE.size, "document": document})
    assert (found["Id"], found["RepoTags"], found["Size"]) == (IMAGE.id, IMAGE.references, 3_000_000)
    assert (found["Created"], found["Author"], found["Config"]) == ("2023-11-14T22:13:20Z", "", {"Cmd": ["sh"]})
    assert found["RootFS"] == {"Type": "layers", "Layers": ["sha256:d"]}
    assert found["History"] == document["history"]


def test_what_a_container_uses() -> None:
    sample = Sample(time_ns=NOW, memory=32 * MIB, memory_limit=64 * MIB, pids=3, read_bytes=1_500_000, write_bytes=0)
    row = fields(usage.Used(CONTAINER, sample, Rates(cpu=12.345), False), usage.COLUMNS)
    assert row == {
        "ID": "0123456789ab",
        "Name": "web",
        "CPUPerc": "12.35%",
        "MemUsage": "32MiB / 64MiB",
        "MemPerc": "50.00%",
        "BlockIO": "1.5MB / 0B",
        "PIDs": "3",
    }


def test_what_is_not_counted_is_not_made_up() -> None:
    unlimited = Sample(time_ns=NOW, memory=32 * MIB)
    row = fields(usage.Used(CONTAINER, unlimited, Rates(), False), usage.COLUMNS)
    assert (row["MemUsage"], row["MemPerc"], row["PIDs"]) == ("32MiB / --", "--", "--")
    stopped = fields(usage.Used(CONTAINER, None, Rates(), False), usage.COLUMNS)
    assert {stopped[name] for name in ("CPUPerc", "MemPerc", "PIDs")} == {"--"}
    assert {stopped[name] for name in ("MemUsage", "BlockIO")} == {"-- / --"}


def test_an_event_has_a_type_and_an_action() -> None:
    event = Event(seq=7, time_ns=BORN + 5, topic=Topic.TASK_EXIT, subject="c", name="web", detail={"exit_code": "1"})
    row = fields(event, events.COLUMNS)
    assert (row["Type"], row["Action"], row["ID"], row["Name"]) == ("container", "exit", "c", "web")
    assert (row["Time"], row["TimeNano"], row["Detail"]) == (BORN // SECOND, BORN + 5, {"exit_code": "1"})
    assert fields(msgspec.structs.replace(event, topic=Topic.IMAGE_CREATE), events.COLUMNS)["Type"] == "image"
