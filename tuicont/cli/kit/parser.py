"""How one verb's command line is read: argparse with this program's errors and help.

Knows no verb. A wrong command line raises `Invalid`, as every other mistake of the user does.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from tuicont.core.errors import Invalid
from tuicont.core.model.boolean import boolean

if TYPE_CHECKING:
    from tuicont.cli.kit.context import Context

PROGRAM = "tuicont"
GLOBAL_FLAGS = ("--read-only", "--debug", "--version")
GLOBAL_OPTIONS = ("--root", "--run-root", "--config", "--storage-driver", "--runtime", *GLOBAL_FLAGS)
"""They stand before the verb; those that are no flags take a value."""
_NO_VALUE = ("ignored explicit argument", "among other letters it takes no value, and there is")


def _formatter(width: int) -> Callable[..., argparse.HelpFormatter]:
    return partial(argparse.RawDescriptionHelpFormatter, width=width)


class _Flag(argparse.Action):
    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, _: object, option: str | None = None
    ) -> None:
        _, equals, value = str(option).partition("=")
        try:
            setattr(namespace, self.dest, boolean(value) if equals else True)
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from None


class VerbParser(argparse.ArgumentParser):
    """The parser of `tuicont VERB`. `short_help` is off where Docker gives -h another meaning."""

    def __init__(self, verb: str, *, usage: str, summary: str, example: str, short_help: bool = True) -> None:
        super().__init__(
            prog=f"{PROGRAM} {verb}".strip(),
            usage=" ".join(filter(None, (PROGRAM, verb, usage))),
            description=summary,
            epilog="example:\n" + "\n".join(f"  {line}" for line in example.splitlines()) if example else None,
            formatter_class=_formatter(80),
            add_help=False,
            allow_abbrev=False,
        )
        names = ("-h", "--help") if short_help else ("--help",)
        super().add_argument(*names, action="help", help="show this help")

    def format_help(self) -> str:
        # Not before it is shown: argparse makes a formatter for every argument, and the width of the terminal takes
        # shutil, which takes every kind of compression.
        import shutil

        self.formatter_class = _formatter(shutil.get_terminal_size().columns - 2)
        return super().format_help()

    def option(self, *names: str, type: Callable[[str], Any] = str, **settings: Any) -> None:
        """An option with a value; a `ValueError` of `type` becomes the error that the user reads."""

        def convert(text: str) -> Any:
            try:
                return type(text)
            except ValueError as error:
                raise argparse.ArgumentTypeError(str(error)) from None

        self.add_argument(*names, type=convert, **settings)

    def many(self, *names: str, **settings: Any) -> None:
        """An option with a value that may be given more than once; all are kept, in order."""
        self.option(*names, action="append", default=[], **settings)

    def flag(self, *names: str, **settings: Any) -> None:
        """An option that is on when it is there; `--flag=false` is another way to leave it out."""
        self.add_argument(*names, action=_Flag, nargs=0, default=False, **settings)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it, and flags take values. It knows no option whose value is there or not without looking
        into the next word for it, so `--flag=value` becomes an option of its own: each that the line has."""
        known = (action for action in self.options() if isinstance(action, _Flag))
        flags = {name: action.dest for action in known for name in action.option_strings}
        for word in dict.fromkeys(args):
            name, equals, _ = word.partition("=")
            if equals and name in flags:
                self.add_argument(word, action=_Flag, nargs=0, dest=flags[name], help=argparse.SUPPRESS)
        return super().parse_known_args(args, namespace)

    def ignored(self, *names: str, why: str) -> None:
        """A flag of Docker's that asks for what is so anyway, as scripts pass them; `why` is its help."""
        self.flag(*names, dest="_", help=why)

    def words(self, metavar: str, least: int) -> None:
        """The rest of the line from the first word that is no option, options after it included (`args.words`)."""
        self.set_defaults(least_words=least, words_name=metavar)
        self.add_argument(
            "words", nargs="..." if least == 0 else argparse.PARSER, metavar=metavar, help=argparse.SUPPRESS
        )

    def options(self) -> list[argparse.Action]:
        """Every option, for shell completion."""
        return [action for action in self._actions if action.option_strings]

    def error(self, message: str) -> NoReturn:
        raise Invalid(
            "read the command line",
            message.replace("the following arguments are required", "missing").replace(*_NO_VALUE),
            hint=self._hint(message) or f"see `{self.prog} --help`",
        )

    def _hint(self, message: str) -> str:
        """For an option that there is not."""
        _, found, unknown = message.partition("unrecognized arguments: ")
        name = unknown.split(" ")[0].partition("=")[0]
        if not (found and name.startswith("--")):
            return ""
        if name in GLOBAL_OPTIONS:
            return f"global options stand before the verb: {PROGRAM} {name} …{self.prog.removeprefix(PROGRAM)}"
        from difflib import get_close_matches

        known = [word for action in self.options() for word in action.option_strings if word.startswith("--")]
        close = get_close_matches(name, known, n=1)
        return f"did you mean {close[0]}?" if close else ""


def take_words(args: argparse.Namespace) -> tuple[str, ...]:
    """The words after the options; one `--` that ends the options is no word."""
    words = list(args.words)
    if words and words[0] == "--":
        del words[0]
    return tuple(words)


class Command(NamedTuple):
    """One verb: how its command line is read, what it does, and what the shell can complete after it
    (`containers`, `running`, `images`, `files` or nothing)."""

    run: Callable[[argparse.Namespace, Context], int]
    usage: str
    example: str
    arguments: Callable[[VerbParser], None] = lambda parser: None
    completes: str = ""
    short_help: bool = True
