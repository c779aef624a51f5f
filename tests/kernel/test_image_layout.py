"""What of a layout is an image for this machine, what is beside it, and what is said of both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.image_home import HELLO, Home, configuration, digest, docker_archive, layout, tar_of, write
from tests.layers import Layer
from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.image import compression
from tuicont.core.image.platforms import described, host_platform

pytestmark = pytest.mark.kernel

COSIGN = "application/vnd.dev.cosign.simplesigning.v1+json"
HELM = "application/vnd.cncf.helm.config.v1+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"


@pytest.fixture
def said() -> list[str]:
    return []


def manifest(files: dict[str, bytes], config: tuple[str, bytes], layer: tuple[str, bytes]) -> dict[str, Any]:
    """A manifest in the layout `files`, and its descriptor."""

    def blob(media_type: str, raw: bytes) -> dict[str, Any]:
        files[f"blobs/{digest(raw).replace(':', '/')}"] = raw
        return {"mediaType": media_type, "digest": digest(raw), "size": len(raw)}

    raw = json.dumps({"schemaVersion": 2, "config": blob(*config), "layers": [blob(*layer)]}).encode()
    return blob("application/vnd.oci.image.manifest.v1+json", raw)


def beside(files: dict[str, bytes], *descriptors: dict[str, Any]) -> dict[str, bytes]:
    index = json.loads(files["index.json"])
    index["manifests"] = [*descriptors, *index["manifests"]]
    return files | {"index.json": json.dumps(index).encode()}


def signature(files: dict[str, bytes]) -> dict[str, Any]:
    return manifest(files, (IMAGE_CONFIG, configuration(b"{}")), (COSIGN, b"{}"))


def test_what_is_no_image_is_passed_over_and_said(home: Home, tmp_path: Path, said: list[str]) -> None:
    files = layout(HELLO)
    chart = manifest(files, (HELM, b"{}"), ("application/tar+gzip", b"no layer"))
    missing = {"mediaType": "application/vnd.example.thing+json", "digest": "sha512:" + "1" * 128, "size": 5}
    attestation = manifest(files, (IMAGE_CONFIG, configuration()), ("application/vnd.in-toto+json", b"{}")) | {
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    files = beside(files, signature(files), chart, missing, attestation)
    [image] = home.service.load(write(tmp_path / "made.tar", files), note=said.append)
    assert home.read(image.id, "/hello") == b"world"
    assert [text.partition(" it is no image but ")[2] for text in said] == [
        COSIGN,
        HELM,
        "application/vnd.example.thing+json",
        "attestation-manifest",
    ]
    assert len(home.content.digests()) == 3


def test_a_layout_of_no_image_says_what_it_has(home: Home, tmp_path: Path) -> None:
    files = {"index.json": b'{"manifests": []}'}
    files = beside(files, signature(files))
    with pytest.raises(Invalid, match=r"there is no image in it but application/vnd\.dev\.cosign"):
        home.service.load(write(tmp_path / "made.tar", files))
    assert home.is_empty()


def variants(*names: str, nested: bool = True) -> dict[str, bytes]:
    """A layout with an image for each variant of this architecture, whose file hello says which."""
    files: dict[str, bytes] = {}
    descriptors = []
    for name in names:
        made = layout(tar_of(("hello", name.encode())))
        [descriptor] = json.loads(made["index.json"])["manifests"]
        here = host_platform()
        descriptor["platform"] = {"architecture": here.architecture, "os": "linux", "variant": name}
        descriptors.append(descriptor)
        files |= made
    raw = json.dumps({"manifests": descriptors}).encode()
    top = {"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest(raw), "size": len(raw)}
    return files | {
        "index.json": json.dumps({"manifests": [top]}).encode(),
        f"blobs/{digest(raw).replace(':', '/')}": raw,
    }


@pytest.mark.skipif(host_platform().architecture != "amd64", reason="levels are of amd64")
def test_a_variant_that_this_processor_lacks_is_not_picked(home: Home, tmp_path: Path) -> None:
    own = host_platform().variant
    [image] = home.service.load(write(tmp_path / "all.tar", variants("v9", "v1", own)))
    assert home.read(image.id, "/hello") == own.encode()
    with pytest.raises(Unsupported, match=f"amd64/v9; this machine is {described(host_platform())}"):
        home.service.load(write(tmp_path / "none.tar", variants("v9")))


def test_an_image_of_another_architecture_is_loaded_and_said(home: Home, tmp_path: Path, said: list[str]) -> None:
    """Its archive names no platform that could be refused; and an emulator may run it."""
    files = docker_archive(HELLO, architecture="s390x")
    home.service.load(write(tmp_path / "made.tar", files), note=said.append)
    assert said == [f"made:latest is for linux/s390x, and this machine is {described(host_platform())}"]
    with pytest.raises(Unsupported, match="it is for windows/amd64"):
        home.service.load(write(tmp_path / "win.tar", docker_archive(HELLO, os="windows", architecture="amd64")))


def test_attributes_that_are_left_out_are_said(home: Home, tmp_path: Path, said: list[str]) -> None:
    """Of links too, which have no attributes of users (xattr(7))."""
    given = {f"SCHILY.xattr.{name}": "y" for name in ("trusted.overlay.opaque", "user.note", "security.selinux")}
    layer = Layer().add("a", pax_headers=given).directory("b", pax_headers=given).link("c", "d")
    layer.add("e", kind=b"2", linkname="f", pax_headers={"SCHILY.xattr.user.note": "y"})
    home.service.load(write(tmp_path / "made.tar", docker_archive(layer.bytes())), note=said.append)
    assert said == [
        "left out the attribute 'security.selinux' of 2 entries: an image cannot give it here",
        "left out the attribute 'trusted.overlay.opaque' of 2 entries: an image cannot give it here",
        "left out the attribute 'user.note' of an entry: an image cannot give it here",
    ]


@pytest.mark.parametrize("size", [60_000, 70_000])
def test_an_attribute_that_is_too_large_is_no_full_disk(home: Home, tmp_path: Path, size: int) -> None:
    layer = Layer().add("a", pax_headers={f"SCHILY.xattr.user.n{n}": "x" * size for n in range(9)})
    with pytest.raises(Invalid, match=r"the attribute 'user.n\d' of 'a' is too large for this file system"):
        home.service.load(write(tmp_path / "made.tar", docker_archive(layer.bytes())))


def test_what_becomes_very_large_can_be_allowed(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    monkeypatch.setattr(compression, "FREE_BYTES", 1 << 20)
    large = tar_of(("zeros", bytes(8 << 20)))
    layered = write(tmp_path / "layered.tar", layout(large, pack=gzip.compress))
    whole = tmp_path / "whole.tar.gz"
    whole.write_bytes(gzip.compress(tar_of(*docker_archive(large).items())))
    for path in (layered, str(whole)):
        with pytest.raises(Invalid, match="200 times"):
            home.service.load(path)
        [image] = home.service.load(path, ratio=0)
        assert home.service.get(image.id).size == 8 << 20
        home.service.remove(image.id, force=True)


def test_an_archive_from_a_pipe_has_no_name_of_its_own(home: Home, tmp_path: Path) -> None:
    """`load -i <(…)` is /dev/fd/63."""
    path = write(tmp_path / "app.tar", layout(HELLO, annotations={"org.opencontainers.image.ref.name": "v1"}))
    program = (
        "import sys; from tests.image_home import Home; from pathlib import Path;"
        "print(Home(Path(sys.argv[1])).service.load(sys.argv[2])[0].references)"
    )
    for given in ("/dev/fd/0", "/dev/stdin", "/proc/self/fd/0"):
        with open(path, "rb") as file:
            done = subprocess.run(
                [sys.executable, "-c", program, str(home.root), given], stdin=file, capture_output=True, check=True
            )
        assert done.stdout == b"('v1:latest',)\n"
    read, written = os.pipe()
    with subprocess.Popen(["cat", path], stdout=written):
        os.close(written)
        [image] = home.service.load(f"/dev/fd/{read}")
    os.close(read)
    assert image.references == ("v1:latest",)
