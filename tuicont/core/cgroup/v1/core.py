"""The files that every directory of a v1 hierarchy has, whatever its controllers
(Documentation/admin-guide/cgroup-v1/cgroups.rst)."""

from __future__ import annotations

from tuicont.core.cgroup.controller import Controller

CONTROLLER = Controller(
    "core",
    meanings={
        "cgroup.procs": "host pids of the processes in it; writing a pid moves that process here",
        "tasks": "ids of the threads in it; writing one moves that thread here",
        "cgroup.clone_children": "1: a new cpuset below copies this one's processors and nodes",
        "notify_on_release": "1: run the release agent when the group becomes empty",
        "cgroup.event_control": "where eventfd notices are asked for",
    },
)
