"""What a container did to its image is told in the same words by every driver."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path

import pytest

from tests.contract.storages import BASE, TOP, Chain, archive, inside, told
from tests.layers import Layer
from tuicont.core.storage.base import StorageDriver

pytestmark = pytest.mark.kernel


def python(statement: str) -> str:
    """For what no shell can do."""
    return f"{sys.executable} -c 'import os; {statement}'"


ACTIONS: dict[str, tuple[str, list[str]]] = {
    "nothing": ("true", []),
    "read": ("cat etc/passwd; ls etc", []),
    "write": ("echo x > etc/passwd", ["C /etc", "C /etc/passwd"]),
    # Nothing shows but what is in it.
    "rewrite": (
        "printf evil | dd of=etc/passwd conv=notrunc && touch -d @1000 etc/passwd",
        ["C /etc", "C /etc/passwd"],
    ),
    "append": ("echo x >> greeting", ["C /greeting"]),
    "chmod": ("chmod 600 etc/passwd", ["C /etc", "C /etc/passwd"]),
    "chown": ("chown 1:2 greeting", ["C /greeting"]),
    "touch": ("touch greeting", ["C /greeting"]),
    "attribute": (python('os.setxattr("greeting", "user.note", b"n")'), ["C /greeting"]),
    "attribute of a directory": (python('os.setxattr("etc", "user.note", b"n")'), ["C /etc"]),
    "chmod of a directory": ("chmod 700 etc", ["C /etc"]),
    "touch of a directory": ("touch etc", ["C /etc"]),
    "passing file": ("touch etc/new && rm etc/new", ["C /etc"]),
    "passing file in the root": ("touch new && rm new", []),
    "new file": ("touch etc/new", ["C /etc", "A /etc/new"]),
    "new tree": ("mkdir -p new/d/e", ["A /new", "A /new/d", "A /new/d/e"]),
    "deleted file": ("rm etc/group", ["C /etc", "D /etc/group"]),
    "deleted tree": ("rm -r etc", ["D /etc"]),
    "renamed file": ("mv greeting hello", ["D /greeting", "A /hello"]),
    "renamed tree": ("mv etc conf", ["A /conf", "A /conf/group", "A /conf/passwd", "D /etc"]),
    "moved over another": ("mv greeting etc/passwd", ["C /etc", "C /etc/passwd", "D /greeting"]),
    "tree made anew": ("rm -r etc && mkdir etc && echo > etc/passwd", ["C /etc", "D /etc/group", "C /etc/passwd"]),
    "file for a directory": ("rm -r etc && touch etc", ["C /etc"]),
    "link for a directory": ("rm -r etc && ln -s / etc", ["C /etc"]),
    "directory for a file": ("rm greeting && mkdir -p greeting/in", ["C /greeting", "A /greeting/in"]),
    "another link": ("ln -sf greetinG link", ["C /link"]),
    "owner of a link": ("chown -h 1 link", ["C /link"]),
    "second name": ("ln greeting again", ["A /again", "C /greeting"]),
    "one name less": ("rm pair/two", ["C /pair", "D /pair/two"]),
    "pipe and device": ("mkfifo p && mknod c c 1 3", ["A /c", "A /p"]),
    "socket": (python('os.mknod("s", 0o140600)'), ["A /s"]),
    "another device": ("rm null && mknod null c 1 5", ["C /null"]),
    "a name that is no text": ("touch \"etc/$(printf '\\377')\"", ["C /etc", "A /etc/\udcff"]),
}


def do(script: str, root: Path) -> None:
    """Run a shell script there."""
    subprocess.run(["sh", "-ec", script], cwd=root, check=True, capture_output=True)


@pytest.fixture
def image(driver: StorageDriver) -> Chain:
    """One layer to do things to."""
    layer = Layer()
    layer.directory("etc", mtime=1000).add("etc/passwd", b"root", mtime=1000).add("etc/group", b"wheel", mtime=1000)
    layer.add("greeting", b"hello", mtime=1000).link("link", "greeting").add("pair/one", b"p")
    layer.link("pair/two", "pair/one", tarfile.LNKTYPE)
    layer.add("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3)
    driver.add_layer(BASE, (), archive(layer))
    return (BASE,)


@pytest.mark.parametrize("action", ACTIONS)
def test_what_was_done_is_told(driver: StorageDriver, image: Chain, tmp_path: Path, action: str) -> None:
    script, expected = ACTIONS[action]
    driver.prepare("one", image)
    inside(driver, "one", tmp_path, partial(do, script))
    assert told(driver, "one") == expected


def test_usage_is_what_a_container_wrote(driver: StorageDriver, image: Chain, tmp_path: Path) -> None:
    """Contents once, however many names they have; what is deleted takes no room."""
    driver.prepare("one", image)
    assert (driver.usage("one").bytes, driver.usage("one").files) == (0, 0)

    script = "printf 12345 > new; ln new again; rm etc/group; printf 1234567 > greeting; ln -s somewhere l; mkdir d"
    inside(driver, "one", tmp_path, partial(do, script))
    assert (driver.usage("one").bytes, driver.usage("one").files) == (12, 4)


def test_usage_of_a_layer_is_what_it_brings(driver: StorageDriver, image: Chain) -> None:
    layer = Layer().add("etc/.wh.group").add("etc/passwd", b"rooted").add("new", b"123").directory("d")
    usage = driver.add_layer(TOP, image, archive(layer))
    assert (usage.bytes, usage.files) == (9, 2)
    assert driver.usage(TOP) == usage


def test_the_same_file_brought_again_is_the_layers_own(driver: StorageDriver, image: Chain) -> None:
    usage = driver.add_layer(TOP, image, archive(Layer().add("etc/passwd", b"evil", mtime=1000)))
    assert (usage.bytes, usage.files) == (4, 1)
