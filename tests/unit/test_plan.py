"""The plan of a container's birth: what is in it, and above all in which order."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given

from tests.specs import HYBRID, HYBRID_PLACE, UNIFIED, UNIFIED_PLACE, identities, requests, specification
from tests.support import require
from tuicont.core import native
from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.model.host import HostFacts
from tuicont.core.model.request import BindMount, ContainerRequest, ExecRequest, TmpfsMount
from tuicont.core.runtime import ops
from tuicont.core.runtime.native.plan import clone_flags, container_plan, exec_plan
from tuicont.core.runtime.ops import flags as bits
from tuicont.core.runtime.ops import header
from tuicont.core.security import capabilities, rlimits
from tuicont.core.spec.process import exec_process
from tuicont.core.spec.users import Identity
from tuicont.core.storage.base import RootMount

FILTER = b"\x06\0\0\0\0\0\xff\x7f"
SECCOMP = {"defaultAction": "SCMP_ACT_ALLOW"}
ROOT = (RootMount(fstype="overlay", source="overlay", options="lowerdir=l/a", cwd="/var/lib"),)
TARGET = "/run/root"
HOST_SIDE = (ops.EnterCgroup, ops.Unshare, ops.SetPropagation, ops.OpenTree, ops.MountRoot, ops.SetOomScoreAdj)
PRIVILEGED = (ops.Mount, ops.PlaceTree, ops.SetMountAttributes, ops.MakeNode, ops.Mask, ops.ReadOnlyPath, ops.SetSysctl)
NEEDS_KEYCTL = (ops.JoinSessionKeyring,)

Kind = TypeVar("Kind", bound=ops.Operation)


def asked(**fields: Any) -> ContainerRequest:
    return ContainerRequest(image="demo", **fields)


def plan(spec: Mapping[str, Any], place: Placement = HYBRID_PLACE, host: HostFacts = HYBRID) -> ops.Plan:
    return container_plan(
        spec, root_mounts=ROOT, root_target=TARGET, placement=place, host=host, compile_filter=lambda seccomp: FILTER
    )


def of(kind: type[Kind], found: ops.Plan) -> list[Kind]:
    return [operation for operation in found if isinstance(operation, kind)]


def where(kind: type[ops.Operation], found: ops.Plan) -> int:
    (at,) = (index for index, operation in enumerate(found) if isinstance(operation, kind))
    return at


@given(requests, identities)
def test_every_request_has_a_plan_in_the_right_order(request: ContainerRequest, identity: Identity) -> None:
    spec = specification(request, identity=identity, seccomp=SECCOMP)
    found = plan(json.loads(json.dumps(spec)))
    pivot, executed = where(ops.PivotRoot, found), where(ops.Execute, found)
    identified, held = where(ops.SetIdentity, found), where(ops.SetCapabilities, found)
    kinds = [type(operation) for operation in found]
    assert executed == len(found) - 1
    assert not set(kinds[pivot:]) & set(HOST_SIDE), "no path of the host after pivot_root"
    assert set(kinds[:pivot]) <= set(HOST_SIDE)
    assert not set(kinds[identified:]) & {*PRIVILEGED, *NEEDS_KEYCTL}, "privileged work is done before"
    assert where(ops.LimitBoundingSet, found) < identified < held
    entered = [index for index, kind in enumerate(kinds) if kind is ops.EnterCgroup]
    assert max(entered) < where(ops.Unshare, found), "the cgroup namespace is made from inside the cgroup"
    slots = [operation.slot for operation in of(ops.OpenTree, found)]
    assert len(set(slots)) == len(slots)
    assert {operation.slot for operation in of(ops.PlaceTree, found)} == set(slots)
    if of(ops.InstallSeccomp, found):
        filtered = where(ops.InstallSeccomp, found)
        assert not set(kinds[filtered:]) & {*PRIVILEGED, *NEEDS_KEYCTL}
        may_install_late = of(ops.SetNoNewPrivileges, found) or (
            of(ops.SetCapabilities, found)[0].effective & capabilities.CAP_SYS_ADMIN
        )
        assert (filtered > held) == bool(may_install_late)
    assert all(operation.describe() for operation in found)


@given(requests)
def test_capabilities_stay_within_the_engines_own(request: ContainerRequest) -> None:
    host = HostFacts(capabilities=0xFFFF)
    found = plan(specification(request, host=host), Placement(), host)
    sets = of(ops.SetCapabilities, found)[0]
    assert (of(ops.LimitBoundingSet, found)[0].mask | sets.effective | sets.permitted) <= 0xFFFF


def test_each_hierarchy_shows_only_the_containers_own_group() -> None:
    found = plan(specification(asked()))
    opened = {operation.slot: operation.source for operation in of(ops.OpenTree, found)}
    shown = {op.target: opened[op.slot] for op in of(ops.PlaceTree, found) if op.target.startswith("/sys/fs/cgroup")}
    assert shown == {
        "/sys/fs/cgroup/cpu,cpuacct": "/sys/fs/cgroup/cpu,cpuacct/tuicont/c",
        "/sys/fs/cgroup/memory": "/sys/fs/cgroup/memory/tuicont/c",
        "/sys/fs/cgroup/pids": "/sys/fs/cgroup/pids/tuicont/c",
        "/sys/fs/cgroup/unified": "/sys/fs/cgroup/unified/tuicont/c",
    }
    assert ops.MakeSymlink("cpu,cpuacct", "/sys/fs/cgroup/cpu") in found
    closed = bits.MOUNT_ATTR_RDONLY | bits.MOUNT_ATTR_NOSUID | bits.MOUNT_ATTR_NODEV | bits.MOUNT_ATTR_NOEXEC
    assert ops.SetMountAttributes("/sys/fs/cgroup", closed, True) in found


def test_on_pure_v2_the_group_itself_is_the_mount() -> None:
    found = plan(specification(asked(), host=UNIFIED), UNIFIED_PLACE, UNIFIED)
    assert not of(ops.EnterCgroup, found)
    (placed,) = (op for op in of(ops.PlaceTree, found) if op.target == "/sys/fs/cgroup")
    assert ops.OpenTree(placed.slot, "/sys/fs/cgroup/tuicont/c", False) in found
    assert placed.attributes & bits.MOUNT_ATTR_RDONLY


def test_a_container_without_a_cgroup_is_shown_none() -> None:
    found = plan(specification(asked()), Placement())
    assert {op.target for op in of(ops.PlaceTree, found)} == {"/etc/hosts", "/etc/hostname"}
    assert [op.fstype for op in of(ops.Mount, found) if op.target == "/sys/fs/cgroup"] == ["tmpfs"]


def test_clone3_makes_every_namespace_but_the_cgroups() -> None:
    spec = specification(asked())
    assert clone_flags(spec) == 0x00020000 | 0x04000000 | 0x08000000 | 0x20000000 | 0x40000000
    assert of(ops.Unshare, plan(spec)) == [ops.Unshare(0x02000000)]
    assert clone_flags(specification(asked(network="host"))) & 0x40000000 == 0
    assert of(ops.BringLoopbackUp, plan(specification(asked(network="host")))) == []


def test_dev_has_its_nodes_links_and_terminal() -> None:
    found = plan(specification(asked(tty=True)))
    nodes = {op.path: (op.major, op.minor, op.mode) for op in of(ops.MakeNode, found)}
    assert nodes["/dev/null"] == (1, 3, stat.S_IFCHR | 0o666)
    assert set(nodes) == {f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty")}
    assert ops.MakeSymlink("pts/ptmx", "/dev/ptmx") in found
    assert of(ops.OpenTerminal, found)[0].console
    assert not of(ops.ConnectStdio, found)
    bound = plan(specification(asked(mounts=(BindMount(source="/host/dev", target="/dev"),))))
    assert not of(ops.MakeNode, bound), "a /dev of the host's is left alone"


def test_named_devices_stand_instead_of_default_ones() -> None:
    spec = specification(asked())
    spec["linux"]["devices"] = [
        {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600, "uid": 7},
        {"path": "/dev/pipe", "type": "p"},
    ]
    nodes = {op.path: op for op in of(ops.MakeNode, plan(spec))}
    assert nodes["/dev/null"] == ops.MakeNode("/dev/null", stat.S_IFCHR | 0o600, 1, 3, 7, 0)
    assert nodes["/dev/pipe"].mode == stat.S_IFIFO | 0o666
    assert len(nodes) == 7


def test_read_only_binds_are_so_all_the_way_down() -> None:
    found = plan(specification(asked(mounts=(BindMount(source="/h", target="/d", read_only=True),))))
    (placed,) = (op for op in of(ops.PlaceTree, found) if op.target == "/d")
    assert (placed.attributes, placed.recursive) == (bits.MOUNT_ATTR_RDONLY, True)


def test_binds_that_share_propagation_are_opened_before_it_is_cut() -> None:
    spec = specification(asked())
    spec["mounts"] = [
        {"destination": "/slave", "source": "/a", "options": ["rbind", "rslave"]},
        {"destination": "/own", "source": "/b", "options": ["rbind", "nosuid", "rnodev"]},
    ]
    found = plan(spec)
    cut = where(ops.SetPropagation, found)
    opened = {op.source: found.index(op) for op in of(ops.OpenTree, found)}
    assert opened["/a"] < cut < opened["/b"]
    assert ops.SetMountAttributes("/slave", 0, True, bits.MS_SLAVE) in found
    assert ops.SetMountAttributes("/own", bits.MOUNT_ATTR_NODEV, True) in found


def test_a_read_only_root_is_made_so_after_everything_in_it() -> None:
    found = plan(specification(asked(read_only=True, workdir="/new")))
    sealed = found.index(ops.SetMountAttributes("/", bits.MOUNT_ATTR_RDONLY, False))
    assert found.index(ops.MakeDirectory("/new", 0o755)) < sealed
    last = max(i for i, op in enumerate(found) if isinstance(op, (*PRIVILEGED, ops.MakeSymlink)))
    assert last == sealed


def test_a_read_only_dev_still_gets_its_nodes() -> None:
    spec = specification(asked())
    spec["mounts"] = [{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["ro", "nosuid"]}]
    found = plan(spec)
    assert of(ops.Mount, found) == [ops.Mount("tmpfs", "/dev", "tmpfs", "", bits.MS_NOSUID)]
    assert found.index(ops.SetMountAttributes("/dev", bits.MOUNT_ATTR_RDONLY, False)) > max(
        index for index, op in enumerate(found) if isinstance(op, ops.MakeNode | ops.MakeSymlink)
    )


def test_without_mounts_of_a_storage_driver_the_bundles_root_is_bound() -> None:
    found = container_plan(specification(asked()), root_target=TARGET)
    assert of(ops.MountRoot, found) == [ops.MountRoot("", "/var/lib/root", TARGET, "", "", bits.MS_BIND | bits.MS_REC)]


def test_one_more_process_enters_and_is_confined_alike() -> None:
    spec = specification(asked(), seccomp=SECCOMP)
    request = ExecRequest(command=("id",), tty=True, rows=30, cols=100)
    process = exec_process(spec["process"], request, Identity(uid=33, home="/"))
    found = exec_plan(process, spec, HYBRID_PLACE, host=HYBRID, compile_filter=lambda seccomp: FILTER)
    assert [type(op) for op in found] == [
        *[ops.EnterCgroup] * 3,
        ops.EnterNamespaces,
        ops.OpenTerminal,
        *[ops.SetRlimit] * len(rlimits.NUMBERS),
        ops.JoinSessionKeyring,
        ops.LimitBoundingSet,
        ops.InstallSeccomp,
        ops.ChangeDirectory,
        ops.SetIdentity,
        ops.SetUmask,
        ops.SetCapabilities,
        ops.ChangeDirectory,
        ops.Execute,
    ]
    assert of(ops.EnterNamespaces, found)[0].flags == 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x40000000
    assert of(ops.OpenTerminal, found) == [ops.OpenTerminal(30, 100, False)]
    assert of(ops.SetIdentity, found) == [ops.SetIdentity(33, 0, "0")]


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("hooks.prestart", {"hooks": {"prestart": [{"path": "/x"}]}}),
    ("windows", {"windows": {"layerFolders": []}, "vm": {"kernel": {}}}),
    ("vm", {"vm": {"kernel": {"path": "/x"}}}),
    ("process.apparmorProfile", {"process": {"apparmorProfile": "x"}}),
    ("process.selinuxLabel", {"process": {"selinuxLabel": "x"}}),
    ("process.scheduler", {"process": {"scheduler": {"policy": "SCHED_FIFO"}}}),
    ("process.user.username", {"process": {"user": {"username": "x"}}}),
    ("CAP_FLY", {"process": {"capabilities": {"bounding": ["CAP_FLY"]}}}),
    ("linux.uidMappings", {"linux": {"uidMappings": [{"size": 1}]}}),
    ("linux.mountLabel", {"linux": {"mountLabel": "x"}}),
    ("linux.namespaces: user", {"linux": {"namespaces": [{"type": "mount"}, {"type": "user"}]}}),
    ("network with a path", {"linux": {"namespaces": [{"type": "mount"}, {"type": "network", "path": "/x"}]}}),
    ("linux.namespaces without mount", {"linux": {"namespaces": [{"type": "pid"}]}}),
    ("linux.seccomp.listenerPath", {"linux": {"seccomp": {**SECCOMP, "listenerPath": "/x"}}}),
    ("linux.seccomp.flags: X", {"linux": {"seccomp": {**SECCOMP, "flags": ["X"]}}}),
    ("'idmap'", {"mounts": [{"destination": "/x", "source": "/y", "options": ["bind", "idmap"]}]}),
    ("/x with id mappings", {"mounts": [{"destination": "/x", "type": "tmpfs", "uidMappings": [{"size": 1}]}]}),
    ("/x as a bind with option 'foo'", {"mounts": [{"destination": "/x", "source": "/y", "options": ["bind", "foo"]}]}),
    ("tmpfs on /", {"mounts": [{"destination": "/", "type": "tmpfs"}]}),
]
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("ociVersion", {"ociVersion": "2.0.0"}),
    ("root.path", {"root": {"path": ""}}),
    ("process.args", {"process": {"args": []}}),
    ("process.cwd", {"process": {"cwd": "x"}}),
    ("process.rlimits", {"process": {"rlimits": [{"type": "RLIMIT_X", "soft": 1, "hard": 1}]}}),
    ("not absolute: 'x'", {"mounts": [{"destination": "x", "type": "tmpfs"}]}),
    ("no type for /x", {"mounts": [{"destination": "/x"}]}),
    ("linux.sysctl: kernel.core_pattern", {"linux": {"sysctl": {"kernel.core_pattern": "|/x"}}}),
    ("linux.sysctl: net.x", {"linux": {"sysctl": {"net.x": "1"}, "namespaces": [{"type": "mount"}]}}),
    ("mount twice", {"linux": {"namespaces": [{"type": "mount"}, {"type": "mount"}]}}),
    ("linux.rootfsPropagation", {"linux": {"rootfsPropagation": "wide"}}),
    ("node of type 'z'", {"linux": {"devices": [{"path": "/dev/z", "type": "z"}]}}),
    ("hostname", {"linux": {"namespaces": [{"type": "mount"}]}}),
]


def changed(change: Mapping[str, Any]) -> dict[str, Any]:
    spec = specification(asked())
    for key, value in change.items():
        spec[key] = {**spec[key], **value} if isinstance(spec.get(key), dict) else value
    return spec


@pytest.mark.parametrize(("field", "change"), REFUSED, ids=[field for field, _ in REFUSED])
def test_what_we_cannot_do_is_refused_by_name(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as raised:
        plan(changed(change))
    assert field in raised.value.cause


@pytest.mark.parametrize(("field", "change"), WRONG, ids=[field for field, _ in WRONG])
def test_what_the_specification_forbids_is_refused_by_name(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as raised:
        plan(changed(change))
    assert field in raised.value.cause


def test_properties_that_the_specification_does_not_know_are_ignored() -> None:
    assert plan({**specification(asked()), "org.example": 1}) == plan(specification(asked()))


def test_the_specification_that_runc_writes_has_a_plan(tmp_path: Path) -> None:
    subprocess.run([require("runc"), "spec"], cwd=tmp_path, check=True)
    spec = json.loads((tmp_path / "config.json").read_text())
    found = plan(spec)
    assert of(ops.Execute, found)[0].args == ("sh",)
    assert of(ops.SetRlimit, found) == [ops.SetRlimit(7, 1024, 1024)]
    assert of(ops.SetNoNewPrivileges, found)
    assert not of(ops.Unshare, found), "runc's default shares the host's cgroup namespace"
    assert ops.SetMountAttributes("/", bits.MOUNT_ATTR_RDONLY, False) in found


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (ops.Mount("proc", "/proc", "proc", "", 14), "mount proc on /proc (nosuid,nodev,noexec)"),
        (ops.Mount("shm", "/dev/shm", "tmpfs", "size=64k", 0), "mount tmpfs shm on /dev/shm (size=64k)"),
        (ops.Unshare(0x02000000), "unshare CLONE_NEWCGROUP"),
        (ops.SetPropagation("/", 0x44000), "mount / (MS_REC|MS_PRIVATE)"),
        (ops.MakeNode("/dev/null", stat.S_IFCHR | 0o666, 1, 3), "mknod /dev/null c 1:3 0666"),
        (ops.InstallSeccomp(FILTER * 3, 2), "seccomp: install filter, 3 instructions (LOG)"),
        (ops.SetRlimit(7, 5, (1 << 64) - 1), "prlimit RLIMIT_NOFILE soft 5 hard unlimited"),
        (ops.LimitBoundingSet(0b100001), "prctl PR_CAPBSET_DROP all but chown,kill"),
        (ops.Execute(("/bin/true", "x"), ()), "execve /bin/true"),
        (
            ops.SetMountAttributes("/d", bits.MOUNT_ATTR_RDONLY, True, bits.MS_SLAVE),
            "mount_setattr /d (ro, recursive, MS_SLAVE, recursive)",
        ),
    ],
)
def test_operations_are_told_in_the_kernels_words(operation: ops.Operation, line: str) -> None:
    assert operation.describe() == line


def test_every_operation_has_words_and_a_place_in_c() -> None:
    assert all("describe" in vars(kind) for kind in ops.ALL)
    assert all((kind.__doc__ or "").strip() for kind in ops.ALL)
    with open(os.path.join(os.path.dirname(native.__file__), "shim", "ops.c")) as file:
        table = file.read()
    assert not [kind for kind in ops.ALL if f"[{header.constant(kind.__name__)}] =" not in table]


def test_entering_a_cgroup_names_the_file_that_is_written() -> None:
    assert ops.EnterCgroup("/sys/fs/cgroup/pids/c").describe() == "write 0 to /sys/fs/cgroup/pids/c/tasks"


def test_tmpfs_options_reach_the_file_system() -> None:
    found = plan(specification(asked(mounts=(TmpfsMount(target="/t", options="size=1m,exec,ro"),))))
    (mounted,) = (op for op in of(ops.Mount, found) if op.target == "/t")
    assert (mounted.options, mounted.flags) == ("size=1m", bits.MS_NOSUID | bits.MS_NODEV | bits.MS_RDONLY)
