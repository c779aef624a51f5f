"""Whether overlayfs works on this kernel and on the file system below a directory: by mounting one.

Knows nothing of layers. The mount is made in a mount namespace of its own and is gone with it.
"""

from __future__ import annotations

import errno
import os

from tuicont.core.errors import errno_text
from tuicont.core.files.trees import remove_tree
from tuicont.core.host.mountinfo import parse
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel
from tuicont.core.sys.locks import lock
from tuicont.core.sys.mounts import in_private_namespace, mount

# A rename of a directory, or a change of mode, must leave real files in the upper layer: what `diff` counts, and
# what later becomes an image's layer, has to stand without the layers below. `index` makes a crash's leftover refuse.
_UNWANTED = ("index", "redirect_dir", "metacopy")
_PARAMETERS = "/sys/module/overlay/parameters"


def default_options(kernel: Kernel) -> str:
    """Mount options that switch off what this kernel was built to switch on and the driver cannot use."""
    named = []
    for option in _UNWANTED:
        try:
            value = kernel.read(f"{_PARAMETERS}/{option}").strip()
        except OSError:
            continue
        if value == b"Y":
            named.append(f"{option}=off")
    return ",".join(named)


def probe(root_dir: str, place: str) -> Probe:
    """Mount an overlay of empty directories and write a file into it; `place`, below `root_dir`, is made for that and
    removed, and locked meanwhile."""
    lock_fd = -1
    try:
        os.mkdir(place, 0o700)
        lock_fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        lock(lock_fd)
        for part in ("lower", "upper", "work", "merged"):
            os.mkdir(f"{place}/{part}")
        in_private_namespace(lambda: _try(place))
    except OSError as error:
        return Probe(group="storage", name="overlay", supported=False, reason=_reason(error, root_dir))
    finally:
        remove_tree(place)
        if lock_fd >= 0:
            os.close(lock_fd)
    return Probe(group="storage", name="overlay", supported=True, detail=file_system(root_dir))


def _try(place: str) -> None:
    os.chdir(place)
    mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work")
    os.close(os.open("merged/file", os.O_WRONLY | os.O_CREAT, 0o600))
    os.unlink("merged/file")


def _reason(error: OSError, root_dir: str) -> str:
    below = file_system(root_dir)
    match error.errno:
        case errno.ENODEV:
            return "this kernel has no overlayfs"
        case errno.EPERM | errno.EACCES:
            return "mounting needs root (CAP_SYS_ADMIN)"
        case errno.EINVAL if below:
            return f"{root_dir} is on {below}, which cannot hold an upper layer; use a directory on ext4, xfs or btrfs"
        case errno.ENOSPC | errno.EDQUOT | errno.EROFS:
            return f"{root_dir}: {errno_text(error.errno)}"
    return f"mount overlay below {root_dir}: {errno_text(error.errno or 0)}"


def file_system(path: str) -> str:
    """The type of the file system that holds `path`, or ""."""
    try:
        device = os.stat(path).st_dev
        wanted = f"{os.major(device)}:{os.minor(device)}"
        with open("/proc/thread-self/mountinfo", "rb") as file:
            return next((mount.fstype for mount in parse(file.read()) if mount.device == wanted), "")
    except (OSError, ValueError):
        return ""
