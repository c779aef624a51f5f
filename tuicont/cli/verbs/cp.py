"""`cp`, by Docker's rules of what a destination that is there, or is not, or ends in a slash means.

The container's side of a copy is the engine's; the host's side is here and in `kit/unpack.py`.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from typing import NamedTuple

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.tar_stream import ChunkReader, first_member
from tuicont.core.engine.api import Engine
from tuicont.core.errors import Invalid, NotFound, kernel_error
from tuicont.core.model.file import FileStat
from tuicont.text.units import plain


class _Place(NamedTuple):
    """One side of a copy: a path in a container, or on the host when `container` is empty."""

    container: str
    path: str

    def __str__(self) -> str:
        return f"{self.container}:{self.path}" if self.container else self.path

    @property
    def contents_only(self) -> bool:
        return self.path.endswith("/.") or self.path == "."

    @property
    def packed(self) -> str:
        """It without the last `.`: what is done with a directory's contents is decided here."""
        return self.path[:-1] if self.path.endswith("/.") else self.path

    @property
    def names_directory(self) -> bool:
        return self.path.endswith("/") or self.contents_only


def _arguments(parser: VerbParser) -> None:
    parser.flag("-L", "--follow-link", help="copy what a link at the source points to")
    parser.flag("-a", "--archive", help="keep owners, as numbers")
    parser.flag("-q", "--quiet", help="print nothing")
    parser.add_argument("source", metavar="SOURCE", help="CONTAINER:PATH, a path of the host, or - for a tar stream")
    parser.add_argument("destination", metavar="DESTINATION", help="likewise")


def _cp(args: argparse.Namespace, context: Context) -> int:
    source, destination = _place(args.source), _place(args.destination)
    operation = f"copy {source} to {destination}"
    if bool(source.container) == bool(destination.container):
        cause = "both are in containers" if source.container else "neither is in a container"
        raise Invalid(operation, cause, hint="write one of the two as CONTAINER:PATH")
    try:
        if source.container:
            _out(context.engine, source, destination, args)
        else:
            _in(context.engine, source, destination, args)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise kernel_error(operation, f"use {error.filename or destination}", error) from error
    return 0


def _place(text: str) -> _Place:
    container, separator, path = text.partition(":")
    if not separator or text.startswith(("/", ".")) or not container:
        return _Place("", text)
    if not path:
        raise Invalid(f"copy {text}", "it names no path in the container", hint=f"such as {container}:/tmp/file")
    return _Place(container, path)


def _out(engine: Engine, source: _Place, destination: _Place, args: argparse.Namespace) -> None:
    # A stream of a directory's contents begins with "."; to a path of the host they go by that one's name.
    path = source.path if destination.path == "-" else source.packed
    chunks = engine.files.copy_out(source.container, path, follow=args.follow_link, left_out=_left_out)
    if destination.path == "-":
        if sys.stdout.isatty():
            raise Invalid(
                f"copy {source}", "a tar stream does not belong on a terminal", hint="add `| tar x`, or a path"
            )
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        return
    from tuicont.cli.kit.unpack import Unpacker

    stream = ChunkReader(iter(chunks))
    first = first_member(stream)
    if not (first.isdir() or first.isreg() or first.issym()):
        hint = f"`tuicont cp {source} -` gives its entry of a tar stream"
        raise Invalid(f"copy {source}", "it is no file, directory or link, and is not made on the host", hint=hint)
    there = _look(destination.path)
    _check_types(source, destination, there, source_is_directory=first.isdir())
    if there.is_directory:
        parent, name = there.path, "" if first.isdir() and source.contents_only else None
    elif first.issym():
        # It takes the place of a link, and never of the file that one leads to: the link that the same words made a
        # moment ago may lead to a program of the host's.
        parent, name = os.path.split(os.path.abspath(destination.path))
    else:
        parent, name = os.path.split(there.path)

    # The root directory has no name of its own: its stream begins with ".".
    depth = 0 if first.name in (".", "/") else 1

    def rename(parts: list[str]) -> list[str]:
        return parts if name is None else [*filter(None, [name]), *parts[depth:]]

    root = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        unpacker = Unpacker(root, rename, keep_owner=args.archive)
        unpacker.unpack(stream)
    finally:
        os.close(root)
    for skipped in unpacker.skipped:
        _left_out(skipped, "is no file, directory or link")


def _in(engine: Engine, source: _Place, destination: _Place, args: argparse.Namespace) -> None:
    there = engine.files.stat(destination.container, destination.packed)
    if source.path == "-":
        if not there.is_directory:
            raise Invalid(f"copy into {destination}", "a tar stream needs a directory to be unpacked in")
        engine.files.copy_in(destination.container, there.path, sys.stdin.buffer, left_out=_left_out)
        return
    follow = args.follow_link or source.names_directory
    try:
        mode = os.stat(source.path, follow_symlinks=follow).st_mode
    except FileNotFoundError:
        raise NotFound(f"copy {source} to {destination}", f"{source.path} is not there") from None
    is_directory = stat.S_ISDIR(mode)
    _check_types(source, destination, there, source_is_directory=is_directory)
    if there.is_directory:
        parent = there.path
        name = "." if is_directory and source.contents_only else os.path.basename(os.path.abspath(source.path)) or "."
    else:
        parent, name = os.path.split(there.path)
    archive = ChunkReader(
        engine.files.pack(source.path, name, follow=follow, keep_owner=args.archive, left_out=_left_out)
    )
    engine.files.copy_in(destination.container, parent or "/", archive, left_out=_left_out)  # type: ignore[arg-type]


def _check_types(source: _Place, destination: _Place, there: FileStat, *, source_is_directory: bool) -> None:
    operation = f"copy {source} to {destination}"
    if source.names_directory and not source_is_directory:
        raise Invalid(operation, f"{source} is no directory")
    if there.is_directory:
        return
    if not there.is_replaceable:
        raise Invalid(operation, f"{destination} is {there.kind}, and nothing takes its place")
    if there.mode and source_is_directory:
        raise Invalid(operation, f"a directory cannot take the place of the file {destination}")
    if there.mode and destination.names_directory:
        raise Invalid(operation, f"{destination} is no directory")
    if not source_is_directory and destination.names_directory:
        raise NotFound(operation, f"the directory {destination} is not there")


def _look(path: str) -> FileStat:
    """What a path of the host leads to, as `engine.files.stat` tells it of a container's."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        mode = 0
    return FileStat(path=os.path.realpath(path), mode=mode)


def _left_out(name: str, why: str) -> None:
    print(f"left out {plain(name)}: it {why}", file=sys.stderr)


COMMANDS = {
    "cp": Command(
        _cp,
        "[OPTIONS] CONTAINER:PATH PATH|-  or  PATH|- CONTAINER:PATH",
        "tuicont cp web:/etc/hosts .\ntuicont cp site/. web:/srv/www\ntuicont cp web:/var/log - | tar t",
        _arguments,
        "files",
    )
}
