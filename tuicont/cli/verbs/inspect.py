"""`inspect` and `image inspect`: everything known, as JSON."""

from __future__ import annotations

import argparse
from typing import Any

from tuicont.cli.kit.context import Context
from tuicont.cli.kit.each import found
from tuicont.cli.kit.failure import SOME_FAILED, complain
from tuicont.cli.kit.formats import formatter
from tuicont.cli.kit.listing import print_lines
from tuicont.cli.kit.parser import Command, VerbParser
from tuicont.cli.kit.template.functions import to_json
from tuicont.core.errors import EngineError, NotFound
from tuicont.text.docker.container import inspected as inspected_container
from tuicont.text.docker.image import inspected as inspected_image


def _arguments(parser: VerbParser) -> None:
    parser.option("--type", choices=("container", "image"), metavar="KIND", help="only a container, or only an image")
    _more_arguments(parser)


def _image_arguments(parser: VerbParser) -> None:
    parser.set_defaults(type="image")
    _more_arguments(parser)


def _more_arguments(parser: VerbParser) -> None:
    parser.flag("-s", "--size", help="also the bytes of a container's files: written by it, and in all")
    parser.option("-f", "--format", default="", metavar="FORMAT", help="json, or a template such as '{{.State.Pid}}'")
    parser.add_argument("refs", nargs="+", metavar="NAME", help="name or id")


def _inspect(args: argparse.Namespace, context: Context) -> int:
    engine = context.engine

    def container(ref: str) -> dict[str, Any]:
        document = inspected_container(engine.containers.inspect(ref))
        if not args.size:
            return document
        written = engine.containers.loss(ref).bytes
        image = next((image.size for image in engine.images.list() if image.id == document["Image"]), 0)
        return document | {"SizeRw": written, "SizeRootFs": written + image}

    def image(ref: str) -> dict[str, Any]:
        return inspected_image(engine.images.inspect(ref))

    def either(ref: str) -> dict[str, Any]:
        try:
            return container(ref)
        except NotFound as missing:
            try:
                return image(ref)
            except EngineError:
                hint = "see `tuicont ps -a` and `tuicont images`"
                raise NotFound(f"inspect {ref}", "there is no such container or image", hint=hint) from missing

    answers, errors = found(args.refs, {None: either, "container": container, "image": image}[args.type])
    print_lines(map(formatter(args.format), answers) if args.format else [to_json(answers, indent=4)])
    for error in errors:
        complain(error)
    return SOME_FAILED if errors else 0


COMMANDS = {
    "inspect": Command(
        _inspect,
        "[OPTIONS] NAME [NAME...]",
        "tuicont inspect web\ntuicont inspect -f '{{.State.Pid}}' web",
        _arguments,
        "containers",
    ),
    "image inspect": Command(
        _inspect, "[OPTIONS] IMAGE [IMAGE...]", "tuicont image inspect demo", _image_arguments, "images"
    ),
}
