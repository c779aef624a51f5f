"""Image archives that nobody well-meaning wrote: each is loaded or refused in the engine's own words, and a refused
one leaves nothing behind."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from tests.image_home import HELLO, Home, configuration, digest, docker_archive, layout, tar_of, write
from tests.support import require_that
from tuicont.core.errors import EngineError, Invalid
from tuicont.core.image import manifest as documents
from tuicont.core.image.layers.tarstream import ForwardReader, members
from tuicont.core.image.reference import parse

pytestmark = pytest.mark.kernel

SEED = 20261123
SECONDS = 4.0
END = bytes(1024)
LESS_THAN_NOTHING = b"\xff" * 12  # base 256, two's complement: -1


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    probe = home.storage.probe()
    require_that(probe.supported, f"overlay ({probe.reason})")
    return home


def header(kind: bytes = b"0", size: bytes = b"00000000000\0") -> bytes:
    """A header block as no archiver writes it."""
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    block[124:136], block[156:157], block[148:156] = size, kind, b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(headers: dict[str, str], data: bytes = b"", kind: bytes = b"0") -> bytes:
    info = tarfile.TarInfo("file")
    info.size, info.type, info.pax_headers = len(data), kind, headers
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512)


HOSTILE_LAYERS = {
    "less than no bytes": header(size=LESS_THAN_NOTHING),
    "less than no bytes, by an extended header": pax({"size": "-1"}),
    "a name of less than no bytes": header(b"L", LESS_THAN_NOTHING),
    "headers of headers": (header(b"L", b"00000000002\0") + b"a\0" + bytes(510)) * 2000,
    "a time beyond time": pax({"mtime": "9" * 30}),
    "no time": pax({"mtime": "nan"}),
    "a directory with a time beyond time": pax({"mtime": "9" * 30, "path": "d"}, kind=b"5"),
    "an owner beyond all": pax({"uid": "9" * 20}),
    "an owner below none": pax({"uid": "-5"}),
    "a NUL in its name": pax({"path": "a\0b"}),
    "a NUL in a deletion": pax({"path": ".wh.b\0c"}),
    "a NUL in a link": pax({"linkpath": "a\0b"}, kind=b"2"),
    "a NUL in an attribute's name": pax({"SCHILY.xattr.user.a\0b": "x"}),
    "a name that is longer than any": pax({"path": "a/" * 100_000 + "f"}),
    "a hole as large as the world": pax({"GNU.sparse.size": str(1 << 62), "GNU.sparse.map": "0,1"}, b"x"),
    "holes before the beginning": pax({"GNU.sparse.size": "9", "GNU.sparse.map": "-5,1"}, b"x"),
}


@pytest.mark.parametrize("layer", HOSTILE_LAYERS.values(), ids=HOSTILE_LAYERS)
def test_a_hostile_layer_is_refused_in_the_engine_s_words(home: Home, tmp_path: Path, layer: bytes) -> None:
    # Had the archive been read whole into memory, what follows the header would show.
    began = time.monotonic()
    with pytest.raises(EngineError):
        home.service.load(write(tmp_path / "image.tar", docker_archive(HELLO, layer + END)))
    assert time.monotonic() - began < SECONDS
    assert home.is_empty()


def test_no_size_makes_a_header_read_all_that_follows() -> None:
    class Endless(io.RawIOBase):
        """Zeros without end, after a header; reading without a bound would never come back."""

        first = header(size=LESS_THAN_NOTHING)

        def read(self, size: int = -1, /) -> bytes:
            assert 0 <= size <= 1 << 20
            data, self.first = self.first[:size], self.first[size:]
            return data.ljust(size, b"\0")

    with pytest.raises(Invalid, match="less than no bytes"):
        list(members(ForwardReader(Endless())))


def test_directories_may_be_as_deep_as_a_path_is_long(home: Home, tmp_path: Path) -> None:
    path = "a/" * 1900 + "file"
    home.service.load(write(tmp_path / "image.tar", docker_archive(pax({"path": path}, b"deep") + END)))
    assert home.read("made", path) == b"deep"
    home.service.remove("made")
    assert home.is_empty()


@pytest.mark.parametrize("raw", [b'{"x":' + b"[" * 10**6, b'{"x":' * 10**5, b"[" * 10**6], ids=["list", "map", "bare"])
def test_a_document_nested_without_end_is_refused(raw: bytes) -> None:
    for kind in (documents.Index, documents.Manifest, documents.Configuration, list[documents.DockerEntry]):
        with pytest.raises(Invalid):
            documents.decode(raw, kind, "document")


def test_indices_that_name_each_other_many_times_are_each_looked_into_once(home: Home, tmp_path: Path) -> None:
    files: dict[str, bytes] = {}
    raw = json.dumps({"manifests": []}).encode()
    for _ in range(4):
        files[f"blobs/{digest(raw).replace(':', '/')}"] = raw
        one = {"mediaType": documents.INDEX, "digest": digest(raw), "size": len(raw)}
        raw = json.dumps({"manifests": [one] * 900}).encode()
    began = time.monotonic()
    with pytest.raises(Invalid, match="no image in it"):
        home.service.load(write(tmp_path / "image.tar", {"index.json": raw, **files}))
    assert time.monotonic() - began < SECONDS


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """Bytes changed, taken out, doubled or cut off."""
    data = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) or 1)
        match chance.randrange(5):
            case 0 | 1:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 2:
                del data[at : at + chance.randint(1, 600)]
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 600)]
            case _:
                data[at : at + 12] = chance.choice(
                    [LESS_THAN_NOTHING, b"77777777777\0", b"\x80" + b"\xff" * 11, b"9" * 12]
                )
    return bytes(data)


LAYER = (
    pax({"path": "dir"}, kind=b"5")
    + pax({"path": "dir/file", "mtime": "1.5", "SCHILY.xattr.user.a": "b"}, b"text" * 200)
    + pax({"path": "dir/link", "linkpath": "../../etc"}, kind=b"2")
    + pax({"path": "dir/hard", "linkpath": "dir/file"}, kind=b"1")
    + pax({"path": "dir/.wh.gone"})
    + pax({"GNU.sparse.size": "99", "GNU.sparse.map": "5,4", "GNU.sparse.name": "dir/sparse"}, b"text")
    + END
)


@pytest.mark.parametrize("seed", range(3))
def test_a_layer_changed_anywhere_is_unpacked_or_refused(home: Home, tmp_path: Path, seed: int) -> None:
    # The configuration names the changed layer: it is the unpacking that is tried here, not the digests.
    chance = random.Random(SEED + seed)
    for _ in range(400):
        layer = mutated(LAYER, chance)
        try:
            home.service.load(write(tmp_path / "image.tar", docker_archive(layer)))
        except EngineError:
            assert home.is_empty()
        else:
            home.service.remove("made")
            assert home.is_empty()


@pytest.mark.parametrize("form", ["docker", "layout", "gzip"])
def test_an_archive_changed_anywhere_is_loaded_or_refused(home: Home, tmp_path: Path, form: str) -> None:
    chance = random.Random(SEED)
    files = docker_archive(LAYER) if form == "docker" else layout(LAYER)
    whole = tar_of(*files.items())
    whole = gzip.compress(whole) if form == "gzip" else whole
    path = tmp_path / "image.tar"
    for _ in range(600):
        path.write_bytes(mutated(whole, chance))
        try:
            images = home.service.load(str(path))
        except EngineError:
            pass
        else:
            for image in images:
                home.service.remove(image.id, force=True)
        home.service.sweep()
        assert home.is_empty()


def test_a_document_changed_anywhere_is_read_or_refused() -> None:
    chance = random.Random(SEED)
    made: list[tuple[bytes, Any]] = [
        (
            configuration(LAYER, history=[{"created_by": "x"}], created="2026-11-23T00:00:00.5Z"),
            documents.Configuration,
        ),
        (layout(LAYER)["index.json"], documents.Index),
        (docker_archive(LAYER)["manifest.json"], list[documents.DockerEntry]),
    ]
    for _ in range(60_000):
        raw, kind = chance.choice(made)
        try:
            document = documents.decode(mutated(raw, chance), kind, "document")
        except Invalid:
            continue
        if isinstance(document, documents.Configuration):
            documents.image_config(document)
            documents.created_ns(document)
            documents.layer_commands(document)


def test_a_name_changed_anywhere_is_read_back_the_same_or_refused() -> None:
    chance = random.Random(SEED)
    names = ["demo", "localhost:5000/team/app:tag@sha256:" + "a" * 64, "docker.io/library/a_b--c.d:1", "[::1]:80/x"]
    for _ in range(60_000):
        text = mutated(chance.choice(names).encode(), chance).decode("utf-8", "replace")
        try:
            reference = parse(text)
        except Invalid:
            continue
        assert parse(str(reference)) == reference
        assert str(reference).isascii() and str(reference).isprintable()
