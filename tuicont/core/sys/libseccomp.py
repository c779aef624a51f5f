"""libseccomp's tables of system calls, one wrapper for each function (seccomp_syscall_resolve_name(3)).

Loads the library when it is first asked for something: most calls of the program never need it. Knows no
profiles.
"""

from __future__ import annotations

import ctypes
from functools import cache

UNKNOWN_SYSCALL = -1


class LibraryMissing(Exception):
    """There is no libseccomp on this host."""


class _Version(ctypes.Structure):
    _fields_ = (("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint))


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as error:
        raise LibraryMissing(str(error)) from None
    number = ctypes.c_uint32
    library.seccomp_arch_native.restype = number
    library.seccomp_syscall_resolve_name_arch.argtypes = (number, ctypes.c_char_p)
    # The text is malloc'ed: it is kept as an address, copied and given back.
    library.seccomp_syscall_resolve_num_arch.argtypes = (number, ctypes.c_int)
    library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
    library.seccomp_version.restype = ctypes.POINTER(_Version)
    return library


def version() -> tuple[int, int, int]:
    """The library's version. Raises `LibraryMissing`."""
    found = _library().seccomp_version().contents
    return found.major, found.minor, found.micro


def native_architecture() -> int:
    """This machine's AUDIT_ARCH_* token."""
    return int(_library().seccomp_arch_native())


@cache
def _free() -> ctypes._NamedFuncPointer:
    function = ctypes.CDLL(None).free
    function.argtypes = (ctypes.c_void_p,)
    function.restype = None
    return function


def syscall_name(number: int, architecture: int) -> str:
    """The name of the system call `number` there, "" for none."""
    address = _library().seccomp_syscall_resolve_num_arch(architecture, number)
    if not address:
        return ""
    try:
        return ctypes.string_at(address).decode()
    finally:
        _free()(address)


def syscall_number(name: str, architecture: int) -> int:
    """A system call's number there; negative numbers are libseccomp's own, -1 a name that it does not know."""
    return int(_library().seccomp_syscall_resolve_name_arch(architecture, name.encode()))
