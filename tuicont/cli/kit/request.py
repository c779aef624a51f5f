"""The flags of `run` and `create`, and the `ContainerRequest` that they ask for.

Reads label files and this process's environment; knows no engine. What a request may not ask for is
for the engine to say.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from tuicont.cli.kit import limits
from tuicont.cli.kit.environment import add_env_arguments, env_variables, read_lines
from tuicont.cli.kit.parser import VerbParser, take_words
from tuicont.core.errors import Invalid
from tuicont.core.model.request import ContainerRequest, LogOptions
from tuicont.text import mounts, values


def add_arguments(parser: VerbParser) -> None:
    """Every flag that makes a part of a container request."""
    parser.flag("-i", "--interactive", help="keep its standard input open")
    parser.flag("-t", "--tty", help="give it a terminal")
    parser.flag("--rm", help="remove it when it has ended")
    parser.flag("--read-only", help="mount its root file system read-only")
    parser.flag("--init", help="run a small init as process 1 that reaps orphans and passes signals on")
    parser.flag("--privileged", help="all capabilities, all devices, no masks, no seccomp filter")
    parser.option("--name", default="", help="its name; otherwise the engine makes one up")
    parser.option("-h", "--hostname", default="", help="its host name; otherwise its short id")
    parser.option("--domainname", default="", help="its NIS domain name")
    parser.option("-w", "--workdir", default="", metavar="DIR", help="the directory that the command starts in")
    parser.option("-u", "--user", default="", metavar="USER[:GROUP]", help="name or number, from the image's own files")
    parser.many("--group-add", metavar="GROUP", help="a group that its user is in too, by name or number")
    parser.many("--add-host", type=values.extra_host, metavar="NAME:ADDRESS", help="a line of its /etc/hosts")
    parser.option(
        "--entrypoint", metavar="COMMAND", help='in place of the image\'s; "" for none, a JSON list for several'
    )
    add_env_arguments(parser)
    parser.many("-l", "--label", metavar="NAME[=VALUE]", type=values.label, help="a label")
    parser.many("--label-file", metavar="FILE", help="read labels from a file")
    parser.many("--annotation", metavar="NAME=VALUE", type=values.pair, help="an annotation of its specification")
    parser.option("--shm-size", type=values.size, default=0, metavar="SIZE", help="size of its /dev/shm (64m)")
    for names, kind, metavar, text in (
        (
            ("-v", "--volume"),
            lambda text: mounts.volume(text, os.getcwd),
            "SOURCE:TARGET[:ro]",
            "show a path of the host inside",
        ),
        (("--tmpfs",), mounts.tmpfs, "TARGET[:OPTIONS]", "an empty file system in memory"),
        (
            ("--mount",),
            lambda text: mounts.mount(text, os.getcwd),
            "type=TYPE,…",
            "a mount in the long form (types bind and tmpfs)",
        ),
    ):
        parser.many(*names, type=kind, metavar=metavar, dest="mounts", help=text)
    parser.many(
        "--ulimit", type=mounts.ulimit, metavar="NAME=SOFT[:HARD]", help="a resource limit, such as nofile=1024"
    )
    parser.many("--sysctl", type=values.pair, metavar="NAME=VALUE", help="a kernel parameter of its own namespaces")
    parser.many("--cap-add", metavar="CAPABILITY", help="a capability more than the default, or ALL")
    parser.many("--cap-drop", metavar="CAPABILITY", help="a capability less than the default, or ALL")
    parser.many("--security-opt", metavar="OPTION", help="seccomp=unconfined, seccomp=FILE, no-new-privileges …")
    parser.option("--network", "--net", default="none", metavar="MODE", help="none (the default) or host")
    parser.option(
        "--runtime",
        default="",
        metavar="NAME",
        help="what runs it, if not what is set for all",
    )
    limits.add_arguments(parser)
    parser.option(
        "--stop-signal", default="", metavar="SIGNAL", help="what `stop` sends first; SIGTERM unless the image says"
    )
    parser.option(
        "--stop-timeout", type=values.seconds, default=10.0, metavar="SECONDS", help="what `stop` waits before it kills"
    )
    parser.many(
        "--log-opt",
        type=values.pair,
        metavar="NAME=VALUE",
        help="max-size=16m, max-file=3: when the log is rotated",
    )
    parser.words("IMAGE", 1)


def container_request(args: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> ContainerRequest:
    """What the parsed flags ask for. `environment` answers `-e NAME`."""
    image, *command = take_words(args) or [""]
    return ContainerRequest(
        image=image,
        name=args.name.removeprefix("/"),  # as Docker shows it
        command=tuple(command),
        entrypoint=_entrypoint(args.entrypoint),
        env=env_variables(args, environment),
        workdir=args.workdir,
        user=args.user,
        group_add=tuple(args.group_add),
        extra_hosts=tuple(args.add_host),
        hostname=args.hostname,
        domainname=args.domainname,
        tty=args.tty,
        stdin_open=args.interactive,
        mounts=tuple(args.mounts),
        read_only=args.read_only,
        init=args.init,
        privileged=args.privileged,
        ulimits=tuple(args.ulimit),
        sysctls=tuple(args.sysctl),
        cap_add=tuple(args.cap_add),
        cap_drop=tuple(args.cap_drop),
        security_opt=tuple(args.security_opt),
        labels=_labels(args),
        annotations=tuple(dict(args.annotation).items()),
        shm_size=args.shm_size,
        network=args.network,
        runtime=args.runtime,
        limits=limits.limits(args),
        stop_signal=args.stop_signal,
        stop_timeout=args.stop_timeout,
        auto_remove=args.rm,
        log=_log_options(args.log_opt),
    )


def _entrypoint(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    if not text.startswith("["):
        return (text,) if text else ()
    import msgspec

    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except msgspec.DecodeError as error:
        raise Invalid("read the command line", f"--entrypoint {text!r} is no JSON list of strings: {error}") from None


def _labels(args: argparse.Namespace) -> tuple[tuple[str, str], ...]:
    from_files = [values.label(line) for path in args.label_file for line in read_lines(path)]
    return tuple(dict(from_files + args.label).items())


def _log_options(pairs: list[tuple[str, str]]) -> LogOptions:
    sizes = LogOptions()
    max_size, max_files = sizes.max_size, sizes.max_files
    for name, value in pairs:
        try:
            if name == "max-size":
                max_size = values.size(value)
            elif name == "max-file":
                max_files = values.whole(value)
            else:
                raise Invalid(
                    "read the command line", f"--log-opt {name!r} is unknown", hint="there are max-size and max-file"
                )
        except ValueError as error:
            raise Invalid("read the command line", f"--log-opt {name}: {error}") from None
    return LogOptions(max_size=max_size, max_files=max_files)
