"""What a specification may ask for and this runtime does not do: refused by name, never passed over.

Pure. Fields that the specification itself (1.2) does not know are ignored, as it demands (config.md,
"Extensibility").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicont.core.errors import EngineError, Invalid, Unsupported
from tuicont.core.security import sysctls

_OPERATION = "carry out the specification"

_PLATFORMS = ("windows", "solaris", "vm", "zos")
_PROCESS = ("apparmorProfile", "selinuxLabel", "commandLine", "ioPriority", "scheduler", "execCPUAffinity")
_LINUX = (
    "uidMappings",
    "gidMappings",
    "mountLabel",
    "intelRdt",
    "personality",
    "timeOffsets",
    "netDevices",
    "memoryPolicy",
)
_NAMESPACES = frozenset({"mount", "pid", "network", "ipc", "uts", "cgroup"})
_ROOT_PROPAGATION = frozenset(
    {"", "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"}
)


def unsupported(field: str, why: str = "is not supported", hint: str = "") -> EngineError:
    """The error for one field of a specification."""
    return Unsupported(_OPERATION, f"{field} {why}", stage="specification", hint=hint)


def invalid(field: str, why: str) -> EngineError:
    """The error for a field that the specification does not allow."""
    return Invalid(_OPERATION, f"{field} {why}", stage="specification")


def reject(spec: Mapping[str, Any]) -> None:
    """Raise `Unsupported` or `Invalid` for the first field that cannot be carried out."""
    version = spec.get("ociVersion", "")
    if not isinstance(version, str) or not version.startswith("1."):
        raise invalid("ociVersion", f"is {version!r}, not 1.x")
    for platform in _PLATFORMS:
        if spec.get(platform):
            raise unsupported(platform)
    for stage, hooks in (spec.get("hooks") or {}).items():
        if hooks:
            raise unsupported(f"hooks.{stage}", hint="choose another runtime for containers with hooks")
    if "process" not in spec:
        raise invalid("process", "is missing")
    if not (spec.get("root") or {}).get("path"):
        raise invalid("root.path", "is missing")
    reject_process(spec["process"])
    _reject_linux(spec.get("linux") or {})


def reject_process(process: Mapping[str, Any]) -> None:
    """As `reject`, for the `process` object alone."""
    for field in _PROCESS:
        if process.get(field):
            raise unsupported(f"process.{field}")
    if not process.get("args"):
        raise invalid("process.args", "is empty")
    if not str(process.get("cwd", "")).startswith("/"):
        raise invalid("process.cwd", "is not an absolute path")


def _reject_linux(linux: Mapping[str, Any]) -> None:
    for field in _LINUX:
        if linux.get(field):
            raise unsupported(f"linux.{field}")
    kinds = set()
    for namespace in linux.get("namespaces") or ():
        kind = namespace.get("type", "")
        if kind not in _NAMESPACES:
            raise unsupported(f"linux.namespaces: {kind}")
        if namespace.get("path"):
            raise unsupported(f"linux.namespaces: {kind} with a path")
        if kind in kinds:
            raise invalid("linux.namespaces", f"names {kind} twice")
        kinds.add(kind)
    if "mount" not in kinds:
        raise unsupported("linux.namespaces without mount")
    for name in linux.get("sysctl") or ():
        if sysctls.namespace(name) not in kinds:
            raise invalid(f"linux.sysctl: {name}", "is not a setting of the container's own namespaces")
    if linux.get("rootfsPropagation", "") not in _ROOT_PROPAGATION:
        raise invalid("linux.rootfsPropagation", f"is {linux['rootfsPropagation']!r}")
