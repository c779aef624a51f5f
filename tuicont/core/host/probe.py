"""What the running kernel offers, asked of the kernel itself and never of its version alone, and which Python asks.

Knows nothing of drivers: each of those probes for itself.
"""

from __future__ import annotations

import os
import platform
import sys

from tuicont.core.host.facts import kernel_version
from tuicont.core.model.namespaces import MEANINGS
from tuicont.core.model.probe import Probe

_OLDEST = (5, 12)
"""mount_setattr(2) came with Linux 5.12; all else that the native runtime calls is older."""


def probe_kernel() -> tuple[Probe, ...]:
    """Version, namespaces, seccomp, pressure, file systems."""
    return (_version(), *_namespaces(), _seccomp(), _pressure(), *(_file_system(name) for name in _FILE_SYSTEMS))


def probe_python() -> tuple[Probe, ...]:
    """The interpreter that runs this: version, program, ABI of extensions, whether threads take turns."""
    import sysconfig  # here, as only `doctor` needs it

    locked: bool = getattr(sys, "_is_gil_enabled", lambda: True)()  # from Python 3.13 on
    details = {
        platform.python_implementation(): platform.python_version(),
        "executable": sys.executable,
        "abi": sysconfig.get_config_var("SOABI") or "",
        "threads": "with a global lock (GIL)" if locked else "free-threaded",
    }
    return tuple(Probe(group="python", name=name, supported=True, detail=text) for name, text in details.items())


def _version() -> Probe:
    new_enough = kernel_version(platform.release()) >= _OLDEST
    reason = "" if new_enough else f"Linux {_OLDEST[0]}.{_OLDEST[1]} or newer is needed (mount_setattr)"
    return Probe(group="kernel", name="Linux", supported=new_enough, reason=reason, detail=platform.release())


def _namespaces() -> tuple[Probe, ...]:
    probes = []
    for kind, meaning in MEANINGS.items():
        there = os.path.lexists(f"/proc/self/ns/{kind}")
        reason = "" if there else "this kernel was built without it"
        if there and kind == "user" and _read("/proc/sys/user/max_user_namespaces") == "0":
            there, reason = False, "user.max_user_namespaces is 0"
        probes.append(Probe(group="namespaces", name=kind, supported=there, reason=reason, detail=meaning))
    return tuple(probes)


def _seccomp() -> Probe:
    actions = _read("/proc/sys/kernel/seccomp/actions_avail")
    reason = "" if actions else "this kernel was built without CONFIG_SECCOMP_FILTER"
    return Probe(group="security", name="seccomp filter", supported=bool(actions), reason=reason, detail=actions)


def _pressure() -> Probe:
    there = os.path.exists("/proc/pressure/cpu")
    reason = "" if there else "built without CONFIG_PSI, or not switched on (psi=1)"
    return Probe(group="kernel", name="pressure", supported=there, reason=reason, detail="stall information (PSI)")


_FILE_SYSTEMS = ("overlay", "tmpfs", "devpts", "mqueue")


def _file_system(name: str) -> Probe:
    known = {line.split()[-1] for line in _read("/proc/filesystems").splitlines() if line}
    # A module that is not loaded yet is loaded by the mount itself.
    loadable = os.path.exists(f"/lib/modules/{platform.release()}/kernel/fs/{name}fs") or os.path.exists(
        f"/lib/modules/{platform.release()}/kernel/fs/{name}"
    )
    there = name in known or loadable
    reason = "" if there else "this kernel does not know this file system"
    return Probe(group="file systems", name=name, supported=there, reason=reason)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
