"""Images from what other tools write, and from archives that are damaged or made to harm."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from tests.image_home import HELLO, Home, configuration, digest, docker_archive, layout, tar_of, write
from tests.support import require
from tuicont.core.errors import Invalid, NotFound, Unsupported
from tuicont.core.image.platforms import host_platform

# What runs here is not this kernel's but other tools' and the programs of this host.
pytestmark = [pytest.mark.kernel, pytest.mark.host_only]


def skopeo(*arguments: str) -> None:
    subprocess.run([require("skopeo"), "--insecure-policy", "copy", "--quiet", *arguments], check=True, timeout=60)


# what other tools write


@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("docker-archive:{}/image.tar:made:copied", []),
        ("oci-archive:{}/image.tar:copied", ["--dest-compress", "--dest-compress-format=gzip"]),
        ("oci-archive:{}/image.tar:copied", ["--dest-compress", "--dest-compress-format=zstd"]),
        ("oci:{}/image:copied", ["--dest-compress", "--dest-compress-format=zstd"]),
    ],
)
def test_what_skopeo_writes_of_our_layout_is_the_same_image_again(home, other, tmp_path, target, options):
    image = home.service.get("demo")
    skopeo(*options, f"{home.layout()}:demo:latest", target.format(tmp_path))
    path = tmp_path / ("image" if target.startswith("oci:") else "image.tar")
    [loaded] = other.service.load(str(path))
    assert loaded.id == image.id
    assert loaded.references == ("made:copied" if "docker" in target else "image:copied",)
    assert [layer.chain_id for layer in loaded.layers] == [layer.chain_id for layer in image.layers]
    for program in ("/usr/local/bin/chatter", "/etc/passwd"):
        assert other.read(loaded.references[0], program) == home.read("demo", program)


def test_a_layer_that_umoci_adds_is_applied_with_its_deletions(home, other, tmp_path):
    require("umoci")
    home.service.get("demo")
    skopeo(f"{home.layout()}:demo:latest", f"oci:{tmp_path}/work:base")
    subprocess.run(
        ["umoci", "unpack", "--image", f"{tmp_path}/work:base", f"{tmp_path}/bundle"], check=True, capture_output=True
    )
    rootfs = tmp_path / "bundle/rootfs"
    (rootfs / "usr/share/demo/delete-me").unlink()
    (rootfs / "usr/share/demo/change-me").write_text("changed by umoci")
    subprocess.run(
        ["umoci", "repack", "--image", f"{tmp_path}/work:next", f"{tmp_path}/bundle"], check=True, capture_output=True
    )
    images = {image.references[0]: image for image in other.service.load(f"{tmp_path}/work")}
    assert sorted(images) == ["work:base", "work:next"]
    assert len(images["work:next"].layers) == 3
    assert other.read("work:next", "/usr/share/demo/change-me") == b"changed by umoci"
    with pytest.raises(FileNotFoundError):
        other.read("work:next", "/usr/share/demo/delete-me")
    assert other.read("work:base", "/usr/share/demo/delete-me")
    assert len([name for name in other.storage.names() if name.startswith("sha256:")]) == 3


# forms of archives

PACKERS = {"gzip": gzip.compress, "zstd": zstandard.compress, "xz": lzma.compress, "bzip2": bz2.compress}


@pytest.mark.parametrize("pack", [bytes, *PACKERS.values()], ids=["plain", *PACKERS])
@pytest.mark.parametrize("form", [docker_archive, layout], ids=["docker", "oci"])
def test_an_archive_may_be_compressed_as_a_whole(home, tmp_path, form, pack):
    path = tmp_path / "made.tar"
    path.write_bytes(pack(tar_of(*form(HELLO).items())))
    [image] = home.service.load(str(path))
    assert home.read(image.id, "/hello") == b"world"


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_layers_are_told_by_their_bytes_and_not_by_their_media_type(home, tmp_path, pack):
    [image] = home.service.load(write(tmp_path / "made.tar", layout(HELLO, pack=pack)))
    assert home.read(image.id, "/hello") == b"world"


def test_a_layout_directory_is_loaded(home, tmp_path):
    for name, raw in layout(HELLO, annotations={"org.opencontainers.image.ref.name": "1.0"}).items():
        (tmp_path / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "app" / name).write_bytes(raw)
    [image] = home.service.load(str(tmp_path / "app"))
    assert image.references == ("app:1.0",)


def test_a_standard_input_that_cannot_be_rewound_is_loaded(home, tmp_path):
    """As `docker save demo | tuicont load`, in a process whose standard input is a pipe."""
    program = (
        "import sys; from tests.image_home import Home; from pathlib import Path;"
        "print(Home(Path(sys.argv[1])).service.load('-')[0].references[0])"
    )
    done = subprocess.run(
        [os.sys.executable, "-c", program, str(home.root)],
        input=tar_of(*docker_archive(HELLO).items()),
        capture_output=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"made:latest\n", b"")
    assert home.read("made", "/hello") == b"world"


def test_old_docker_archives_link_equal_layers(home, tmp_path):
    files = docker_archive(HELLO, HELLO)
    del files["1/layer.tar"]
    link = tarfile.TarInfo("1/layer.tar")
    link.type, link.linkname = tarfile.SYMTYPE, "../0/layer.tar"
    (tmp_path / "made.tar").write_bytes(tar_of(*files.items(), link))
    [image] = home.service.load(str(tmp_path / "made.tar"))
    assert len(image.layers) == 2
    assert home.read("made", "/hello") == b"world"


def test_the_machines_own_platform_is_chosen(home, tmp_path):
    mine, foreign = (
        layout(HELLO),
        layout(tar_of(("hello", b"elsewhere")), platform={"architecture": "s390x", "os": "linux"}),
    )
    descriptors = [json.loads(files["index.json"])["manifests"][0] for files in (foreign, mine)]
    here = host_platform()
    descriptors[1]["platform"] = {"architecture": here.architecture, "os": here.os}
    nested = json.dumps({"schemaVersion": 2, "manifests": descriptors}).encode()
    top = {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": digest(nested),
        "size": len(nested),
        "annotations": {"io.containerd.image.name": "docker.io/library/both:latest"},
    }
    files = mine | foreign | {f"blobs/{digest(nested).replace(':', '/')}": nested}
    files["index.json"] = json.dumps({"manifests": [top]}).encode()
    [image] = home.service.load(write(tmp_path / "both.tar", files))
    assert image.references == ("both:latest",)
    assert home.read("both", "/hello") == b"world"


def test_an_image_for_other_machines_only_is_refused(home, tmp_path):
    files = layout(HELLO, platform={"architecture": "s390x", "os": "linux"})
    with pytest.raises(Unsupported, match="linux/s390x"):
        home.service.load(write(tmp_path / "made.tar", files))
    assert home.is_empty()


# archives that are damaged or made to harm


def changed(name: str, change: Callable[[bytes], bytes], files: dict[str, bytes]) -> dict[str, bytes]:
    found = next(key for key in files if key.startswith(name))
    return files | {found: change(files[found])}


def without(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {key: raw for key, raw in files.items() if not key.startswith(name)}


def manifest_with(**fields: Any) -> dict[str, bytes]:
    entry = json.loads(docker_archive(HELLO)["manifest.json"])[0] | fields
    return docker_archive(HELLO) | {"manifest.json": json.dumps([entry]).encode()}


def swapped(files: dict[str, bytes]) -> dict[str, bytes]:
    """Every blob with one bit turned: same sizes, other digests."""
    return {
        k: bytes([*raw[:-600], raw[-600] ^ 1, *raw[-599:]]) if "blobs" in k and len(raw) > 4096 else raw
        for k, raw in files.items()
    }


HARMFUL: dict[str, dict[str, bytes]] = {
    "empty": {},
    "no documents": {"readme": b"hello"},
    "manifest is no JSON": docker_archive(HELLO) | {"manifest.json": b"{"},
    "manifest is of another kind": docker_archive(HELLO) | {"manifest.json": b'{"a": 1}'},
    "manifest is huge": docker_archive(HELLO) | {"manifest.json": b"[" + b" " * (5 << 20) + b"]"},
    "index is no JSON": layout(HELLO) | {"index.json": b"\xff\xfe"},
    "index is empty": layout(HELLO) | {"index.json": b'{"manifests": []}'},
    "no layer": without("0/", docker_archive(HELLO)),
    "no configuration": without("config", docker_archive(HELLO)),
    "too few layers": manifest_with(Layers=[]),
    "too many layers": manifest_with(Layers=["0/layer.tar", "0/layer.tar"]),
    "layer outside": manifest_with(Layers=["../../../../etc/passwd"]),
    "configuration outside": manifest_with(Config="/etc/passwd"),
    "layer is another one": changed("0/", lambda _: tar_of(("hello", b"evil!")), docker_archive(HELLO)),
    "layer is no archive": changed("0/", lambda _: b"nothing" * 200, docker_archive(HELLO)),
    "blob was changed": swapped(layout(HELLO)),
    "blob is missing": without("blobs/", layout(HELLO)),
    "digest leads out": layout(HELLO) | {"index.json": b'{"manifests": [{"digest": "sha256:../../x", "size": 1}]}'},
    "layer leads out": docker_archive(tar_of(("../../evil", b"x"))),
    "second layer leads out": docker_archive(HELLO, tar_of(("../../evil", b"x"))),
    "layer of a wrong size": changed("index", lambda raw: raw.replace(b'"size": ', b'"size": 1'), layout(HELLO)),
}


@pytest.mark.parametrize("name", sorted(HARMFUL))
def test_a_bad_archive_is_refused_and_leaves_nothing(home, tmp_path, name):
    home.storage.prepare("ready", ())
    home.storage.remove("ready")
    with pytest.raises(Invalid) as caught:
        home.service.load(write(tmp_path / "bad.tar", HARMFUL[name]))
    assert caught.value.cause
    assert home.is_empty()
    assert not list(tmp_path.rglob("evil"))


def docker_archive_of(blob: bytes, layer: bytes) -> dict[str, bytes]:
    return docker_archive(layer) | {"0/layer.tar": blob}


def layout_of(blob: bytes, layer: bytes) -> dict[str, bytes]:
    return layout(layer, pack=lambda _: blob)


OTHER = tar_of(("hello", b"other"))
FALSE_BLOBS = {
    "another layer": OTHER,
    "damaged": HELLO[:600] + b"!" + HELLO[601:],
    "cut off": HELLO[:700],
    "with more": HELLO + b"more",
    "damaged gzip": gzip.compress(HELLO)[:-5] + b"wrong",
    "gzip of another": gzip.compress(OTHER),
    "nothing": b"",
}


@pytest.mark.parametrize("form", [docker_archive_of, layout_of], ids=["docker", "oci"])
@pytest.mark.parametrize("name", FALSE_BLOBS)
def test_a_false_blob_is_refused_even_if_its_layer_is_there(home, tmp_path, name, form):
    """Its digest may be right: what it holds is not what the configuration names."""
    home.service.load(write(tmp_path / "good.tar", docker_archive(HELLO)))
    home.service.load(write(tmp_path / "other.tar", docker_archive(OTHER, tags=["other:latest"])))
    before = home.store.images(), home.content.digests()
    with pytest.raises(Invalid):
        home.service.load(write(tmp_path / "bad.tar", form(FALSE_BLOBS[name], HELLO)))
    assert (home.store.images(), home.content.digests()) == before
    assert all(home.content.read(name) and digest(home.content.read(name)) == name for name in before[1])


@pytest.mark.parametrize("form", [docker_archive_of, layout_of], ids=["docker", "oci"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_image_in_another_compression_is_the_same_image_and_its_blobs_are_right(home, tmp_path, form, pack):
    [first] = home.service.load(write(tmp_path / "first.tar", docker_archive(HELLO)))
    blob = pack(HELLO)
    [again] = home.service.load(write(tmp_path / "again.tar", form(blob, HELLO)))
    assert again.layers == first.layers
    for image in home.store.images():
        [layer] = json.loads(home.content.read(image.manifest_digest))["layers"]
        raw = home.content.read(layer["digest"])
        assert (digest(raw), len(raw)) == (layer["digest"], layer["size"])
        assert raw in (HELLO, blob)


@pytest.mark.parametrize("form", [docker_archive, layout], ids=["docker", "oci"])
def test_what_is_there_is_read_and_not_written_again(home, tmp_path, form):
    path = write(tmp_path / "made.tar", form(HELLO, tar_of(("big", bytes(8 << 20)))))
    home.service.load(path)

    def looks() -> list[tuple[str, int, int]]:
        content = home.root / "content"
        places = [content / "index.json", content / "ingest", *(content / "blobs/sha256").iterdir()]
        return [(p.name, p.stat().st_ino, p.stat().st_mtime_ns) for p in places]

    before = looks()
    home.service.load(path)
    assert looks() == before


def test_a_layer_of_no_bytes_is_a_layer(home, tmp_path):
    [image] = home.service.load(write(tmp_path / "made.tar", docker_archive(HELLO, b"")))
    assert [layer.size for layer in image.layers] == [5, 0]
    assert home.read("made", "/hello") == b"world"


def test_links_in_a_layout_directory_do_not_lead_out(home, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made/manifest.json").symlink_to("/etc/passwd")
    (tmp_path / "made/index.json").symlink_to("/etc/passwd")
    with pytest.raises(Invalid, match="neither"):
        home.service.load(str(tmp_path / "made"))


def test_a_file_that_is_not_there_is_said(home, tmp_path):
    with pytest.raises(NotFound, match="there is no file"):
        home.service.load(str(tmp_path / "nowhere.tar"))


def test_a_load_that_is_interrupted_leaves_nothing(home, tmp_path):
    path = write(tmp_path / "made.tar", docker_archive(HELLO, tar_of(("big", bytes(8 << 20)))))

    def interrupt(what: str, done: int, total: int) -> None:
        if what.startswith("reading layer 2"):
            raise KeyboardInterrupt

    home.storage.probe()
    with pytest.raises(KeyboardInterrupt):
        home.service.load(path, interrupt)
    assert home.is_empty()


def test_a_load_that_is_killed_is_swept_up_by_the_next(home, tmp_path):
    path = write(tmp_path / "made.tar", docker_archive(HELLO, tar_of(("big", bytes(8 << 20)))))
    program = (
        "import os, sys; from tests.image_home import Home; from pathlib import Path;"
        "home = Home(Path(sys.argv[1]));"
        "home.service.load(sys.argv[2], lambda what, *_: what.startswith(sys.argv[3]) and os.kill(os.getpid(), 9))"
    )
    for stage in ("reading layer 2", "unpacking layer 1", "unpacking layer 2"):
        done = subprocess.run([os.sys.executable, "-c", program, str(home.root), path, stage], check=False)
        assert done.returncode == -9
        assert home.service.sweep() > 0
        assert home.is_empty()


def test_a_sweep_takes_nothing_of_a_load_that_goes_on(home, tmp_path):
    path = write(tmp_path / "made.tar", docker_archive(HELLO, tar_of(("second", b"2"))))
    swept: list[int] = []
    [image] = home.service.load(path, lambda what, done, total: swept.append(Home(home.root).service.sweep()))
    assert set(swept) == {0}
    assert home.read(image.id, "/second") == b"2"


def test_of_an_archive_with_a_damaged_image_none_is_loaded(home, tmp_path):
    files = docker_archive(HELLO, tags=["good:1"])
    [good] = json.loads(files["manifest.json"])
    bad = {"Config": "bad.json", "RepoTags": ["bad:1"], "Layers": ["bad.tar"]}
    files |= {"bad.json": configuration(HELLO), "bad.tar": tar_of(("hello", b"something else"))}
    files["manifest.json"] = json.dumps([good, bad]).encode()
    with pytest.raises(Invalid):
        home.service.load(write(tmp_path / "two.tar", files))
    assert home.is_empty()
    assert home.service.list() == ()
