"""What is left of images when the power fails: the disk as it is at that moment, looked at by the next to start.

The disk is an image file behind a loop device, and a copy of that file is what the cut leaves: what the kernel has not
written yet is not in it. The worst case is forced: what the engine wrote last (a name, a record) is on the disk, as a
journal may be written at any moment, and nothing else that the engine did not see to.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.file_systems import on
from tests.image_home import Home, digest, docker_archive, tar_of, write

# The second kernel has no loop devices.
pytestmark = [pytest.mark.kernel, pytest.mark.host_only]

LAYERS = [tar_of((f"file-{number}", bytes([number]) * (300_000 + number))) for number in range(1, 4)]


def flush(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


def write_journal(place: Path) -> None:
    """Let all names be on the disk, whatever they are of, as fsync(2) of anything does on ext4."""
    (place / "other").write_bytes(b"x")
    flush(place / "other")


def home_on(disk: Path) -> Home:
    root = disk / "root"
    root.mkdir(exist_ok=True)
    return Home(root)


def after_cut(disk: Path, look: Callable[[Home], None]) -> None:
    """Mount a disk that was not unmounted, and look at what the next engine finds."""
    place = disk.with_suffix(".mounted")
    place.mkdir()
    subprocess.run(["mount", "-o", "loop", str(disk), str(place)], check=True)
    try:
        look(home_on(place))
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # the records are still open
        place.rmdir()


def assert_whole(home: Home) -> None:
    """Every image that is recorded has every byte of its layers and blobs."""
    for image in home.store.images():
        assert len(image.layers) == len(LAYERS)
        for number in range(1, 4):
            assert home.read(image.id, f"/file-{number}") == bytes([number]) * (300_000 + number)
        for blob in (image.id, image.manifest_digest, *(layer.diff_id for layer in image.layers)):
            assert digest(home.content.read(blob)) == blob


def test_an_image_that_is_recorded_is_on_the_disk(tmp_path: Path) -> None:
    path = write(tmp_path / "made.tar", docker_archive(*LAYERS))

    def run(place: Path) -> None:
        home = home_on(place)
        home.service.load(path)
        for name in ("db", "db-wal"):
            flush(home.root / name)
        shutil.copy(tmp_path / "ext4.image", tmp_path / "cut")

        def look(found: Home) -> None:
            assert [image.references for image in found.store.images()] == [("made:latest",)]
            assert_whole(found)

        after_cut(tmp_path / "cut", look)

    on("ext4", tmp_path, run)


def test_a_load_that_a_cut_ended_can_be_repeated(tmp_path: Path) -> None:
    """Whatever was there with its name already is taken as it is: so it must be whole."""
    path = write(tmp_path / "made.tar", docker_archive(*LAYERS))

    def run(place: Path) -> None:
        cuts: list[Path] = []

        def cut(what: str, done: int, total: int) -> None:
            if what.startswith("reading"):
                write_journal(place)
                cuts.append(tmp_path / f"cut-{len(cuts)}")
                shutil.copy(tmp_path / "ext4.image", cuts[-1])

        home_on(place).service.load(path, cut)
        assert len(cuts) == len(LAYERS)

        def look(found: Home) -> None:
            assert not found.store.images()
            found.service.load(path)
            assert found.store.images()
            assert_whole(found)

        for disk in cuts:
            after_cut(disk, look)

    on("ext4", tmp_path, run)
