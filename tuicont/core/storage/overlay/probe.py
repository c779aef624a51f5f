"""Whether overlayfs works on this kernel and on the file system below a directory: by mounting one.

Knows nothing of layers. The mount is made in a mount namespace of its own and is gone with it.
"""

from __future__ import annotations

import errno
import os

from tuicont.core.errors import errno_text
from tuicont.core.host.mountinfo import file_system
from tuicont.core.model.probe import Probe
from tuicont.core.sys.kernel import Kernel
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
    """Mount an overlay of empty directories in `place`, a new directory below `root_dir`, and write a file into it."""
    try:
        for part in ("lower", "upper", "work", "merged"):
            os.mkdir(f"{place}/{part}")
        in_private_namespace(lambda: _try(place))
    except OSError as error:
        return failed(error, root_dir)
    return Probe(group="storage", name="overlay", supported=True, detail=file_system(root_dir))


def failed(error: OSError, root_dir: str) -> Probe:
    """The answer when `error` came of trying."""
    return Probe(group="storage", name="overlay", supported=False, reason=_reason(error, root_dir))


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
