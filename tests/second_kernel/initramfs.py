"""The initial file system of the second kernel: busybox, a few modules and one script.

Knows nothing of what will run there. The archive is in the "newc" format of
Documentation/driver-api/early-userspace/buffer-format.rst, written here because cpio(1) may be missing.
"""

from __future__ import annotations

import lzma
import stat
import subprocess
from pathlib import Path

MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay", "virtio_blk", "crc32c_generic", "ext4")
"""What the script needs; their dependencies are found in modules.dep."""

INIT = """#!/bin/busybox sh
# The host's root, read-only over 9p, under a layer of memory; then the command on the writable share.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
for module in $(cat /modules/order); do insmod /modules/$module || echo "cannot load $module"; done
mount -t tmpfs -o mode=755 tmpfs /cover
mkdir /cover/upper /cover/work
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro hostroot /host || poweroff -f
mount -t overlay -o lowerdir=/host,upperdir=/cover/upper,workdir=/cover/work overlay /root || poweroff -f
mount --bind "/root$(cat /checkout)" /checkout-held
mount -t devtmpfs devtmpfs /root/dev
mount -t ext4 /root/dev/vda /root/tmp || poweroff -f
chmod 1777 /root/tmp
mount -t tmpfs -o mode=755 tmpfs /root/run
if [ ! -d "/root$(cat /checkout)" ]; then
    mkdir -p "/root$(cat /checkout)"
    mount --move /checkout-held "/root$(cat /checkout)"
fi
mkdir /root/run/share
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none hostshare /root/run/share || poweroff -f
mount --move /proc /root/proc
mount -t sysfs sysfs /root/sys
mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
mkdir -p /root/dev/pts /root/dev/shm /root/dev/mqueue
mount -t devpts -o mode=620,ptmxmode=666 devpts /root/dev/pts
mount -t tmpfs -o mode=1777 tmpfs /root/dev/shm
mount -t mqueue mqueue /root/dev/mqueue
ip link set lo up
hostname second-kernel
exec switch_root /root /bin/sh /run/share/main
"""


def modules_in_order(tree: Path) -> list[Path]:
    """The files of `MODULES` and all that they depend on below `/lib/modules/VERSION`, dependencies first.
    A module that is built into the kernel has no file and is left out."""
    dependencies: dict[str, tuple[str, list[str]]] = {}
    for line in (tree / "modules.dep").read_text().splitlines():
        path, _, needed = line.partition(":")
        dependencies[_module_name(path)] = (path, [_module_name(other) for other in needed.split()])
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in dependencies and dependencies[name][0] not in ordered:
            for other in dependencies[name][1]:
                visit(other)
            ordered.append(dependencies[name][0])

    for name in MODULES:
        visit(name)
    return [tree / path for path in ordered]


def build(busybox: Path, tree: Path, checkout: Path) -> bytes:
    """The archive for the kernel whose modules are below `tree`."""
    archive = _Archive()
    for directory in ("bin", "proc", "host", "cover", "root", "modules", "checkout-held"):
        archive.add(directory, stat.S_IFDIR | 0o755)
    archive.add("bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes())
    archive.add("init", stat.S_IFREG | 0o755, INIT.encode())
    archive.add("checkout", stat.S_IFREG | 0o644, str(checkout).encode())
    modules = modules_in_order(tree)
    for module in modules:
        archive.add(f"modules/{_module_name(module.name)}", stat.S_IFREG | 0o644, _module_bytes(module))
    order = "\n".join(_module_name(module.name) for module in modules)
    archive.add("modules/order", stat.S_IFREG | 0o644, order.encode())
    return archive.finished()


def _module_name(path: str) -> str:
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


def _module_bytes(path: Path) -> bytes:
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout
    return path.read_bytes()


class _Archive:
    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._inode = 0

    def add(self, name: str, mode: int, data: bytes = b"") -> None:
        self._inode += 1
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [_padded(header + encoded), _padded(data)]

    def finished(self) -> bytes:
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
