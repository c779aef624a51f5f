"""Packet sockets (unix(7), SOCK_SEQPACKET) with descriptors passed along. Knows no protocol."""

from __future__ import annotations

import array
import errno
import os
import select
import socket
import struct

PACKET_MAX = 1 << 16
_ONE_FD = socket.CMSG_SPACE(4)
_PATH_MAX = 107
_TIMEVAL = struct.Struct("ll")


def packet_pair() -> tuple[socket.socket, socket.socket]:
    """socketpair(2); both ends are closed on exec."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def connect(directory: str, name: str, seconds: float = 1.0) -> socket.socket:
    """Connect to the socket `name` in `directory`, however long its path is. Where a listener that does not accept has
    as many waiting as it takes, `TimeoutError` comes after `seconds`. Raises `OSError`."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = f"{directory}/{name}"
    try:
        _send_timeout(connection, seconds)
        if len(os.fsencode(path)) <= _PATH_MAX:
            connection.connect(path)
        else:
            handle = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                connection.connect(f"/proc/self/fd/{handle}/{name}")
            finally:
                os.close(handle)
        _send_timeout(connection, 0)
    except OSError as error:
        connection.close()
        if error.errno == errno.EAGAIN:
            raise TimeoutError(f"{path} has not accepted for {seconds:g} s") from None
        raise
    return connection


def _send_timeout(connection: socket.socket, seconds: float) -> None:
    """SO_SNDTIMEO (socket(7)), which holds for connect(2) too; 0 is for ever."""
    whole = int(seconds)
    value = _TIMEVAL.pack(whole, round((seconds - whole) * 1_000_000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


def receive(connection: socket.socket) -> tuple[bytes, int]:
    """One packet and the descriptor that came with it, or -1. Empty at the end, also after an error."""
    try:
        data, control, _, _ = _receive(connection)
    except OSError:
        return b"", -1
    for level, kind, content in control:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return data, array.array("i", content[:4])[0]
    return data, -1


def _receive(connection: socket.socket) -> tuple[bytes, list[tuple[int, int, bytes]], int, object]:
    try:
        return connection.recvmsg(PACKET_MAX, _ONE_FD, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        # A peer that left without reading all is told first; what it had sent before comes after that.
        return connection.recvmsg(PACKET_MAX, _ONE_FD, socket.MSG_CMSG_CLOEXEC)


def send_with(connection: socket.socket, data: bytes, *fds: int) -> None:
    """Send one packet with descriptors."""
    connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])


def readable(connection: socket.socket, timeout: float | None) -> bool:
    """Block until there is something to read (or the end); False after `timeout` seconds."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(None if timeout is None else max(0.0, timeout) * 1000))
