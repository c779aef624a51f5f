"""How many more files this process may keep open (getrlimit(2), RLIMIT_NOFILE)."""

from __future__ import annotations

import os
import resource


def spare_descriptors(wanted: int, *, left: int = 0) -> int:
    """How many of `wanted` more files may be kept open while `left` are left for everything else; the soft limit is
    raised towards the hard one for them, as far as it goes."""
    used = used_descriptors() + left
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < used + wanted:
        soft = used + wanted if hard == resource.RLIM_INFINITY else min(used + wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(0, min(wanted, soft - used))


def used_descriptors() -> int:
    """How many are open."""
    return len(os.listdir("/proc/self/fd"))
