"""Requests and hosts for the tests of the specification and the plan, by hand and by hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tuicont.core.cgroup.base import Placement
from tuicont.core.model.host import CgroupHierarchy, HostFacts
from tuicont.core.model.image import ImageConfig
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import BindMount, ContainerRequest, TmpfsMount, Ulimit
from tuicont.core.security import capabilities, rlimits
from tuicont.core.spec.generate import generate
from tuicont.core.spec.mounts import HostFiles
from tuicont.core.spec.users import Identity
from tuicont.core.spec.validate import validate

V1 = ("cpu,cpuacct", "memory", "pids")
HYBRID = HostFacts(
    hierarchies=(
        *(CgroupHierarchy(mount_point=f"/sys/fs/cgroup/{name}", version=1) for name in V1),
        CgroupHierarchy(mount_point="/sys/fs/cgroup/unified", version=2),
    )
)
HYBRID_PLACE = Placement(
    clone_into="/sys/fs/cgroup/unified/tuicont/c", enter=tuple(f"/sys/fs/cgroup/{name}/tuicont/c" for name in V1)
)
UNIFIED = HostFacts(hierarchies=(CgroupHierarchy(mount_point="/sys/fs/cgroup", version=2),))
UNIFIED_PLACE = Placement(clone_into="/sys/fs/cgroup/tuicont/c")
IMAGE = ImageConfig(
    env=("PATH=/bin", "LANG=C"), entrypoint=("/entry",), cmd=("serve",), workdir="/srv", labels={"a": "b"}
)

_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
_paths = st.lists(st.sampled_from(["data", "etc", "proc", "dev", "shm", "x", ".", ".."]), min_size=1, max_size=3).map(
    lambda parts: "/top/top/" + "/".join(parts)
)
requests = st.builds(
    ContainerRequest,
    image=st.just("demo"),
    command=st.lists(_words, min_size=1, max_size=3).map(tuple),
    entrypoint=st.none() | st.just(("/bin/run", "-x")),
    env=st.lists(st.tuples(_words, _words).map(lambda pair: f"V{pair[0]}={pair[1]}"), max_size=3).map(tuple),
    workdir=st.just("") | _paths,
    hostname=st.sampled_from(["", "web"]),
    domainname=st.sampled_from(["", "example.org"]),
    tty=st.booleans(),
    read_only=st.booleans(),
    privileged=st.booleans(),
    mounts=st.lists(
        st.builds(BindMount, source=st.just("/host/source"), target=_paths, read_only=st.booleans())
        | st.builds(TmpfsMount, target=_paths, options=st.sampled_from(["", "size=1m", "ro,mode=700"])),
        max_size=4,
    ).map(tuple),
    ulimits=st.lists(
        st.builds(Ulimit, name=st.sampled_from(list(rlimits.NUMBERS)), soft=st.just(1), hard=st.just(-1)), max_size=2
    ).map(tuple),
    sysctls=st.sampled_from([(), (("kernel.msgmax", "8192"), ("kernel.domainname", "x"))]),
    cap_add=st.lists(st.sampled_from([*capabilities.NAMES, "ALL"]), max_size=3).map(tuple),
    cap_drop=st.lists(st.sampled_from([*capabilities.NAMES, "ALL"]), max_size=3).map(tuple),
    security_opt=st.sampled_from([(), ("no-new-privileges",), ("systempaths=unconfined",), ("seccomp=unconfined",)]),
    network=st.sampled_from(["none", "host"]),
    limits=st.builds(
        Limits, memory=st.none() | st.just(64 << 20), cpus=st.none() | st.just(0.5), pids=st.none() | st.just(10)
    ),
).filter(lambda request: not validate(request, HYBRID, exists=lambda path: True))
identities = st.builds(
    Identity, uid=st.sampled_from([0, 33]), gid=st.just(33), groups=st.sampled_from([(), (4, 5)]), home=st.just("/h")
)


def specification(request: ContainerRequest, **changes: Any) -> dict[str, Any]:
    """The specification for a request as the engine asks for it."""
    settings: dict[str, Any] = {
        "container_id": "c0ffee" * 10 + "cafe",
        "root_path": "/var/lib/root",
        "host": HYBRID,
        "identity": Identity(home="/root"),
        "files": HostFiles(hosts="/run/c/hosts", hostname="/run/c/hostname"),
        "cgroups_path": "/tuicont/c",
    }
    return generate(request, IMAGE, **{**settings, **changes})
