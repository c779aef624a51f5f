"""Programs of `filters`, kept for the next time: in memory, and on disk for the next process.

A program that is found is not compiled, and what compiles it is not even imported: that takes longer than a
container's whole birth. A file that is damaged counts as none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import msgspec

from tuicont.core.model.probe import Probe

_VERSION = b"1"  # of the program's form: part of the cache's key


class FilterCompiler:
    """Compiles `linux.seccomp` objects; keeps the programs in memory, and in `directory` when it has one."""

    def __init__(self, directory: str = "") -> None:
        self._directory = directory
        self._programs: dict[bytes, bytes] = {}

    def probe(self) -> Probe:
        """Whether names can be translated on this host."""
        from tuicont.core.sys import libseccomp

        try:
            version, reason = ".".join(map(str, libseccomp.version())), ""
        except libseccomp.LibraryMissing as error:
            version, reason = "", str(error)
        return Probe(group="security", name="libseccomp", supported=not reason, reason=reason, detail=version)

    def __call__(self, seccomp: Mapping[str, Any]) -> bytes:
        """The program, an array of struct sock_filter. Raises what `compile_filter` raises."""
        text = msgspec.json.encode(seccomp)
        program = self._programs.get(text)
        if program is None:
            program = self._programs[text] = self._load_or_compile(text, seccomp)
        return program

    def _load_or_compile(self, text: bytes, seccomp: Mapping[str, Any]) -> bytes:
        if not self._directory:
            return _compile(seccomp)
        key = _digest(text, _VERSION).hex()
        path = f"{self._directory}/{key}.bpf"
        try:
            with open(path, "rb") as file:
                found = file.read()
            digest, program = found[:20], found[20:]
            if program and _digest(program) == digest:
                return program
        except OSError:
            pass
        program = _compile(seccomp)
        self._store(path, _digest(program) + program)
        return program

    def _store(self, path: str, content: bytes) -> None:
        """Best effort: without the file the next process compiles again."""
        temporary = f"{path}.{os.getpid()}"
        try:
            os.makedirs(self._directory, mode=0o700, exist_ok=True)
            with open(temporary, "xb") as file:
                file.write(content)
            os.rename(temporary, path)
        except OSError:
            return


def _digest(data: bytes, key: bytes = b"") -> bytes:
    from hashlib import blake2b  # here, as it loads OpenSSL

    return blake2b(data, digest_size=20, key=key).digest()


def _compile(seccomp: Mapping[str, Any]) -> bytes:
    from tuicont.core.security.filters import compile_filter

    return compile_filter(seccomp)
