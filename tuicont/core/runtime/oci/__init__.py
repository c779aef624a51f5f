"""Runtimes of the Open Container Initiative as programs: crun, runc. The shim keeps what they make.

The shim's child makes the root mounts in a mount namespace of its own and becomes `RUNTIME create`; the container's
init, orphaned when that has ended, comes to the shim, which adopts it. Everything else (input and output, log, exit
record, attaching, signals) is as with the native runtime.
"""
