"""Which namespaces a process is in, which of them are the host's, and who else is in them.

Knows no container beyond the name that it is given for a pid. A namespace is its kind and its inode, as
the links in /proc/PID/ns show them (namespaces(7)).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from tuicont.core.errors import NotFound, kernel_error
from tuicont.core.model.container import Namespace
from tuicont.core.model.namespaces import KINDS

Pairs = tuple[tuple[str, int], ...]


def namespaces_of(pid: int) -> Pairs:
    """(kind, inode) of each namespace of a process, in the order of `KINDS`; kinds that the kernel lacks
    are left out. Raises `NotFound` when there is no such process."""
    pairs = []
    for kind in KINDS:
        try:
            pairs.append((kind, parse_link(os.readlink(f"/proc/{pid}/ns/{kind}"))))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise kernel_error(
                f"read the namespaces of process {pid}", f"readlink /proc/{pid}/ns/{kind}", error
            ) from None
    if not pairs:
        raise NotFound(f"read the namespaces of process {pid}", "there is no such process")
    return tuple(pairs)


def parse_link(text: str) -> int:
    """4026531840 of `net:[4026531840]`."""
    return int(text[text.index("[") + 1 : -1])


def describe(own: Pairs, host: Pairs, others: Mapping[str, Pairs]) -> tuple[Namespace, ...]:
    """The namespaces `own`, each marked when it is the host's, with the names of `others` that are in it
    too (none is named for those of the host: everybody may be in them)."""
    hosts = frozenset(host)
    named = {name: frozenset(pairs) for name, pairs in others.items()}
    return tuple(
        Namespace(
            kind=pair[0],
            inode=pair[1],
            host=pair in hosts,
            shared_with=() if pair in hosts else tuple(sorted(n for n, pairs in named.items() if pair in pairs)),
        )
        for pair in own
    )


def discover(pid: int, others: Mapping[str, int]) -> tuple[Namespace, ...]:
    """The namespaces of process `pid`; the host's are those of this process, `others` are pids by name
    (one that has ended meanwhile is passed over)."""
    found: dict[str, Pairs] = {}
    for name, other in others.items():
        try:
            found[name] = namespaces_of(other)
        except NotFound:
            continue
    return describe(namespaces_of(pid), namespaces_of(os.getpid()), found)
