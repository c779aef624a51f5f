"""What `create` and `run` share: their flags, and the container that these make, its id in a file if wanted."""

from __future__ import annotations

import os

from tuicont.cli.kit import request
from tuicont.cli.kit.parser import VerbParser
from tuicont.core.engine.api import Engine
from tuicont.core.errors import AlreadyExists, kernel_error
from tuicont.core.model.container import Container
from tuicont.core.model.request import ContainerRequest


def add_arguments(parser: VerbParser) -> None:
    """The flags of a request, and `--cidfile`."""
    request.add_arguments(parser)
    parser.option("--cidfile", metavar="FILE", help="write the container's id to a new file")


def make(engine: Engine, wanted: ContainerRequest, cidfile: str | None) -> Container:
    """Create the container. With `cidfile`, that file must be a new one, and is gone again when there is no container.
    Raises as `engine.containers.create` does."""
    if cidfile is None:
        return engine.containers.create(wanted)
    operation = f"write the container's id to {cidfile}"
    try:
        fd = os.open(cidfile, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        hint = "name a file that is not there yet"
        raise AlreadyExists(operation, "the file is there already", hint=hint) from None
    except OSError as error:
        raise kernel_error(operation, f"open {cidfile}", error) from error
    try:
        container = engine.containers.create(wanted)
    except BaseException:
        os.unlink(cidfile)
        os.close(fd)
        raise
    os.write(fd, container.id.encode())
    os.close(fd)
    return container
