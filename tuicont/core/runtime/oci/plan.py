"""What a child does before it becomes an OCI runtime's command. Pure."""

from __future__ import annotations

from tuicont.core.cgroup.base import Placement
from tuicont.core.runtime import ops
from tuicont.core.runtime.oci.flavours import Flavour
from tuicont.core.runtime.ops import flags as bits
from tuicont.core.storage.base import RootMount

# The host's later mounts are still to be seen in binds that ask for it; what is made here the host never sees.
_FROM_HOST_ONLY = ops.SetPropagation("/", bits.MS_REC | bits.MS_SLAVE)
# What runc executes in a container that runs already has runc's own.
_UMASK = ops.SetUmask(0o022)
_ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)


def enter(placement: Placement, flavour: Flavour) -> tuple[ops.Operation, ...]:
    """Into the container's v1 groups, for a program that leaves processes where it is itself."""
    return () if flavour.joins else tuple(ops.EnterCgroup(directory) for directory in placement.enter)


def clone_into(placement: Placement, flavour: Flavour) -> str:
    """The v2 group that the program is born in: the container's, unless the program puts processes there itself, which
    of the two hierarchies of a hybrid host it does with v1 alone."""
    return placement.clone_into if not flavour.joins or placement.enter else ""


def invocation(
    words: tuple[str, ...],
    *,
    run_dir: str,
    entered: tuple[ops.Operation, ...] = (),
    hidden: tuple[str, ...] = (),
    root_mounts: tuple[RootMount, ...] = (),
    root: str = "",
) -> ops.Plan:
    """Run the program in a mount namespace of its own (CLONE_NEWNS), with `run_dir` as its working directory, the root
    file system of the container at `root`, and without the cgroup hierarchies at `hidden`."""
    return (
        *entered,
        _FROM_HOST_ONLY,
        *(ops.MountRoot(m.cwd, m.source, root, m.fstype, m.options, m.flags) for m in root_mounts),
        *(ops.Unmount(path) for path in hidden),
        ops.ChangeDirectory(run_dir, ops.Turn.ONLY),
        ops.ConnectStdio(),
        _UMASK,
        ops.Execute(words, _ENVIRONMENT),
    )
