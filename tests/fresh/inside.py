"""The first process of a fresh machine: puts its root directory together and enters it.

python -m tests.fresh.inside DIRECTORY SUITE              does what the README says a new user does
python -m tests.fresh.inside DIRECTORY SUITE COMMAND…     runs a command in the checkout's copy there
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.fresh import new_user
from tests.fresh.bare_root import HOST, SOURCE, make_bare_root
from tests.mount_namespace import MountNamespace

_PIVOT = """
mkdir .outside
pivot_root . .outside
umount -l .outside
rmdir .outside
"""


def main() -> int:
    """The exit code of the command; 0 when the README's words hold."""
    directory, suite, *command = sys.argv[1:]
    root = Path(directory, "root")
    root.mkdir(mode=0o755)
    directories = make_bare_root(suite, root)
    with MountNamespace("\n".join([*_mounts(root, directories), _PIVOT])) as machine:
        if command:
            words = machine.words("env", f"--chdir=/{SOURCE}", *command)
            return subprocess.run(words, env=environment(), check=False).returncode
        new_user.follow_the_readme(machine, root, environment(), Path(directory, new_user.REPORT))
    return 0


def environment() -> dict[str, str]:
    """What a login there has, and this host's proxies."""
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": path, "HOME": "/root", "LANG": "C.UTF-8", "TERM": os.environ.get("TERM", "dumb"), **proxies}


def _mounts(root: Path, directories: set[str]) -> Iterator[str]:
    """Shell lines that make the root directory a machine's; the working directory is there."""
    place = shlex.quote(str(root))
    yield f"mount --bind {place} {place}; cd {place}"
    yield "mount -t proc proc proc; mount -t sysfs sysfs sys; mount --rbind /dev dev"
    yield "mount -t tmpfs -o mode=755 tmpfs run"
    for name in sorted(directories):
        here, there = shlex.quote(f"{HOST}/{name}".lstrip("/")), shlex.quote(f"/{name}")
        yield f"mkdir -p {here}; mount --rbind {there} {here}; mount -o remount,bind,ro {here}"
    for mount in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = mount.partition(" - ")
        target, (kind, _, options) = before.split()[4].lstrip("/"), after.split()
        if target == "sys/fs/cgroup" and kind == "tmpfs":
            yield f"mount -t tmpfs -o mode=755 tmpfs {target}"
        elif kind in ("cgroup", "cgroup2"):
            # Mounted in a cgroup namespace, a hierarchy shows what is below the namespace's root.
            chosen = f"-o {options.removeprefix('rw,')}" if kind == "cgroup" else ""
            yield f"mkdir -p {target}; mount -t {kind} {chosen} {kind} {target}"


if __name__ == "__main__":
    raise SystemExit(main())
