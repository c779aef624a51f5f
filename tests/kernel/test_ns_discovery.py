"""Processes, namespaces, mounts and interfaces of real processes."""

from __future__ import annotations

import os
import select
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.support import require
from tuicont.core.errors import NotFound
from tuicont.core.host.processes import processes
from tuicont.core.model.namespaces import KINDS
from tuicont.core.network.netlink import links
from tuicont.core.ns.discover import discover, namespaces_of
from tuicont.core.ns.mounts import mounts_of

pytestmark = pytest.mark.kernel


@pytest.fixture
def isolated() -> Iterator[int]:
    """The pid of a shell that is process 1 of its own pid, net, mount and uts namespaces."""
    require("unshare")
    shell = subprocess.Popen(
        [
            "unshare",
            "-p",
            "-n",
            "-m",
            "-u",
            "-f",
            "sh",
            "-c",
            "mount -t tmpfs -o size=1m tuicont /mnt; echo up; read x",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert shell.stdin is not None and shell.stdout is not None
    assert select.select([shell.stdout], [], [], 10)[0]
    assert shell.stdout.readline() == b"up\n"
    with open(f"/proc/{shell.pid}/task/{shell.pid}/children") as file:
        yield int(file.read().split()[0])
    shell.stdin.close()
    shell.wait(timeout=10)
    shell.stdout.close()


def test_a_process_is_shown_with_the_pid_that_it_sees(isolated: int) -> None:
    (process,) = processes([isolated])
    assert (process.pid, process.inner_pid, process.user) == (isolated, 1, "0")
    assert process.parent_pid != 0 and process.rss > 0 and process.threads == 1
    assert process.command.startswith("sh -c mount")


def test_a_pid_without_process_is_left_out() -> None:
    assert [p.pid for p in processes([os.getpid(), 2**22 + 1])] == [os.getpid()]


def test_own_namespaces_are_told_from_the_hosts(isolated: int) -> None:
    found = {n.kind: n for n in discover(isolated, {"other": os.getpid(), "gone": 2**22 + 1})}
    assert set(found) <= set(KINDS)
    assert {kind for kind, n in found.items() if not n.host} == {"pid", "net", "mnt", "uts"}
    assert found["net"].inode == os.stat(f"/proc/{isolated}/ns/net").st_ino


def test_a_namespace_shared_with_a_named_process_says_so(isolated: int) -> None:
    found = {n.kind: n for n in discover(isolated, {"twin": isolated})}
    assert found["net"].shared_with == ("twin",)
    assert found["ipc"].shared_with == ()


def test_the_mounts_are_those_of_the_process(isolated: int) -> None:
    (mount,) = [m for m in mounts_of(isolated) if m.source == "tuicont"]
    assert (mount.target, mount.fstype) == ("/mnt", "tmpfs")
    assert "size=1024k" in mount.options
    assert all(m.source != "tuicont" for m in mounts_of(os.getpid()))


def test_the_interfaces_are_those_of_the_process_and_the_caller_stays_where_it_was(isolated: int) -> None:
    before = os.stat(f"/proc/self/task/{threading.get_native_id()}/ns/net").st_ino
    found = links(isolated)
    assert "lo" in {link.name for link in found}
    assert all(not link.addresses for link in found)
    assert os.stat(f"/proc/self/task/{threading.get_native_id()}/ns/net").st_ino == before
    loopback = next(link for link in links(os.getpid()) if link.name == "lo")
    assert loopback.state == "up" and "127.0.0.1/8" in loopback.addresses


def test_a_process_that_is_gone_is_not_found() -> None:
    for read in (namespaces_of, mounts_of, links):
        with pytest.raises(NotFound):
            read(2**22 + 1)
