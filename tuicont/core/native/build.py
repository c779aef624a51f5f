"""Compile the C parts in place: `python -m tuicont.core.native.build` (what `make native` runs).

Also used by setup.py, so it imports nothing but the standard library until it builds the extension.
"""

from __future__ import annotations

import glob
import os
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHIM = "tuicont-shim"


class BuildError(Exception):
    """One line that says what is missing or wrong."""


def compiler() -> list[str]:
    """The C compiler's command: $CC or cc."""
    command = shlex.split(os.environ.get("CC", "")) or ["cc"]
    if shutil.which(command[0]) is None:
        raise BuildError(
            f"tuicont needs a C compiler, and there is no {command[0]} (Debian: apt install gcc libc6-dev)"
        )
    return command


def build_shim(target_dir: str = HERE) -> str:
    """Compile the shim into `target_dir` and return its path. It links no library (shim/freestanding.c)."""
    command = compiler()
    sources = sorted(glob.glob(os.path.join(HERE, "shim", "*.c")))
    target = os.path.join(target_dir, SHIM)
    os.makedirs(target_dir, exist_ok=True)
    warnings = ["-Wall", "-Wextra", "-Wno-unused-parameter"]
    freestanding = ["-std=gnu11", "-ffreestanding", "-fno-builtin", "-fno-stack-protector", "-U_FORTIFY_SOURCE"]
    code = ["-Os", "-fno-pie", "-fno-asynchronous-unwind-tables", "-ffunction-sections", "-I", HERE]
    link = [
        "-static",
        "-nostdlib",
        "-no-pie",
        "-s",
        "-Wl,--gc-sections,--build-id=none,-z,noexecstack,-z,noseparate-code",
    ]
    command += [*warnings, *freestanding, *code, *link, "-o", target + ".new", *sources]
    done = subprocess.run(command, capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    if done.returncode == 0:
        os.rename(target + ".new", target)
        return target
    raise BuildError(f"the C compiler {command[0]!r} could not build {SHIM}; its messages are above")


def build_extension() -> None:
    """Compile the cffi module next to this file."""
    compiler()
    from tuicont.core.native.build_native import ffi

    root = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
    try:
        ffi.compile(tmpdir=root, verbose=False)
    except Exception as error:
        raise BuildError(f"cannot build the extension module: {error} (Debian: apt install python3-dev)") from error
    for left in glob.glob(os.path.join(HERE, "_native.c")) + glob.glob(os.path.join(HERE, "_native.o")):
        os.unlink(left)


def main() -> int:
    try:
        build_extension()
        build_shim()
    except BuildError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
