"""A file system that answers nothing once it is mounted, as that of a dead server does: for tests of what hangs.

It speaks the kernel's side of fuse(4) itself (include/uapi/linux/fuse.h): INIT and the root's attributes are answered,
every other request is read and never answered, so that who waits for it cannot even be killed. The end of the `with`
block ends every wait.
"""

from __future__ import annotations

import os
import select
import stat
import struct
import subprocess
import threading
from pathlib import Path

from tests.support import require_that
from tuicont.core.sys.mounts import mount

_REQUEST = struct.Struct("=IIQ")  # length, operation, number
_ANSWER = struct.Struct("=IiQ")  # length, -errno, number
_INIT_ANSWER = struct.Struct(
    "=IIIIHHI"
)  # as of 7.12: major, minor, read-ahead, flags, two of background, largest write
_ATTRIBUTES = struct.Struct("=QIIQQQQQQIIIIIIIIII")  # valid for (s, ns, padding), then struct fuse_attr
_GETATTR, _INIT = 3, 26
_BUFFER = 1 << 17


class HungFuse:
    """Mounted at `place`, which is made, until the `with` block ends."""

    def __init__(self, place: Path) -> None:
        require_that(os.path.exists("/dev/fuse"), "a kernel with FUSE (/dev/fuse)")
        self.place = place
        self._ends = threading.Event()

    def __enter__(self) -> HungFuse:
        self.place.mkdir()
        self._fd = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        options = f"fd={self._fd},rootmode={stat.S_IFDIR:o},user_id=0,group_id=0,allow_other"
        mount("hung", str(self.place), "fuse", 0, options)
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._server.join()
        os.close(self._fd)  # the kernel gives every waiter ENOTCONN
        subprocess.run(["umount", "--lazy", str(self.place)], check=True)

    def _serve(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while not self._ends.is_set():
            if not poll.poll(50):
                continue
            try:
                request = os.read(self._fd, _BUFFER)
            except BlockingIOError:
                continue
            _, operation, number = _REQUEST.unpack_from(request)
            if operation == _INIT:
                self._answer(number, _INIT_ANSWER.pack(7, 12, 0, 0, 0, 0, 4096))
            elif operation == _GETATTR:
                self._answer(
                    number, _ATTRIBUTES.pack(3600, 0, 0, 1, *[0] * 5, *[0] * 3, stat.S_IFDIR | 0o755, 2, *[0] * 5)
                )

    def _answer(self, number: int, body: bytes) -> None:
        os.write(self._fd, _ANSWER.pack(_ANSWER.size + len(body), 0, number) + body)
