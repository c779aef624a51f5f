"""`cp`, by Docker's rules of what a destination that is there, or is not, or ends in a slash means.

The container's side of a copy is the engine's; the host's side is here and in `kit/unpack.py`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tarfile
from typing import NamedTuple

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.tar_stream import ChunkReader, first_member, tar_of
from tuicont.core.engine.api import Engine
from tuicont.core.errors import Invalid, NotFound, kernel_error
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
    chunks = engine.files.copy_out(source.container, _clean(source.path), follow=args.follow_link)
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
    is_directory = first.isdir()
    path = destination.path
    exists = os.path.isdir(path)
    _check_types(
        source, destination, source_is_directory=is_directory, is_directory=exists, is_file=os.path.isfile(path)
    )
    if exists:
        parent, name = path, "" if is_directory and source.contents_only else None
    else:
        parent, name = os.path.split(os.path.abspath(path))

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
        print(f"left out {plain(skipped)}: it is no file, directory or link", file=sys.stderr)


def _in(engine: Engine, source: _Place, destination: _Place, args: argparse.Namespace) -> None:
    there = _stat(engine, destination)
    if source.path == "-":
        if there is None or not there.isdir():
            raise Invalid(f"copy into {destination}", "a tar stream needs a directory to be unpacked in")
        engine.files.copy_in(destination.container, destination.path, sys.stdin.buffer)
        return
    path = os.path.realpath(source.path) if args.follow_link else os.path.abspath(source.path)
    if not os.path.lexists(path):
        raise NotFound(f"copy {source} to {destination}", f"{source.path} is not there")
    source_is_directory = os.path.isdir(path) and not os.path.islink(path)
    _check_types(
        source,
        destination,
        source_is_directory=source_is_directory,
        is_directory=there is not None and there.isdir(),
        is_file=there is not None and not there.isdir(),
    )
    if there is not None and there.isdir():
        contents = source_is_directory and source.contents_only
        parent, name = destination.path, "." if contents else os.path.basename(os.path.normpath(path)) or "."
    else:
        parent, name = os.path.split(destination.path.rstrip("/"))
    with tar_of(path, name, keep_owner=args.archive) as archive:
        engine.files.copy_in(destination.container, parent or "/", archive)


def _check_types(
    source: _Place, destination: _Place, *, source_is_directory: bool, is_directory: bool, is_file: bool
) -> None:
    operation = f"copy {source} to {destination}"
    if source.names_directory and not source_is_directory:
        raise Invalid(operation, f"{source} is no directory")
    if is_file and source_is_directory:
        raise Invalid(operation, f"a directory cannot take the place of the file {destination}")
    if is_file and destination.names_directory:
        raise Invalid(operation, f"{destination} is no directory")
    if not is_file and not is_directory and not source_is_directory and destination.names_directory:
        raise NotFound(operation, f"the directory {destination} is not there")


def _clean(path: str) -> str:
    """`dir/.` is `dir` for the engine: what is done with the contents is decided here."""
    stripped = path[:-1] if path.endswith("/.") else path
    return stripped.rstrip("/") or "/"


def _stat(engine: Engine, place: _Place) -> tarfile.TarInfo | None:
    """What a path in a container is, links followed; None when there is nothing."""
    engine.containers.get(place.container)
    try:
        return first_member(ChunkReader(engine.files.copy_out(place.container, _clean(place.path), follow=True)))
    except NotFound:
        return None


COMMANDS = {
    "cp": Command(
        _cp,
        "[OPTIONS] CONTAINER:PATH PATH|-  or  PATH|- CONTAINER:PATH",
        "tuicont cp web:/etc/hosts .\ntuicont cp site/. web:/srv/www\ntuicont cp web:/var/log - | tar t",
        _arguments,
        "files",
    )
}
