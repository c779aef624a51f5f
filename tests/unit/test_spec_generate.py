"""The OCI specification of a request, compared with what Docker writes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.specs import HYBRID, IMAGE, identities, requests, specification
from tuicont.core.errors import Invalid
from tuicont.core.model.host import DeviceNode, HostFacts
from tuicont.core.model.image import ImageConfig
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest, TmpfsMount, Ulimit
from tuicont.core.security import capabilities, rlimits
from tuicont.core.spec.limits import limits_of
from tuicont.core.spec.mounts import clean
from tuicont.core.spec.process import command, exec_process, merged_environment
from tuicont.core.spec.users import Identity

SECCOMP = {"defaultAction": "SCMP_ACT_ALLOW"}


def asked(**fields: Any) -> ContainerRequest:
    return ContainerRequest(image="demo", **fields)


@pytest.mark.parametrize(
    ("request_", "args"),
    [
        (asked(), ("/entry", "serve")),
        (asked(command=("other", "-x")), ("/entry", "other", "-x")),
        (asked(entrypoint=("/mine",)), ("/mine",)),
        (asked(entrypoint=("/mine",), command=("a",)), ("/mine", "a")),
        (asked(entrypoint=("",), command=("sh",)), ("sh",)),
    ],
)
def test_entrypoint_and_command_join_as_in_docker(request_: ContainerRequest, args: tuple[str, ...]) -> None:
    assert command(request_, IMAGE) == args


def test_an_image_without_a_command_needs_one() -> None:
    for request in (asked(), asked(entrypoint=("",))):
        with pytest.raises(Invalid, match="names no command"):
            command(request, ImageConfig())


def test_the_environment_is_the_defaults_the_images_and_the_users_in_that_order() -> None:
    spec = specification(asked(env=("LANG=de", "NEW=1", "HOSTNAME"), tty=True, hostname="web"))
    assert spec["process"]["env"] == ["PATH=/bin", "TERM=xterm", "LANG=de", "NEW=1", "HOME=/root"]
    assert merged_environment(["A=1", "B=2"], ["A=3", "C"]) == ["A=3", "B=2"]


def test_defaults_are_dockers() -> None:
    spec = specification(asked(), seccomp=SECCOMP)
    assert spec["ociVersion"] == "1.2.0"
    assert spec["hostname"] == "c0ffeec0ffee"
    assert [namespace["type"] for namespace in spec["linux"]["namespaces"]] == [
        "mount",
        "pid",
        "network",
        "uts",
        "ipc",
        "cgroup",
    ]
    assert [(mount["destination"], mount["type"]) for mount in spec["mounts"]] == [
        ("/proc", "proc"),
        ("/dev", "tmpfs"),
        ("/sys", "sysfs"),
        ("/dev/pts", "devpts"),
        ("/dev/mqueue", "mqueue"),
        ("/dev/shm", "tmpfs"),
        ("/etc/hostname", "bind"),
        ("/etc/hosts", "bind"),
        ("/sys/fs/cgroup", "cgroup"),
    ]
    process = spec["process"]
    assert capabilities.mask(process["capabilities"]["bounding"]) == capabilities.DEFAULT
    assert process["capabilities"]["effective"] == process["capabilities"]["bounding"]
    assert "inheritable" not in process["capabilities"]
    assert not process["noNewPrivileges"]
    assert spec["linux"]["seccomp"] is SECCOMP
    assert {"/proc/kcore", "/proc/keys", "/sys/firmware"} <= set(spec["linux"]["maskedPaths"])
    assert "/proc/sys" in spec["linux"]["readonlyPaths"]
    assert spec["linux"]["resources"]["devices"][0] == {"allow": False, "access": "rwm"}
    assert spec["linux"]["cgroupsPath"] == "/tuicont/c"


def test_a_privileged_container_sees_the_host() -> None:
    host = HostFacts(capabilities=0xFF, masked=("/sys/x",))
    node = DeviceNode(path="/dev/sda", kind="b", major=8, minor=0, mode=0o660, gid=6)
    spec = specification(asked(privileged=True), host=host, seccomp=SECCOMP, devices=(node,))
    linux = spec["linux"]
    assert capabilities.mask(spec["process"]["capabilities"]["effective"]) == 0xFF
    assert not {"seccomp", "maskedPaths", "readonlyPaths"} & linux.keys()
    assert linux["resources"]["devices"] == [{"allow": True, "access": "rwm"}]
    assert linux["devices"] == [
        {"path": "/dev/sda", "type": "b", "fileMode": 0o660, "major": 8, "minor": 0, "uid": 0, "gid": 6}
    ]
    options = {mount["destination"]: mount["options"] for mount in spec["mounts"]}
    assert "rw" in options["/sys"]
    assert "rw" in options["/sys/fs/cgroup"]
    assert "devices" not in specification(asked(), devices=(node,))["linux"]


def test_another_user_holds_no_capabilities_but_may_gain_them() -> None:
    spec = specification(asked(), identity=Identity(uid=33, gid=33, groups=(4,), home="/var/www"))
    assert spec["process"]["user"] == {"uid": 33, "gid": 33, "additionalGids": [33, 4]}
    sets = spec["process"]["capabilities"]
    assert (len(sets["bounding"]), sets["effective"], sets["permitted"]) == (14, [], [])
    assert "HOME=/var/www" in spec["process"]["env"]


def test_what_was_asked_for_is_in_its_place() -> None:
    spec = specification(
        asked(
            hostname="web",
            domainname="example.org",
            workdir="/w",
            read_only=True,
            network="host",
            ulimits=(Ulimit(name="nofile", soft=10, hard=-1),),
            sysctls=(("kernel.msgmax", "1"),),
            security_opt=("no-new-privileges", "seccomp=unconfined"),
            mounts=(
                BindMount(source="/h", target="/b//c/../d", read_only=True),
                TmpfsMount(target="/t", options="a,b"),
            ),
        ),
        seccomp=SECCOMP,
    )
    assert (spec["hostname"], spec["domainname"]) == ("web", "example.org")
    assert spec["process"]["cwd"] == "/w"
    assert spec["process"]["noNewPrivileges"]
    limits = {limit.pop("type"): limit for limit in map(dict, spec["process"]["rlimits"])}
    assert limits["RLIMIT_NOFILE"] == {"soft": 10, "hard": rlimits.INFINITY}
    assert limits["RLIMIT_CORE"] == {"soft": 0, "hard": rlimits.INFINITY}
    assert spec["root"]["readonly"]
    assert "network" not in {namespace["type"] for namespace in spec["linux"]["namespaces"]}
    assert spec["linux"]["sysctl"] == {"kernel.msgmax": "1"}
    assert "seccomp" not in spec["linux"]
    mounts = {mount["destination"]: mount for mount in spec["mounts"]}
    assert mounts["/b/d"]["options"] == ["rbind", "rprivate", "ro", "rro"]
    assert mounts["/t"]["options"] == ["noexec", "nosuid", "nodev", "a", "b"]
    assert mounts["/etc/hosts"]["options"] == ["rbind", "rprivate", "ro"]


def test_every_limit_is_written_and_none_is_above_what_this_host_may_give() -> None:
    limits = {limit["type"]: limit for limit in specification(asked())["process"]["rlimits"]}
    assert list(limits) == [rlimits.specification_name(name) for name in rlimits.NUMBERS]
    assert limits["RLIMIT_NOFILE"] == {"type": "RLIMIT_NOFILE", "soft": 1024, "hard": 1 << 20}
    assert limits["RLIMIT_NPROC"]["hard"] == rlimits.INFINITY
    small = msgspec.structs.replace(HYBRID, hard_limits=tuple(range(100, 100 + len(rlimits.NUMBERS))))
    for number, limit in enumerate(specification(asked(), host=small)["process"]["rlimits"]):
        assert limit["soft"] <= limit["hard"] <= 100 + number


def test_a_users_mount_takes_the_place_of_a_default_one() -> None:
    spec = specification(
        asked(mounts=(TmpfsMount(target="/dev/shm", options="size=1g"), BindMount(source="/d", target="/dev")))
    )
    found = [(mount["destination"], mount["type"]) for mount in spec["mounts"]]
    assert ("/dev", "bind") in found
    assert found.index(("/dev", "bind")) < found.index(("/dev/pts", "devpts"))
    assert [kind for target, kind in found if target == "/dev/shm"] == ["tmpfs"]


def test_one_more_process_is_as_the_first_but_for_what_it_names() -> None:
    init = specification(asked(tty=True, env=("A=1",), ulimits=(Ulimit(name="core", soft=0, hard=0),)))["process"]
    plain = exec_process(init, ExecRequest(command=("id",)), Identity(home="/root"))
    assert plain["args"] == ["id"]
    assert plain["cwd"] == "/srv"
    assert plain["rlimits"] == init["rlimits"]
    assert plain["capabilities"] == init["capabilities"]
    assert "A=1" in plain["env"]
    assert not any(entry.startswith("TERM=") for entry in plain["env"])
    request = ExecRequest(command=("sh",), tty=True, privileged=True, workdir="/x", env=("A=2",), rows=30, cols=100)
    changed = exec_process(init, request, Identity(uid=5, home="/h"), available=0b11)
    assert changed["consoleSize"] == {"height": 30, "width": 100}
    assert {"A=2", "HOME=/h", "TERM=xterm"} <= set(changed["env"])
    assert (changed["cwd"], changed["user"]["uid"]) == ("/x", 5)
    assert changed["capabilities"]["bounding"] == ["CAP_CHOWN", "CAP_DAC_OVERRIDE"]


def test_limits_and_device_rules_are_in_the_specification() -> None:
    limits = Limits(memory=1 << 26, memory_swap=1 << 26, cpus=1.5, pids=64)
    resources = specification(asked(limits=limits))["linux"]["resources"]
    assert limits_of(resources) == limits
    assert resources["cpu"] == {"quota": 150_000, "period": 100_000}
    assert resources["devices"][0] == {"allow": False, "access": "rwm"}
    privileged = specification(asked(privileged=True))["linux"]["resources"]
    assert privileged == {"devices": [{"allow": True, "access": "rwm"}]}


@given(requests, identities)
def test_every_specification_is_plain_json_of_its_own(request: ContainerRequest, identity: Identity) -> None:
    before = json.dumps(specification(request, identity=identity, host=HYBRID))
    assert json.loads(before) == specification(request, identity=identity, host=HYBRID)


@given(st.text(st.sampled_from("ab./"), max_size=20))
def test_a_clean_path_stays_below_the_root(path: str) -> None:
    cleaned = clean(path)
    assert cleaned.startswith("/")
    assert not {"", ".", ".."} & set(cleaned[1:].split("/")) or cleaned == "/"
    assert clean(cleaned) == cleaned
