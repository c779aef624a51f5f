"""From the words of a command line to an exit code: global options, look-up of the verb, errors.

Knows every verb by name only; what a verb does is in the module that the table names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tuicont.cli.kit import interrupts
from tuicont.cli.kit.failure import BROKEN_PIPE, ENGINE_ERROR, complain, error_code, silence
from tuicont.cli.kit.parser import PROGRAM, VerbParser
from tuicont.cli.kit.quick import import_msgspec
from tuicont.cli.table import ALIASES, VERBS, load, overview, resolve
from tuicont.core.errors import EngineError, Invalid, kernel_error


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug, verb = False, PROGRAM
    try:
        with interrupts.raised():
            options = _global_parser().parse_args(words)
            debug, verb = options.debug, " ".join([PROGRAM, *options.words[:1]])
            code = _run(options)
            sys.stdout.flush()
            return code
    except EngineError as error:
        if debug:
            raise
        complain(error)
        return error_code(error)
    except interrupts.Interrupted as interrupted:
        return interrupted.code
    except BrokenPipeError:
        # The reader went away (`| head`): nothing more can be said, not even when the interpreter flushes.
        silence(sys.stdout)
        return BROKEN_PIPE
    except OSError as error:
        # Of a call that nobody expected to fail, or of writing the answer (`> /dev/full`).
        if debug:
            raise
        complain(kernel_error(f"finish {verb}", error.filename or "a call of the kernel", error))
        return ENGINE_ERROR
    except SystemExit as leaving:  # argparse, after it printed help
        return leaving.code if isinstance(leaving.code, int) else 0


def _run(options: argparse.Namespace) -> int:
    words: list[str] = options.words
    if options.version:
        words = ["version", "--short"]
    elif words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if words == ["--help"]:
        print(_global_parser().format_help(), end="")
        return 0
    found = resolve(words) if words else ("tui", [])
    if found is None:
        raise Invalid(
            "read the command line", f"{words[0]!r} is no verb", hint=_suggestion(words[0]) or f"see `{PROGRAM} --help`"
        )
    verb, rest = found
    import_msgspec()
    command, parser = load(verb)
    args = parser.parse_args(rest)
    if verb == "tui":
        args.read_only = args.read_only or options.read_only
    from tuicont.cli.kit.context import Context  # here, as help needs none

    context = Context(
        root=options.root,
        run_root=options.run_root,
        config=options.config,
        storage_driver=options.storage_driver,
        runtime=options.runtime,
    )
    try:
        return command.run(args, context)
    finally:
        context.close()


def _suggestion(word: str) -> str:
    family = [verb.partition(" ")[2] for verb in (*VERBS, *ALIASES) if verb.startswith(f"{word} ")]
    if family:
        return f"`{PROGRAM} {word}` goes on with {', '.join(sorted(family))}"
    from difflib import get_close_matches

    families = [alias.partition(" ")[0] for alias in ALIASES]
    close = get_close_matches(word, [*(verb for verb, entry in VERBS.items() if not entry.destroys), *families], n=1)
    return f"did you mean `{PROGRAM} {close[0]}`?" if close else ""


class _GlobalParser(VerbParser):
    """`tuicont --help` lists the verbs by group instead of as one argument."""

    def format_help(self) -> str:
        head, _, options = super().format_help().partition("\noptions:")
        see = f"see `{PROGRAM} VERB --help` for each verb"
        return f"{head.rstrip()}\n{overview()}\n\noptions:{options.rstrip()}\n\n{see}\n"


def _global_parser() -> VerbParser:
    parser = _GlobalParser(
        "",
        usage="[OPTIONS] [VERB ...]",
        summary="A container workstation in the terminal. Without a verb the TUI opens.",
        example="",
    )
    parser.option("--root", metavar="DIR", help="where images, containers and the database are kept")
    parser.option("--run-root", metavar="DIR", help="where sockets and other volatile state are kept")
    parser.option("--config", metavar="FILE", help="the configuration file")
    parser.option("--storage-driver", default="", metavar="NAME", help="what keeps the layers of what is made now")
    parser.option("--runtime", default="", metavar="NAME", help="what runs the containers that are made now")
    parser.flag("--read-only", help="open the TUI without any key that changes something")
    parser.flag("--debug", help="show where in the program an error was raised")
    parser.flag("-v", "--version", help="show the version")
    parser.words("[VERB ...]", 0)
    return parser
