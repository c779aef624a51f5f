"""Cgroup drivers: limits, freezing, killing and counting the processes of a container."""
