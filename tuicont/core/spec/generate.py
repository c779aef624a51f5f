"""A container's OCI runtime specification (config.json, version 1.2) from what a user asked for.

Pure, and on the way of every start: what does not differ between containers is made once and shared, so
nobody may change the values in what `generate` returns. Defaults are Docker's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tuicont.core.errors import Invalid
from tuicont.core.model.host import DeviceNode, HostFacts
from tuicont.core.model.image import ImageConfig
from tuicont.core.model.limits import NO_LIMITS
from tuicont.core.model.request import ContainerRequest
from tuicont.core.security import capabilities, masks
from tuicont.core.spec.limits import resources_with, with_swap
from tuicont.core.spec.mounts import HostFiles, mounts
from tuicont.core.spec.options import security_options
from tuicont.core.spec.process import container_process
from tuicont.core.spec.resources import DEFAULT_DEVICES, EVERY_DEVICE
from tuicont.core.spec.users import Identity

VERSION = "1.2.0"

_NO_FILES = HostFiles()
_ROOT_USER = Identity(home="/root")


def generate(
    request: ContainerRequest,
    image: ImageConfig,
    *,
    container_id: str,
    root_path: str,
    host: HostFacts,
    identity: Identity = _ROOT_USER,
    files: HostFiles = _NO_FILES,
    cgroups_path: str = "",
    seccomp: Mapping[str, Any] | None = None,
    devices: tuple[DeviceNode, ...] = (),
) -> dict[str, Any]:
    """The whole specification. `seccomp` is the filter for `capability_bits(request, host)`, None for none;
    `devices` are the host's own nodes, which only a privileged container gets. Raises `Invalid` and
    `Unsupported`."""
    security = security_options(request.security_opt, host.lsms)
    hostname = request.hostname or container_id[:12]
    spec: dict[str, Any] = {
        "ociVersion": VERSION,
        "process": container_process(
            request,
            image,
            identity,
            hostname=hostname,
            capability_bits=capability_bits(request, host),
            no_new_privileges=security.no_new_privileges,
            hard_limits=host.hard_limits,
        ),
        "root": {"path": root_path, "readonly": request.read_only},
        "hostname": hostname,
        "mounts": mounts(
            request.mounts,
            files,
            privileged=request.privileged,
            read_only=request.read_only,
            shm_size=request.shm_size,
        ),
    }
    if request.annotations:
        spec["annotations"] = dict(request.annotations)
    if request.domainname:
        spec["domainname"] = request.domainname
    devices_allowed = {"devices": EVERY_DEVICE if request.privileged else DEFAULT_DEVICES}
    linux: dict[str, Any] = {
        "namespaces": _namespaces(request.network),
        "resources": resources_with(devices_allowed, with_swap(request.limits, NO_LIMITS, host)),
    }
    if cgroups_path:
        linux["cgroupsPath"] = cgroups_path
    if request.sysctls:
        linux["sysctl"] = dict(request.sysctls)
    if not (request.privileged or security.system_paths_unconfined):
        linux["maskedPaths"] = _masked(host.masked)
        linux["readonlyPaths"] = _READ_ONLY
    if seccomp is not None and not request.privileged and security.seccomp != "unconfined":
        linux["seccomp"] = seccomp
    if request.privileged and devices:
        linux["devices"] = [_device(node) for node in devices]
    spec["linux"] = linux
    return spec


def capability_bits(request: ContainerRequest, host: HostFacts) -> int:
    """The capabilities that the container may ever have, never more than the engine's own. Raises `Invalid`."""
    if request.privileged:
        return host.capabilities
    try:
        return capabilities.adjusted(request.cap_add, request.cap_drop, every=host.capabilities)
    except ValueError as error:
        raise Invalid("create the container", str(error)) from None


_READ_ONLY = list(masks.READ_ONLY)


@lru_cache(maxsize=4)
def _masked(more: tuple[str, ...]) -> list[str]:
    return [*masks.MASKED, *more]


@lru_cache(maxsize=8)
def _namespaces(network: str) -> list[dict[str, str]]:
    kinds = ["mount", "pid", "uts", "ipc", "cgroup"]
    if network != "host":
        kinds.insert(2, "network")
    return [{"type": kind} for kind in kinds]


def _device(node: DeviceNode) -> dict[str, Any]:
    described: dict[str, Any] = {"path": node.path, "type": node.kind, "fileMode": node.mode}
    if node.kind != "p":
        described |= {"major": node.major, "minor": node.minor}
    return described | {"uid": node.uid, "gid": node.gid}
