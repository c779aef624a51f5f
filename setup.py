"""Builds the C parts: the cffi extension and the shim. All other metadata is in pyproject.toml."""

from __future__ import annotations

import os
import sys

from setuptools import setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, ROOT)

from tuicont.core.native import build  # noqa: E402  (the source tree is not on the path of an isolated build)


class BuildNative(build_ext):
    """Compiles the shim beside the extension module, in the source tree for an editable installation."""

    def run(self) -> None:
        try:
            target = os.path.dirname(os.path.abspath(self.get_ext_fullpath("tuicont.core.native._native")))
            build.build_shim(target)
        except build.BuildError as error:
            raise SystemExit(f"error: {error}") from None
        super().run()

    def get_outputs(self) -> list[str]:
        directory = os.path.dirname(self.get_ext_fullpath("tuicont.core.native._native"))
        return [*super().get_outputs(), os.path.join(directory, build.SHIM)]


class BuildPython(build_py):
    """Puts assets/ into the package; a checkout and an editable installation read it where it is."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            self.copy_tree("assets", os.path.join(self.build_lib, "tuicont", "assets"))


try:
    build.compiler()  # at once, so that nothing else of the build's output surrounds the one line
except build.BuildError as error:
    raise SystemExit(f"error: {error}") from None

setup(
    cffi_modules=["tuicont/core/native/build_native.py:ffi"],
    cmdclass={"build_ext": BuildNative, "build_py": BuildPython},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
