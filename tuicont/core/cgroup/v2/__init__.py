"""The cgroup v2 driver: one directory a container. Knows nothing of v1."""
