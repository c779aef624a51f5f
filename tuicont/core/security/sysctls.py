"""Which kernel settings belong to a namespace, and so may differ in a container (namespaces(7)).

Pure. Anything else under /proc/sys is the whole host's, and never a container's to set.
"""

from __future__ import annotations

_IPC = frozenset(
    {
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
    }
)


def path(name: str) -> str:
    """`net.ipv4.ip_forward` as a path below /proc/sys. The separator that comes first is the one, the other
    is literal, so that interface names with dots can be written (sysctl(8)). Raises `ValueError`."""
    dot, slash = name.find("."), name.find("/")
    found = name if 0 <= slash < dot or dot < 0 else name.translate(_SWAPPED)
    if any(part in ("", ".", "..") for part in found.split("/")):
        raise ValueError(f"no setting {name!r}")
    return found


def namespace(name: str) -> str:
    """The kind of namespace (ipc, network, uts) that the setting belongs to, "" for the host's own."""
    try:
        first, _, _ = path(name).partition("/")
    except ValueError:
        return ""
    dotted = name if "." in name and not 0 <= name.find("/") < name.find(".") else name.replace("/", ".")
    if first == "net":
        return "network"
    if dotted in _IPC or dotted.startswith("fs.mqueue."):
        return "ipc"
    return "uts" if dotted == "kernel.domainname" else ""


_SWAPPED = str.maketrans("./", "/.")
