"""The engine in Docker's words: the fields of `info` and `version`."""

from __future__ import annotations

import os
import time
from typing import Any

from tuicont.core.model.probe import EngineInfo
from tuicont.core.model.state import State
from tuicont.text.units import timestamp

_SPEC = "1.2"
"""Of the OCI runtime specification (docs/runtimes.md)."""


def info(told: EngineInfo) -> dict[str, Any]:
    """Docker's fields of `info`, as far as there is a value."""
    states = told.containers
    return {
        "ID": "",
        "Containers": sum(states.values()),
        "ContainersRunning": states.get(State.RUNNING, 0),
        "ContainersPaused": states.get(State.PAUSED, 0),
        "ContainersStopped": states.get(State.EXITED, 0) + states.get(State.CREATED, 0),
        "Images": told.images,
        "Driver": told.storage_driver,
        "DriverStatus": [],
        "Plugins": {"Volume": [], "Network": ["host", "null"], "Authorization": None, "Log": ["json-file"]},
        "MemoryLimit": True,
        "SwapLimit": True,
        "CpuCfsPeriod": True,
        "CpuCfsQuota": True,
        "CPUShares": True,
        "CPUSet": True,
        "PidsLimit": True,
        "Debug": False,
        "SystemTime": timestamp(time.time_ns()),
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": "2" if told.cgroup_driver.endswith("-v2") else "1",
        "KernelVersion": told.kernel,
        "OperatingSystem": _operating_system(),
        "OSType": "linux",
        "Architecture": os.uname().machine,
        "NCPU": told.processors,
        "MemTotal": told.memory,
        "DockerRootDir": told.root,
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
        "Name": os.uname().nodename,
        "Labels": [],
        "ExperimentalBuild": False,
        "ServerVersion": told.version,
        "Runtimes": {told.runtime: {"path": told.runtime}} if told.runtime else {},
        "DefaultRuntime": told.runtime,
        "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False, "Error": ""},
        "LiveRestoreEnabled": True,
        "Isolation": "",
        "InitBinary": "",
        "SecurityOptions": ["name=seccomp,profile=default"],
        "Warnings": list(told.notes) or None,
        "ClientInfo": {"Debug": False, "Version": told.version, "Context": "default", "Plugins": [], "Warnings": None},
    }


def version(program: str, python: str) -> dict[str, Any]:
    """Docker's fields of `version`: client and server are the same program."""
    host = os.uname()
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(host.machine, host.machine)
    both = {"Version": program, "GitCommit": "", "GoVersion": "", "Os": "linux", "Arch": architecture, "BuildTime": ""}
    details = {"Python": python, "KernelVersion": host.release, "OciRuntimeSpec": _SPEC}
    components = [{"Name": "Engine", "Version": program, "Details": details}]
    return {
        "Client": {**both, "Context": "default"},
        "Server": {"Platform": {"Name": ""}, "Components": components, **both, "KernelVersion": host.release},
    }


def facts(program: str, python: str) -> dict[str, str]:
    """What `version` tells people."""
    host = os.uname()
    return {
        "version": program,
        "python": python,
        "kernel": host.release,
        "architecture": host.machine,
        "oci_runtime_spec": _SPEC,
    }


def _operating_system() -> str:
    """os-release(5)."""
    import platform

    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"
