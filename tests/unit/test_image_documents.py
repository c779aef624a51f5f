"""An image's documents are read as Go reads them, and what cannot be read so is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tuicont.core.errors import Invalid
from tuicont.core.image import manifest as documents
from tuicont.core.image import platforms
from tuicont.core.image.manifest import Configuration, Index, Manifest, Platform
from tuicont.core.image.platforms import preference, runs_here

DIGEST = "sha256:" + "0" * 64


def configuration(**fields: Any) -> Configuration:
    return documents.read_configuration(json.dumps({"rootfs": {"diff_ids": [DIGEST]}} | fields).encode())


@pytest.mark.parametrize("key", ["rootfs", "rootfS", "ROOTFS", "Rootf\u017f"])
def test_a_key_is_found_without_regard_to_case(key: str) -> None:
    """As Go folds it: the long s is an s."""
    raw = json.dumps({key: {"DIFF_IDS": [DIGEST]}}).encode()
    assert documents.diff_ids(documents.read_configuration(raw)) == [DIGEST]


@pytest.mark.parametrize("config", ["config", "Config", "cOnFiG"])
@pytest.mark.parametrize("user", ["User", "user", "USER"])
def test_who_an_image_runs_as_is_never_overlooked(config: str, user: str) -> None:
    assert documents.image_config(configuration(**{config: {user: "1000:1000"}})).user == "1000:1000"


@pytest.mark.parametrize(
    "fields",
    [
        {"config": {"User": 1000}},
        {"config": {"User": ["1000"]}},
        {"config": {"User": "1000", "user": "0"}},
        {"config": {"User": "1000"}, "Config": {"User": "0"}},
        {"config": ["User"]},
        {"config": "User"},
        {"rootfs": None},
        {"rootfs": {"type": "base layer", "diff_ids": [DIGEST]}},
        {"rootfs": [DIGEST]},
    ],
    ids=str,
)
def test_a_configuration_that_would_be_misread_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="configuration: "):
        configuration(**fields)


@pytest.mark.parametrize("raw", [b"{}", b"null", b"[]", b'{"config": {"User": "1000"}}'])
def test_a_configuration_without_layers_is_none(raw: bytes) -> None:
    with pytest.raises(Invalid):
        documents.read_configuration(raw)


def test_null_is_as_good_as_nothing() -> None:
    names = ("User", "Env", "Entrypoint", "Cmd", "WorkingDir", "StopSignal", "Labels")
    nothing = dict.fromkeys(("architecture", "os", "variant", "created", "history"))
    found = configuration(config=dict.fromkeys(names), **nothing)
    assert found == configuration(config={})
    assert documents.image_config(found) == documents.image_config(configuration())
    assert documents.image_config(configuration(config=None)) == documents.image_config(configuration())
    config = documents.image_config(configuration(config={"Env": ["A=b", None], "Labels": {"a": None}}))
    assert (config.env, config.labels) == (("A=b", ""), {"a": ""})
    raw = {"mediaType": None, "digest": DIGEST, "size": 0, "platform": {"os": None}, "annotations": None}
    index = documents.decode(json.dumps({"schemaVersion": None, "manifests": [raw]}).encode(), Index, "index")
    assert index.manifests is not None
    assert index.manifests[0] == documents.Descriptor(digest=DIGEST, size=0, platform=Platform())


@pytest.mark.parametrize("raw", [b'{"manifests": [null]}', b'{"manifests": [{"size": 1}]}', b'{"manifests": {}}'])
def test_null_is_no_descriptor(raw: bytes) -> None:
    with pytest.raises(Invalid):
        documents.decode(raw, Index, "index")


def test_bytes_that_are_no_text_are_replaced() -> None:
    raw = b'{"rootfs": {}, "config": {"Env": ["A=\xff", "B=\xc3\xa4"]}}'
    assert documents.image_config(documents.read_configuration(raw)).env == ("A=\ufffd", "B=\xe4")


def test_errors_keep_the_case_of_words_in_capitals() -> None:
    with pytest.raises(Invalid, match="index: JSON is malformed"):
        documents.decode(b"{,}", Index, "index")


OCI, DOCKER = "application/vnd.oci.image.", "application/vnd.docker."


@pytest.mark.parametrize(
    ("config", "layer", "what"),
    [
        (OCI + "config.v1+json", OCI + "layer.v1.tar+gzip", ""),
        (OCI + "config.v1+json", OCI + "layer.nondistributable.v1.tar+zstd", ""),
        (DOCKER + "container.image.v1+json", DOCKER + "image.rootfs.diff.tar.gzip", ""),
        (OCI + "config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json", "cosign"),
        (OCI + "config.v1+json", "application/vnd.in-toto+json", "in-toto"),
        ("application/vnd.cncf.helm.config.v1+json", "application/tar+gzip", "helm"),
        ("application/vnd.oci.empty.v1+json", OCI + "layer.v1.tar", "empty"),
    ],
)
def test_an_image_is_told_from_what_is_kept_beside_it(config: str, layer: str, what: str) -> None:
    raw = {
        "config": {"mediaType": config, "digest": DIGEST, "size": 2},
        "layers": [{"mediaType": layer, "digest": DIGEST, "size": 2}],
    }
    found = documents.not_an_image(documents.decode(json.dumps(raw).encode(), Manifest, "manifest"))
    assert bool(found) == bool(what)
    assert what in found


def of(architecture: str, variant: str = "") -> Platform:
    return Platform(os="linux", architecture=architecture, variant=variant)


@pytest.mark.parametrize(
    ("wanted", "here", "runs"),
    [
        (of("amd64"), of("amd64", "v1"), True),
        (of("amd64", "v3"), of("amd64", "v3"), True),
        (of("amd64", "v2"), of("amd64", "v3"), True),
        (of("amd64", "v4"), of("amd64", "v3"), False),
        (of("arm64"), of("amd64", "v4"), False),
        (of("arm64", "v8"), of("arm64"), True),
        (of("arm", "v6"), of("arm", "v7"), True),
        (of("arm", "v8"), of("arm", "v7"), False),
        (of(""), of("s390x"), True),
        (Platform(os="windows", architecture="amd64"), of("amd64", "v1"), False),
    ],
    ids=str,
)
def test_what_a_processor_lacks_does_not_run_on_it(wanted: Platform, here: Platform, runs: bool) -> None:
    assert runs_here(wanted, here) is runs


def test_the_variant_that_uses_most_of_the_processor_is_preferred() -> None:
    assert max([of("amd64"), of("amd64", "v3"), of("amd64", "v2")], key=preference) == of("amd64", "v3")
    assert preference(None) <= preference(of("amd64"))


def test_the_level_of_this_processor_is_what_the_dynamic_linker_says() -> None:
    """Of glibc, which picks libraries by it."""
    import re
    import subprocess

    here = platforms.host_platform()
    linker = "/lib64/ld-linux-x86-64.so.2"
    if here.architecture != "amd64":
        pytest.skip("this is about amd64")
    done = subprocess.run([linker, "--help"], capture_output=True, text=True, check=False)
    levels = re.findall(r"x86-64-v(\d) \(supported", done.stdout)
    if "glibc-hwcaps" not in done.stdout:
        pytest.skip("the dynamic linker does not say")
    assert here.variant == f"v{max(map(int, levels), default=1)}"
