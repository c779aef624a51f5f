"""Docker's words: the fields of listings and the keys of `inspect`, made from this engine's values."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tuicont.cli.kit.docker import containers, engine, events, images, usage
from tuicont.cli.kit.listing import Column, lines
from tuicont.core.model.container import Container, ExitStatus
from tuicont.core.model.event import Event, Topic
from tuicont.core.model.image import Image, ImageConfig, Layer
from tuicont.core.model.limits import Limits
from tuicont.core.model.probe import EngineInfo
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount
from tuicont.core.model.state import State
from tuicont.core.model.stats import Rates, Sample
from tuicont.text.docker.container import inspected as inspected_container
from tuicont.text.docker.image import inspected as inspected_image

SECOND = 1_000_000_000
MIB = 1 << 20
BORN = 1_700_000_000 * SECOND
NOW = BORN + 600 * SECOND
REQUEST = ContainerRequest(
    image="demo",
    labels=(("tier", "web"), ("plain", "")),
    mounts=(
        BindMount(source="/srv/with/long/name", target="/data", read_only=True),
        TmpfsMount(target="/tmp", options="size=1m"),
    ),
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
    image_labels=(("tier", "image"), ("from", "image")),
    stop_signal="SIGUSR1",
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
    row = fields(containers.Listed(CONTAINER, NOW, False, (2_000_000, 3_000_000)), containers.COLUMNS)
    assert (row["ID"], row["Names"], row["Image"]) == ("0123456789ab", "web", "demo")
    assert row["Command"] == '"sh -c while :; do s…"'
    assert (row["RunningFor"], row["Status"]) == ("10 minutes ago", "Exited (137) About a minute ago (out of memory)")
    assert (row["State"], row["ExitCode"], row["Size"]) == ("exited", 137, "2MB (virtual 5MB)")
    assert (row["Labels"], row["Mounts"]) == ("from=image,plain=,tier=web", "/srv/with/long…")
    assert (row["Ports"], row["LocalVolumes"], row["Networks"]) == ("", "0", "none")
    assert (row["Runtime"], row["Driver"]) == ("crun", "vfs")
    whole = fields(containers.Listed(CONTAINER, NOW, True, None), containers.COLUMNS)
    assert (whole["ID"], whole["Size"]) == (CONTAINER.id, "")
    assert whole["Mounts"] == "/srv/with/long/name"
    assert whole["Command"] == '"sh -c while :; do sleep 60; done"'


def test_a_label_is_asked_for_by_name_and_its_column_is_called_as_docker_calls_it() -> None:
    rows = [containers.Listed(CONTAINER, NOW, False, None)]
    assert lines(rows, containers.COLUMNS, '{{.Label "tier"}}|{{.Label "nothing"}}') == ["web|"]
    assert lines(rows, containers.COLUMNS, 'table {{.Label "x.my-from"}}')[0] == "my from"


VIEW = msgspec.to_builtins(CONTAINER) | {
    "log_path": "/log",
    "config_path": "/config",
    "cgroup": {},
    "root_mounts": [{"type": "overlay", "options": ["lowerdir=/l", "upperdir=/u", "workdir=/w", "index=off"]}],
    "limits": msgspec.to_builtins(Limits(memory=64 * MIB, cpus=0.5)),
    "image_config": {
        "Cmd": ["image-command"],
        "Entrypoint": ["/entry"],
        "User": "nobody",
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/vol": {}},
        "Labels": {"from": "image"},
    },
    "spec": {
        "hostname": "h",
        "root": {"path": "/merged"},
        "process": {"env": ["A=1"], "cwd": "/srv"},
        "mounts": [{"destination": "/dev/shm", "options": ["mode=1777", "size=65536k"]}],
        "linux": {"namespaces": [{"type": "cgroup"}], "maskedPaths": ["/proc/kcore"]},
    },
}
"""What the engine answers."""


def test_what_is_inspected_of_a_container() -> None:
    found = inspected_container(VIEW)
    assert (found["Path"], found["Args"][0], found["Driver"]) == ("sh", "-c", "vfs")
    assert (found["Name"], found["Platform"]) == ("/web", "linux")
    assert found["State"] == {
        "Status": "exited",
        "Running": False,
        "Paused": False,
        "Restarting": False,
        "OOMKilled": True,
        "Dead": False,
        "Pid": 0,
        "ExitCode": 137,
        "Error": "",
        "StartedAt": "2023-11-14T22:13:21.000000000Z",
        "FinishedAt": "2023-11-14T22:22:20.000000000Z",
        "Health": None,
    }
    host = found["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["PidsLimit"], host["Runtime"]) == (64 * MIB, 5 * 10**8, None, "crun")
    assert (host["ShmSize"], host["CgroupnsMode"], host["MaskedPaths"]) == (64 * MIB, "private", ["/proc/kcore"])
    assert (host["Binds"], host["Tmpfs"]) == (["/srv/with/long/name:/data:ro"], {"/tmp": "size=1m"})
    assert (host["RestartPolicy"], host["PortBindings"]) == ({"Name": "no", "MaximumRetryCount": 0}, {})
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "3", "max-size": "16m"}}
    assert found["GraphDriver"]["Data"] == {
        "LowerDir": "/l",
        "UpperDir": "/u",
        "WorkDir": "/w",
        "MergedDir": "/merged",
    }
    assert [(m["Type"], m["Destination"], m["Mode"], m["RW"]) for m in found["Mounts"]] == [
        ("bind", "/data", "ro", False),
        ("tmpfs", "/tmp", "size=1m", True),
    ]
    assert found["NetworkSettings"]["Networks"]["none"]["IPAddress"] == ""
    assert found["Spec"] == VIEW["spec"]


def test_a_container_shows_the_configuration_of_its_image() -> None:
    config = inspected_container(VIEW)["Config"]
    assert (config["Hostname"], config["Env"], config["WorkingDir"]) == ("h", ["A=1"], "/srv")
    assert (config["Cmd"], config["Entrypoint"], config["User"]) == (["image-command"], ["/entry"], "nobody")
    assert (config["ExposedPorts"], config["Volumes"]) == ({"80/tcp": {}}, {"/vol": {}})
    assert config["Labels"] == {"from": "image", "plain": "", "tier": "web"}
    assert config["StopSignal"] == "SIGUSR1"


@pytest.mark.parametrize(
    ("command", "entrypoint", "shown"),
    [
        ((), None, (["image-command"], ["/entry"])),
        (("own",), None, (["own"], ["/entry"])),
        ((), ("e",), (None, ["e"])),
        (("own",), (), (["own"], None)),
    ],
)
def test_what_was_asked_for_takes_the_place_of_the_images(
    command: tuple[str, ...], entrypoint: tuple[str, ...] | None, shown: object
) -> None:
    request = msgspec.structs.replace(REQUEST, command=command, entrypoint=entrypoint)
    config = inspected_container(VIEW | {"request": msgspec.to_builtins(request)})["Config"]
    assert (config["Cmd"], config["Entrypoint"]) == shown


# What `docker inspect` (20.10) prints of a container without a network, but for what is told by a field of its own
# (Health), was given up since (KernelMemory), or means nothing outside of Windows.
DOCKERS = {
    "": "Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver "
    "Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings",
    "State": "Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt",
    "HostConfig": "Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver "
    "VolumesFrom CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links "
    "OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Runtime "
    "ConsoleSize Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps "
    "BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod "
    "CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap "
    "MemorySwappiness OomKillDisable PidsLimit Ulimits MaskedPaths ReadonlyPaths",
    "Config": "Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env "
    "Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels",
    "NetworkSettings": "Bridge SandboxID HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen Ports SandboxKey "
    "SecondaryIPAddresses SecondaryIPv6Addresses EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress "
    "IPPrefixLen IPv6Gateway MacAddress Networks",
}


@pytest.mark.parametrize("part", DOCKERS)
def test_every_key_that_docker_has_is_there(part: str) -> None:
    found = inspected_container(VIEW)
    assert set(DOCKERS[part].split()) <= (found[part] if part else found).keys()


def test_an_image_is_listed_under_each_of_its_names() -> None:
    rows = [fields(row, images.COLUMNS) for row in images.listed(IMAGE, NOW, whole=False)]
    assert [(r["Repository"], r["Tag"]) for r in rows] == [("localhost:5000/team/demo", "1.2"), ("demo", "latest")]
    assert (rows[0]["ID"], rows[0]["Size"], rows[0]["CreatedSince"]) == ("ab" * 6, "3MB", "10 minutes ago")
    (unnamed,) = images.listed(msgspec.structs.replace(IMAGE, references=()), NOW, whole=True)
    assert (unnamed.repository, unnamed.tag, unnamed.whole) == ("<none>", "<none>", True)


def test_what_is_inspected_of_an_image() -> None:
    document = {"created": "2023-11-14T22:13:20Z", "config": {"Cmd": ["sh"]}, "history": [{"created_by": "COPY"}]}
    found = inspected_image(msgspec.to_builtins(IMAGE) | {"size": IMAGE.size, "document": document})
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
        "NetIO": "--",
        "Container": "0123456789ab",
        "PIDs": "3",
    }


def test_what_is_not_counted_is_not_made_up() -> None:
    unlimited = Sample(time_ns=NOW, memory=32 * MIB)
    row = fields(usage.Used(CONTAINER, unlimited, Rates(), False), usage.COLUMNS)
    assert (row["MemUsage"], row["MemPerc"], row["PIDs"]) == ("32MiB / --", "--", "--")
    stopped = fields(usage.Used(CONTAINER, None, Rates(), False), usage.COLUMNS)
    assert {stopped[name] for name in ("CPUPerc", "MemPerc", "PIDs")} == {"--"}
    assert {stopped[name] for name in ("MemUsage", "BlockIO")} == {"-- / --"}


BIRTH = Event(
    seq=6,
    time_ns=BORN,
    topic=Topic.CONTAINER_CREATE,
    subject="c",
    name="web",
    detail={"image": "demo", "labels": '{"tier":"web"}'},
)


def told(topic: Topic, **detail: str) -> events.Told:
    subjects = events.Subjects((), ())
    subjects.tell(BIRTH)
    return subjects.tell(Event(seq=7, time_ns=BORN + 5, topic=topic, subject="c", name="web", detail=detail))


def test_an_event_has_dockers_fields() -> None:
    row = fields(told(Topic.TASK_EXIT, exit_code="1"), events.JSON_COLUMNS)
    assert (row["Type"], row["Action"], row["Status"], row["status"]) == ("container", "die", "die", "die")
    assert (row["ID"], row["id"], row["Name"], row["From"], row["Scope"]) == ("c", "c", "web", "demo", "local")
    assert (row["Time"], row["timeNano"], row["Detail"]) == (BORN // SECOND, BORN + 5, {"exit_code": "1"})
    attributes = {"exitCode": "1", "image": "demo", "name": "web", "tier": "web"}
    assert row["Actor"] == {"ID": "c", "Attributes": attributes}


@pytest.mark.parametrize(
    ("topic", "detail", "action"),
    [
        (Topic.CONTAINER_CREATE, {}, "create"),
        (Topic.CONTAINER_DELETE, {}, "destroy"),
        (Topic.CONTAINER_RENAME, {}, "rename"),
        (Topic.TASK_START, {}, "start"),
        (Topic.TASK_OOM, {}, "oom"),
        (Topic.TASK_PAUSED, {}, "pause"),
        (Topic.TASK_RESUMED, {}, "unpause"),
        (Topic.TASK_KILL, {"signal": "SIGTERM"}, "kill"),
        (Topic.EXEC_STARTED, {"command": "ls -l"}, "exec_start: ls -l"),
        (Topic.EXEC_EXIT, {}, "exec_die"),
    ],
)
def test_an_event_goes_by_dockers_name_and_by_its_own(topic: Topic, detail: dict[str, str], action: str) -> None:
    event = told(topic, **detail)
    assert event.status == action
    for name in (action, action.partition(":")[0], topic.rpartition("/")[2]):
        assert events.chosen([("event", name)])(event)
    assert not events.chosen([("event", "nothing")])(event)
    assert events.chosen([("event", "exec_create")])(event) == (topic == Topic.EXEC_STARTED)


def test_attributes_are_called_and_written_as_dockers_are() -> None:
    assert told(Topic.TASK_KILL, signal="SIGTERM").attributes["signal"] == "15"
    assert told(Topic.CONTAINER_RENAME, old_name="db").attributes["oldName"] == "/db"
    assert told(Topic.EXEC_EXIT, exec_id="1", exit_code="0").attributes["execID"] == "1"


@pytest.mark.parametrize(
    ("filters", "chosen"),
    [
        ("label=tier label=tier=web", True),
        ("label=tier label=nothing", False),
        ("container=web", True),
        ("container=/web type=container", True),
        ("container=db container=web", True),
        ("type=image", False),
        ("image=demo", True),
        ("image=demo:latest", True),
        ("image=other", False),
        ("scope=swarm", False),
        ("topic=/tasks/exit", True),
    ],
)
def test_events_are_chosen_by_dockers_filters(filters: str, chosen: bool) -> None:
    pairs = [(key, value) for key, _, value in (word.partition("=") for word in filters.split())]
    assert events.chosen(pairs)(told(Topic.TASK_EXIT)) is chosen


def test_an_event_of_an_image_has_the_labels_that_it_has_now() -> None:
    image = msgspec.structs.replace(IMAGE, config=ImageConfig(labels={"own": "yes"}))
    event = Event(seq=1, time_ns=BORN, topic=Topic.IMAGE_CREATE, subject=IMAGE.id, name="demo:latest")
    found = events.Subjects((), (image,)).tell(event)
    assert (found.action, found.labels, fields(found, events.COLUMNS)["Type"]) == ("load", {"own": "yes"}, "image")
    assert events.chosen([("image", "demo:latest")])(found)


def test_info_and_version_have_dockers_fields() -> None:
    told = engine.info(INFO)
    assert (told["Containers"], told["ContainersRunning"], told["ContainersStopped"]) == (6, 1, 3)
    assert (told["Driver"], told["NCPU"], told["MemTotal"], told["ServerVersion"]) == ("overlay", 2, 64 * MIB, "1.0")
    assert (told["DockerRootDir"], told["CgroupVersion"], told["DefaultRuntime"]) == ("/root", "2", "native")
    version = engine.version("1.0", "3.11")
    assert version["Server"]["Version"] == version["Client"]["Version"] == "1.0"
    assert version["Server"]["Os"] == "linux"


INFO = EngineInfo(
    version="1.0",
    root="/root",
    run_root="/run",
    kernel="6.1",
    processors=2,
    memory=64 * MIB,
    cgroup_driver="cgroupfs-v2",
    cgroup_parent="p",
    storage_driver="overlay",
    runtime="native",
    containers={"running": 1, "paused": 2, "exited": 1, "created": 2},
    images=1,
    layers=1,
    storage_bytes=1,
)
