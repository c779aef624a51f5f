"""`cp` beside Docker's: the same trees, the same words, the same result, but for what is listed as different."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli import Cli
from tests.differential.daemon import Docker

INSIDE = """
mkdir -p d/sub e; echo f > d/f; echo g > d/sub/g; echo x > file; chmod 640 d/f; chown 12:34 d/f
ln -s d alias; ln -s file fl; ln -s fl chain; ln -s e/new dangling; ln -s nowhere/x lost; ln -s loop loop
mkfifo pipe; mknod node c 1 3; ln -s node to-node
mkdir s; echo 1 > s/a; mknod s/node c 1 3; mkfifo s/pipe; echo 2 > s/z
"""
"""What is in the container, in a directory of its own for each case."""
OUTSIDE = """
mkdir -p hd/s he; echo host > hf; echo a > hd/a; echo b > hd/s/b; chmod 4755 hd/a
ln -s hf hl; ln -s hd hdl; ln -s he/new hdangling; ln -s nowhere/x hlost; ln -s hloop hloop
mkfifo hpipe; mknod hnode c 1 3; ln -s hnode to-hnode
mkdir -p over/f over2/d; ln -s ../hd over2/d/sub
"""
"""What is outside, likewise."""

SAME = """
:d/f new
:d/f hf
:d/f hd
:d/f hd/
:d/f hd/.
:d/f hl
:d/f hdl
:d/f hdangling
:d/f hlost
:d/f gone/
:d/f gone/new
:d/f hf/
:d/f hf/x
:d/f hnode
:d/f to-hnode
:d/f/ new
:d/f/. new
:d new
:d new/
:d hd
:d hdl
:d hf
:d hdangling
:d/ new
:d/ hd
:d/. new
:d/. hd
:d/. hf
:gone new
:alias new
:alias hd
:alias/ new
:alias/ hd
:alias/. new
:alias/. hd
:fl new
:fl hd
:fl/ new
:lost new
:chain new
-L :alias new
-L :alias hd
-L :fl new
-L :fl hd
-L :chain hd
-L :lost new
-L :dangling hd
:d/. over2/d
:d/f over
hf :new
hf :file
hf :e
hf :e/
hf :e/.
hf :fl
hf :chain
hf :dangling
hf :lost
hf :alias
hf :alias/
hf :alias/.
hf :fl/
hf :file/
hf :file/x
hf :gone/
hf :gone/new
hf :node
hf :to-node
hf/ :new
hd :new
hd :new/
hd :e
hd :e/.
hd :alias
hd :file
hd :fl
hd :gone/new
hd/ :new
hd/. :new
hd/. :e
hd/. :alias/
hd/. :file
hl :new
hl :e
hdl :new
hdl :e
hdl/. :new
hdl/. :e
hlost :e
hgone :e
-L hl :new
-L hl :e
-L hdl :new
-L hdl :e
-L hlost :e
-a hd :new
-a hf :new
hd :dangling
hf :dangling/
hnode :new
hpipe :new
hd/s/.. :new
hd/s/.. :e
:d/sub/.. hd
:d/sub/.. new
:./d he
:d//sub/ he
:/vol/f new
:/vol new
:/vol/. he
hf :/vol
hf :/vol/f
hf :/vol/new
hd/. :/vol
hf :/ro
hf :/ro/f
hf :/ro/new
:/ro/f new
""".strip().splitlines()

REFUSED = ""
DIFFERENT = {
    # Docker makes the devices of a container, and its FIFOs, on the host.
    ":node new": {"new": REFUSED},
    ":pipe new": {"new": REFUSED},
    ":s new": {"new/node": REFUSED, "new/pipe": REFUSED},
    # It replaces a FIFO by a file, though not a device.
    ":d/f hpipe": {"hpipe": "prw-r--r-- 0:0 "},
    "hf :pipe": {":pipe": "6 644 0:0 "},
    # It gives no owner to what comes out, whatever `-a` says.
    "-a :d/f new": {"new": "-rw-r----- 12:34 f\n"},
    "-a :d new": {"new/f": "-rw-r----- 12:34 f\n"},
    # A link that leads to itself is a link, and nothing can be written through it.
    ":loop new": {"new": "lrwxrwxrwx 0:0 loop"},
    "hf :loop": {":loop": "2  0:0 loop"},
    # With a slash it makes no directory where a link leads to nothing, though it does without.
    "hd :dangling/": {":e/new": "5 755 0:0 "},
}
"""What is different on purpose: what is there with us, and not with Docker."""

CASES = [*SAME, *DIFFERENT]


class Outcome(NamedTuple):
    """Whether it was done, and what is there then, outside and inside: kinds, modes, owners, contents."""

    done: bool
    outside: dict[str, str]
    inside: dict[str, str]
    said: str


Copy = Callable[..., subprocess.CompletedProcess[bytes]]


class Side:
    """One of the two. It has one container for all cases, and a volume in it."""

    def __init__(self, copy: Copy, directory: Path) -> None:
        self._copy = copy
        self._directory = directory
        self.volume = directory / "volume"
        self.volume.mkdir()
        (self.volume / "f").write_text("of the volume")

    def run(self) -> list[Outcome]:
        """Every case, one after the other."""
        done = [self._run(number, case) for number, case in enumerate(CASES)]
        inside = contained(self._copy("-a", "box:/cases/.", "-").stdout)
        for path, what in inside.items():
            number, _, below = path.partition("/")
            if number.isdigit():
                done[int(number)].inside[below] = what
        return done

    def _run(self, number: int, case: str) -> Outcome:
        place = self._directory / str(number)
        place.mkdir()
        subprocess.run(["sh", "-c", f"umask 022; cd {place}; {OUTSIDE}"], check=True)
        *flags, source, destination = case.split()
        done = self._copy(*flags, *(self._end(place, number, end) for end in (source, destination)))
        volume = {f"/vol/{path}": what for path, what in outside(self.volume).items()}
        return Outcome(done.returncode == 0, outside(place) | volume, {}, done.stderr.decode())

    @staticmethod
    def _end(place: Path, number: int, end: str) -> str:
        if end[0] != ":":
            return f"{place}/{end}"
        return f"box{end}" if end[1] == "/" else f"box:/cases/{number}/{end[1:]}"


def outside(place: Path) -> dict[str, str]:
    found = {}
    for path in place.rglob("*"):
        info = path.lstat()
        what = os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found[str(path.relative_to(place))] = f"{stat.filemode(info.st_mode)} {info.st_uid}:{info.st_gid} {what}"
    return found


def contained(stream: bytes) -> dict[str, str]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            what = content.read().decode() if content else member.linkname
            kind = member.type.decode()
            mode = "" if member.issym() else f"{member.mode & 0o7777:o}"
            found[member.name.removeprefix("./")] = f"{kind} {mode} {member.uid}:{member.gid} {what}"
    return found


@pytest.fixture(scope="module")
def outcomes(
    docker: Docker, image: str, engine_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[Outcome, Outcome]]]:
    """Of each case with us, and with Docker."""
    program = Cli(engine_directory)

    def copy(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(program.words("cp", *words), capture_output=True, check=False, env=program.environment)

    def their_copy(*words: str) -> subprocess.CompletedProcess[bytes]:
        return docker("cp", *words)

    sides = Side(copy, tmp_path_factory.mktemp("ours")), Side(their_copy, tmp_path_factory.mktemp("theirs"))
    each = f"mkdir /cases/$i; cd /cases/$i; {INSIDE}"
    script = f"/bin/busybox --install -s /bin; mkdir /cases; for i in $(seq 0 {len(CASES) - 1}); do {each} done"
    for run, side in zip((program.ok, docker.ok), sides, strict=True):
        volumes = ("-v", f"{side.volume}:/vol", "-v", f"{side.volume}:/ro:ro")
        run("run", "--name", "box", *volumes, image, "sh", "-c", script)
    with ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(Side.run, sides)
    yield dict(zip(CASES, zip(ours, theirs, strict=True), strict=True))
    program.ok("rm", "box")


@pytest.mark.parametrize("case", SAME)
def test_a_copy_does_what_dockers_does(outcomes: dict[str, tuple[Outcome, Outcome]], case: str) -> None:
    ours, theirs = outcomes[case]
    assert ours.done == theirs.done, (ours.said, theirs.said)
    assert ours.outside == theirs.outside
    assert ours.inside == theirs.inside


@pytest.mark.parametrize("case", DIFFERENT)
def test_a_copy_does_something_else_on_purpose(outcomes: dict[str, tuple[Outcome, Outcome]], case: str) -> None:
    ours, theirs = outcomes[case]
    for path, what in DIFFERENT[case].items():
        found, other = (
            side.inside.get(path[1:], "") if path[0] == ":" else side.outside.get(path, "") for side in (ours, theirs)
        )
        assert found == what, ours.said
        assert other != what, theirs.said
