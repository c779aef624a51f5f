"""The cgroup v1 driver: a directory in every controller's hierarchy. Knows nothing of v2."""
