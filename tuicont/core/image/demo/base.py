"""The base layer of the demo images: a shell and the usual utilities of this host, and the files that every root file
system has.

From the host's busybox if it has one, else from its shell and core utilities with the libraries that they load.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from tuicont.core.errors import Unsupported
from tuicont.core.image.demo.tree import Tree

SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Copied where the host has them.
_UTILITIES = """
[ arch awk base64 basename cat chgrp chmod chown clear cmp comm cp cut date dd df diff dirname dmesg du echo
env expand expr false find fold free getopt grep egrep fgrep groups gzip gunzip head hostname id install
ionice ip kill ldd less link ln logname ls md5sum mkdir mkfifo mknod mktemp more mount mountpoint mv nice nl
nohup nproc nsenter od paste pgrep pidof pkill printenv printf ps pwd readlink realpath renice rev rm rmdir
sed seq setsid sh sha256sum shuf sleep sort split stat stdbuf stty sum sync tac tail tar taskset tee test time
timeout top touch tr true truncate tty umount uname uniq unlink unshare uptime vi watch wc which who whoami
xargs yes
"""

_NEEDED = ("sh", "cat", "sleep", "kill", "ls", "rm", "mkdir", "dd", "tr")
# Shells have it built in, and the programs of the demo images use that.
_BUILT_IN = ("kill",)
# Applets that need what a container does not have, or that only confuse when they are there.
_LEFT_OUT = ("init", "linuxrc", "poweroff", "reboot", "halt")

_FILES = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
        "demo:x:1000:1000:demo:/home/demo:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/:/bin/false\n"
    ),
    "/etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\ndemo:x:1000:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost\n",
    "/etc/hostname": "demo\n",
    "/etc/resolv.conf": "",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "/etc/profile": "export PS1='\\u@\\h:\\w\\$ '\n",
    "/etc/os-release": 'NAME="tuicont demo"\nID=tuicont-demo\nPRETTY_NAME="tuicont demo image"\n',
}
_DIRECTORIES = ("/dev", "/proc", "/sys", "/run", "/mnt", "/usr/local/bin", "/home")


def base_tree() -> Tree:
    """The layer. Raises `Unsupported` when the host has neither a busybox nor a shell with its utilities."""
    tree = Tree()
    try:
        if not _busybox(tree):
            _utilities(tree)
    except (OSError, ValueError) as error:
        raise _unsupported(str(error)) from error
    for path, text in _FILES.items():
        tree.file(path, text)
    for path in _DIRECTORIES:
        if path not in tree.entries:
            tree.directory(path)
    tree.directory("/root", 0o700)
    tree.directory("/home/demo", 0o755, owner=1000)
    tree.directory("/tmp", 0o1777)
    tree.directory("/var/tmp", 0o1777)
    tree.link("/etc/mtab", "/proc/mounts")
    return tree


def _busybox(tree: Tree) -> bool:
    path = shutil.which("busybox", path=SEARCH)
    if not path:
        return False
    applets = _applets(path)
    if not {"bin/sh", "bin/sleep", "bin/cat"} <= set(applets):
        return False
    tree.program(path)
    for applet in applets:
        place = f"/{applet}"
        if os.path.basename(applet) not in _LEFT_OUT and place not in tree.entries:
            tree.link(place, path)
    return True


def _applets(busybox: str) -> list[str]:
    """Where it would install itself, as it says."""
    try:
        answer = subprocess.run([busybox, "--list-full"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return sorted(line.strip("/") for line in answer.stdout.split() if ".." not in line)


def _utilities(tree: Tree) -> None:
    missing = []
    for name in _UTILITIES.split():
        path = shutil.which(name, path=SEARCH)
        if path:
            tree.program(path)
        elif name in _NEEDED and name not in _BUILT_IN:
            missing.append(name)
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}")
    if "/bin" not in tree.entries:
        tree.directory("/bin")
    if "/bin/sh" not in tree.entries:
        shell = shutil.which("sh", path=SEARCH)
        # Where /bin is a link (merged /usr), the shell is reached through it.
        if shell and tree.entries["/bin"].data == b"":
            tree.link("/bin/sh", shell)


def _unsupported(reason: str) -> Unsupported:
    hint = "install busybox (Debian: busybox-static), or bring an image: tuicont load -i FILE"
    return Unsupported("build the demo images", f"this host's programs do not make one: {reason}", hint=hint)
