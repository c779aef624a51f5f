"""The v1 freezer (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst): it stops tasks so hard that not
even SIGKILL reaches them before they are thawed, and it gives no notice: its state is asked for."""

from __future__ import annotations

from tuicont.core.cgroup.tree import pauses
from tuicont.core.sys.kernel import Kernel


def set_state(kernel: Kernel, directory: str, state: bytes, seconds: float) -> bool:
    """Ask for FROZEN or THAWED; whether the kernel confirms it within `seconds`. While tasks resist (they are in
    an uninterruptible call) the state reads FREEZING."""
    path = f"{directory}/freezer.state"
    kernel.write(path, state)
    return any(kernel.read(path).strip() == state for _ in pauses(seconds))


def is_frozen(kernel: Kernel, directory: str) -> bool:
    """Whether the group itself was asked to freeze."""
    return kernel.read(f"{directory}/freezer.self_freezing").strip() == b"1"
