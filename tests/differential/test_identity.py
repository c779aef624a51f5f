"""`-u` beside Docker's: the same passwd and group files, the same words, the same identity or a refusal."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.cli import Cli
from tests.differential.daemon import Docker

PASSWD = """root:x:0:0:root:/root:/bin/sh
broken line
web:x:33:33:web server:/var/www:/usr/sbin/nologin
huge:x:99999999999:1::/:
77:x:1077:1077::/home/seventyseven:/bin/sh
short:x:50
grouped:x:51:52
again:x:33:34::/again:/bin/sh
web:x:35:35::/late:/bin/sh
  spaced:x:60:60::/spaced:/bin/sh
"""
GROUP = """root:x:0:
adm:x:4:syslog,web,again
video:x:44:web,root
broken
bare:x:70
88:x:1088:
web:x:33:77
"""
FILES = "mkdir -p /etc/deep; cat > /etc/deep/{name}; ln -sf {link} /etc/{name}"
SHOW = "while read line; do case $line in [UG]id:*|Groups:*) echo $line;; esac; done < /proc/self/status; echo $HOME"

SAME = """
0 1 33 web 77 5000 5000:6000 web:video web:44 web:bare 33:adm web: :video :7 : +33
nosuch web:nosuch 2147483647 2147483648 4294967295 4294967296 99999999999999999999 -1 web:-1 web:2147483648 root spaced
""".split()
DIFFERENT = {
    # A line whose numbers are none is root's with Docker, or the largest number's.
    "huge": (False, ""),
    # The home is that of the name: Docker looks for it by the number.
    "again": (True, "Uid: 33 33 33 33\nGid: 34 34 34 34\nGroups: 4 34\n/again\n"),
    # A number is one for groups as well: Docker looks for a group of that name first.
    "web:88": (True, "Uid: 33 33 33 33\nGid: 88 88 88 88\nGroups: 88\n/var/www\n"),
    # Where a line ends before it, no home is empty with Docker.
    "short": (True, "Uid: 50 50 50 50\nGid: 0 0 0 0\nGroups: 0\n/\n"),
    "grouped": (True, "Uid: 51 51 51 51\nGid: 52 52 52 52\nGroups: 52\n/\n"),
}
"""What is different on purpose: whether it is done with us, and what it shows."""

Verb = Callable[..., subprocess.CompletedProcess[bytes]]


def shown(done: subprocess.CompletedProcess[bytes]) -> tuple[bool, str]:
    return done.returncode == 0, " ".join(done.stdout.decode().split("\t")) if done.returncode == 0 else ""


@pytest.fixture(scope="module")
def sides(docker: Docker, image: str, engine_directory: object) -> tuple[Verb, Verb]:
    """The verbs of both. Each has a container `who`, whose files are reached over links, as images have them."""
    program = Cli(engine_directory)  # type: ignore[arg-type]

    def ours(*words: str, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            program.words(*words), input=input or b"", capture_output=True, check=False, env=program.environment
        )

    for verb in (ours, docker):
        assert verb("run", "-d", "--name", "who", image, "/bin/busybox", "sleep", "1000").returncode == 0
        for name, text, link in (("passwd", PASSWD, "/etc/deep/passwd"), ("group", GROUP, "../etc/deep/group")):
            command = FILES.format(name=name, link=link)
            for applet in ("mkdir", "cat", "ln"):
                command = command.replace(f"{applet} ", f"/bin/busybox {applet} ")
            done = verb("exec", "-i", "who", "/bin/sh", "-c", command, input=text.encode())
            assert done.returncode == 0, done.stderr
    return ours, docker


@pytest.mark.parametrize("user", SAME)
def test_a_user_is_who_it_is_with_docker(sides: tuple[Verb, Verb], user: str) -> None:
    ours, theirs = (shown(verb("exec", "-u", user, "who", "/bin/sh", "-c", SHOW)) for verb in sides)
    assert ours == theirs


@pytest.mark.parametrize("user", DIFFERENT)
def test_a_user_is_another_than_with_docker(sides: tuple[Verb, Verb], user: str) -> None:
    ours, theirs = (shown(verb("exec", "-u", user, "who", "/bin/sh", "-c", SHOW)) for verb in sides)
    assert ours == DIFFERENT[user] != theirs


def test_who_it_is_is_decided_at_each_start(sides: tuple[Verb, Verb], image: str, tmp_path: object) -> None:
    """By the files that are there then."""
    passwd = f"{tmp_path}/passwd"
    for verb in sides:
        assert verb("create", "--name", "late", "-u", "bob", image, "/bin/sh", "-c", SHOW).returncode == 0
        refused = verb("start", "-a", "late")
        assert refused.returncode != 0 and b"bob" in refused.stderr
    for uid in (7, 8):
        with open(passwd, "w") as file:
            file.write(f"bob:x:{uid}:9::/home/{uid}:/bin/sh\n")
        found = []
        for verb in sides:
            assert verb("cp", passwd, "late:/etc/passwd").returncode == 0
            found.append(shown(verb("start", "-a", "late")))
        assert found[0] == found[1] == (True, f"Uid: {uid} {uid} {uid} {uid}\nGid: 9 9 9 9\nGroups: 9\n/home/{uid}\n")


def test_a_directory_that_the_user_may_not_enter_is_worked_in(sides: tuple[Verb, Verb]) -> None:
    for verb in sides:
        assert verb("exec", "who", "/bin/sh", "-c", "/bin/busybox mkdir -m 700 /mine").returncode == 0
        done = verb("exec", "-u", "33", "-w", "/mine", "who", "/bin/sh", "-c", "pwd")
        assert (done.returncode, done.stdout) == (0, b"/mine\n"), done.stderr
