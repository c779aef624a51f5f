"""What a shim leaves in the file system: the exit record of its container, and its directory."""

from __future__ import annotations

import contextlib
import os

import msgspec

from tuicont.core.files.trees import remove_tree
from tuicont.core.model.container import ExitStatus

SOCKET_NAME = "shim.sock"
LOST = ExitStatus(code=255)
"""The end of a container of which nobody saw the status: its shim was killed, or the record is damaged."""

_exit_status = msgspec.json.Decoder(ExitStatus).decode


def read_exit(path: str) -> ExitStatus | None:
    """The exit record at `path`; None while there is none. It is written whole and by rename, with `.tmp` at the end of
    its name before."""
    try:
        with open(path, "rb") as file:
            return _exit_status(file.read())
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        return LOST


def is_exit_record(name: str) -> bool:
    """Whether a file of that name is an exit record, and not one that is being written."""
    return not name.endswith(".tmp")


def remove_socket(run_dir: str) -> None:
    """Remove the socket of a shim that was released, where the directory shall stay."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{run_dir}/{SOCKET_NAME}")


def remove_run_directory(path: str) -> None:
    """Remove the directory of a shim that is gone or about to go. What is nearly always all of it goes by name, as
    that is on the way of every end, anything else by looking."""
    try:
        os.unlink(f"{path}/{SOCKET_NAME}")
        os.rmdir(path)
    except OSError:
        remove_tree(path)
