"""From a request to the specification and the small files of one container, with this host's facts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from tuicont.core.errors import Invalid
from tuicont.core.host.facts import host_devices
from tuicont.core.model.host import DeviceNode, HostFacts
from tuicont.core.model.image import Image
from tuicont.core.model.request import ContainerRequest, ExecRequest
from tuicont.core.security.seccomp import Profile, parse_profile, resolve
from tuicont.core.spec.generate import capability_bits, generate
from tuicont.core.spec.mounts import HostFiles
from tuicont.core.spec.options import security_options
from tuicont.core.spec.process import exec_process
from tuicont.core.spec.users import Identity

_LARGEST_PROFILE = 4 << 20


class Specs:
    """Builds specifications. `profile` reads the default system call filter, when it is first needed."""

    def __init__(self, host: HostFacts, profile: Callable[[], str]) -> None:
        self.host = host
        self._read_default = profile

    @cached_property
    def _profile(self) -> Profile:
        return parse_profile(self._read_default())

    def build(
        self,
        request: ContainerRequest,
        image: Image,
        *,
        container_id: str,
        root_path: str,
        files: Mapping[str, str],
        identity: Identity,
        cgroups_path: str,
    ) -> dict[str, Any]:
        """The container's whole config.json; `files` are the paths of what `host_files` gives, by its names."""
        devices: tuple[DeviceNode, ...] = host_devices() if request.privileged else ()
        return generate(
            request,
            image.config,
            container_id=container_id,
            root_path=root_path,
            host=self.host,
            identity=identity,
            files=HostFiles(**files),
            cgroups_path=cgroups_path,
            seccomp=self._filter(request),
            devices=devices,
        )

    def host_files(self, request: ContainerRequest, container_id: str) -> dict[str, str]:
        """The texts of /etc/hosts and /etc/hostname, by their names."""
        name = request.hostname or container_id[:12]
        full = f"{name}.{request.domainname} {name}" if request.domainname else name
        more = "".join(f"{address}\t{host}\n" for host, address in request.extra_hosts)
        return {
            "hostname": f"{name}\n",
            "hosts": f"127.0.0.1\tlocalhost {full}\n::1\tlocalhost ip6-localhost ip6-loopback\n{more}",
        }

    def placed(self, spec: Mapping[str, Any], files: Mapping[str, str]) -> Mapping[str, Any]:
        """A specification whose small files are where they are now: the root may have been moved since it was made."""
        ends = {_last_two(path): path for path in files.values()}
        mounts = [
            {**mount, "source": ends[end]} if (end := _last_two(mount.get("source", ""))) in ends else mount
            for mount in spec["mounts"]
        ]
        return {**spec, "mounts": mounts}

    def exec(self, spec: Mapping[str, Any], request: ExecRequest, identity: Identity | None) -> dict[str, Any]:
        """The process object of one more process; without `identity` it is the init's."""
        init = spec["process"]
        return exec_process(init, request, identity or _identity(init), available=self.host.capabilities)

    def _filter(self, request: ContainerRequest) -> Mapping[str, Any] | None:
        chosen = security_options(request.security_opt, self.host.lsms).seccomp
        if request.privileged or chosen == "unconfined":
            return None
        profile = self._profile if chosen == "default" else _read_profile(chosen)
        return resolve(profile, capability_bits(request, self.host), self.host)


def _last_two(path: str) -> str:
    """`/b/c` of `/a/b/c`."""
    parent, _, name = path.rpartition("/")
    return f"/{parent.rpartition('/')[2]}/{name}"


def _read_profile(path: str) -> Profile:
    operation = f"use the seccomp profile {path}"
    try:
        if os.path.getsize(path) > _LARGEST_PROFILE:
            raise Invalid(operation, f"it is larger than {_LARGEST_PROFILE >> 20} MiB")
        with open(path, "rb") as file:
            return parse_profile(file.read(), path)
    except OSError as error:
        raise Invalid(operation, (error.strerror or "unreadable").lower()) from None


def _identity(process: Mapping[str, Any]) -> Identity:
    user = process["user"]
    home = next((entry[5:] for entry in process["env"] if entry.startswith("HOME=")), "/")
    return Identity(uid=user["uid"], gid=user["gid"], groups=tuple(user.get("additionalGids", ())), home=home)
