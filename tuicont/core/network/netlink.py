"""The network interfaces of a process's network namespace, over rtnetlink(7).

The only user of pyroute2, which is imported on the first call: it costs a tenth of a second. Knows
nothing of containers.
"""

from __future__ import annotations

import os
import threading

from tuicont.core.errors import EngineError, NotFound, kernel_error
from tuicont.core.model.container import Link
from tuicont.core.sys.setns import CLONE_NEWNET, setns


def links(pid: int) -> tuple[Link, ...]:
    """The interfaces that process `pid` sees, in the kernel's order. Raises `NotFound` when it has ended.

    A network namespace is entered by thread (setns(2)): a thread made for this enters it and ends there,
    so the caller's never leaves its own.
    """
    operation = f"read the network of process {pid}"
    outcome: list[tuple[Link, ...] | EngineError] = []
    thread = threading.Thread(target=lambda: outcome.append(_enter_and_read(pid, operation)), name="netlink")
    thread.start()
    thread.join()
    found = outcome[0]
    if isinstance(found, EngineError):
        raise found
    return found


def _enter_and_read(pid: int, operation: str) -> tuple[Link, ...] | EngineError:
    path = f"/proc/{pid}/ns/net"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return NotFound(operation, "there is no such process")
    except OSError as error:
        return kernel_error(operation, f"open {path}", error)
    try:
        setns(fd, CLONE_NEWNET)
        return _read()
    except OSError as error:
        return kernel_error(operation, "setns and read over netlink", error)
    finally:
        os.close(fd)


def _read() -> tuple[Link, ...]:
    from pyroute2 import IPRoute

    addresses: dict[int, list[str]] = {}
    with IPRoute() as route:
        for message in route.get_addr():
            address = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
            addresses.setdefault(message["index"], []).append(f"{address}/{message['prefixlen']}")
        return tuple(
            Link(
                name=message.get_attr("IFLA_IFNAME"),
                state=message["state"],
                mtu=message.get_attr("IFLA_MTU") or 0,
                mac=_mac(message.get_attr("IFLA_ADDRESS")),
                addresses=tuple(addresses.get(message["index"], ())),
            )
            for message in route.get_links()
        )


def _mac(text: str | None) -> str:
    return "" if text is None or set(text) <= {"0", ":"} else text
