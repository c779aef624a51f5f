"""A second kernel in QEMU: Debian's own, with nothing but cgroup v2, on the host's root file system.

python -m tests.second_kernel -- COMMAND…     runs one command there and ends with its exit code
"""
