"""The C parts: the extension module with the system calls that Python lacks, and the shim program."""
