"""Every verb has its module, its help and its example; exit codes are Docker's."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
import threading

import pytest

from tuicont.cli import verbs
from tuicont.cli.kit.each import each
from tuicont.cli.kit.failure import error_code
from tuicont.cli.kit.parser import GLOBAL_OPTIONS
from tuicont.cli.main import _global_parser, main
from tuicont.cli.table import ALIASES, VERBS, load, resolve
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, Conflict


def test_a_verb_is_in_the_module_of_its_name_or_of_its_family() -> None:
    modules = {module.name for module in pkgutil.iter_modules(verbs.__path__)}
    held = {entry.module or verb for verb, entry in VERBS.items()}
    assert held == modules
    assert all((entry.module or verb) in verb.split() for verb, entry in VERBS.items())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*verb.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: tuicont {verb} ")
    assert "\nexample:\n  " in text and f"tuicont {verb.split()[0]}" in text.partition("\nexample:\n")[2]


def test_the_help_of_the_program_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n  {verb} " in text for verb in VERBS)


def test_every_alias_leads_to_a_verb() -> None:
    assert all(verb in VERBS for verb in ALIASES.values())
    assert resolve(["container", "ls", "-a"]) == ("ps", ["-a"])
    assert resolve(["image", "inspect", "demo"]) == ("image inspect", ["demo"])
    assert resolve(["container", "fly"]) is None


@pytest.mark.parametrize(
    "words", [["fly"], ["container"], ["ps", "--no-such"], ["--no-such"], ["rm"], ["run", "-m", "x", "demo"]]
)
def test_a_wrong_command_line_is_125_and_one_clear_error(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 125
    printed = capsys.readouterr()
    assert printed.err.startswith("cannot read the command line: ") and "\nhint: " in printed.err
    assert printed.out == ""


def test_a_mistyped_verb_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspct", "web"])
    assert "did you mean `tuicont inspect`?" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["contaner prune", "prun", "rmm", "kil", "rmii", "contaner"])
def test_nothing_that_destroys_is_proposed(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(word.split())
    guess = capsys.readouterr().err.partition("did you mean")[2]
    assert not any(f"tuicont {verb}`" in guess for verb in ("rm", "rmi", "prune", "kill", "container prune"))


@pytest.mark.parametrize(
    "words",
    [
        ["ps", "-n", "x"],
        ["run", "--log-opt", "max-file=x", "demo"],
        ["update", "--pids-limit", "x", "c"],
        ["logs", "--tail", "x", "c"],
        ["create", "--ulimit", "nofile=x", "demo"],
        ["ps", "--filter", "\udcff"],
        ["stop", "-t", "\udcff", "c"],
        ["\udcff"],
    ],
)
def test_no_error_is_in_pythons_words(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 125
    said = capsys.readouterr().err
    assert not any(word in said for word in ("int()", "udcff", "codec", "base 10", "Traceback"))
    assert "'x'" in said or "x'" in said or r"\xff" in said or "nofile=x" in said


def test_the_exit_code_of_an_error_stays_when_nobody_reads_it() -> None:
    done = subprocess.Popen([sys.executable, "-m", "tuicont", "fly"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.stdout is not None
    done.stdout.close()
    assert done.wait() == 125


def test_the_flags_that_scripts_pass_without_need_are_taken() -> None:
    for verb, words in (
        ("rm", ["-v", "-f", "c"]),
        ("rm", ["-fv", "c"]),
        ("rmi", ["--no-prune", "i"]),
        ("images", ["-a", "--digests", "--no-trunc", "-q"]),
        ("logs", ["--details", "c"]),
        ("inspect", ["-s", "--type", "container", "c"]),
        ("info", ["-f", "{{.Driver}}"]),
        ("version", ["-f", "{{.Server.Version}}"]),
        ("ps", ["-s", "-n", "2", "-l", "--no-trunc"]),
        ("prune", ["-f", "--filter", "until=1h"]),
        ("image prune", ["-af", "--filter", "label!=keep"]),
    ):
        load(verb)[1].parse_args(words)


class _Slow:
    """Something that lasts until all have begun."""

    def __init__(self, number: int) -> None:
        self._barrier = threading.Barrier(number, timeout=10)

    def __call__(self, ref: str) -> None:
        self._barrier.wait()
        if ref == "bad":
            raise Conflict("stop bad", "it is no container")


def test_several_are_acted_on_at_once_and_told_of_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert each(["b", "bad", "a"], _Slow(3), at_once=True) == 1
    printed = capsys.readouterr()
    assert printed.out == "b\na\n" and printed.err == "cannot stop bad: it is no container\n"
    assert each(["a", "bad"], _Slow(2), at_once=True, passing_over=(Conflict,)) == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["run", "--memroy", "64m", "demo"], "did you mean --memory?"),
        (["ps", "--root", "/x"], "global options stand before the verb: tuicont --root … ps"),
        (["system"], "`tuicont system` goes on with events, info, prune"),
        (["ps", "--nothing-like-it"], "see `tuicont ps --help`"),
    ],
)
def test_what_was_meant_is_told(words: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 125
    assert capsys.readouterr().err.endswith(f"hint: {hint}\n")


def test_the_global_options_that_are_told_of_are_those_that_there_are() -> None:
    found = {action.option_strings[-1] for action in _global_parser().options()}
    assert found == {*GLOBAL_OPTIONS, "--help"}


def test_errors_of_the_engine_have_dockers_exit_codes() -> None:
    assert error_code(CommandNotFound("start web", "no such file")) == 127
    assert error_code(CommandNotExecutable("start web", "permission denied")) == 126
    assert error_code(Conflict("start web", "it runs")) == 125


def test_a_listing_imports_neither_textual_nor_other_heavy_libraries() -> None:
    script = (
        "import sys; from tuicont.cli.table import load; load('ps'); load('run');"
        "heavy = ('textual', 'rich', 'psutil', 'pyroute2', 'yaml', 'asyncio', 'tarfile');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("verb", VERBS)
def test_no_two_flags_of_a_verb_have_no_help(verb: str) -> None:
    _, parser = load(verb)
    assert all(action.help for action in parser.options())


def test_where_no_thread_is_to_be_had_several_are_done_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    done: list[str] = []
    assert each(["a", "b"], done.append, at_once=True) == 0
    assert done == ["a", "b"]
