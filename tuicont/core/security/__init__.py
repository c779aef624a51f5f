"""What a container's processes may do: capability sets, system call filters, hidden paths.

Tables and pure functions, but for `seccomp`'s compiler, which asks libseccomp. Knows nothing of requests
and containers.
"""
