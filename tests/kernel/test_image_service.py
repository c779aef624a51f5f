"""Images are found by their names, share their layers, and go when nobody needs them."""

from __future__ import annotations

import json

import msgspec
import pytest

from tests.image_home import HELLO, digest, docker_archive, tar_of, write
from tuicont.core.errors import Conflict, NotFound
from tuicont.core.model.image import Image
from tuicont.core.store.store import Store

# What runs here is not this kernel's but other tools' and the programs of this host.
pytestmark = [pytest.mark.kernel, pytest.mark.host_only]


def test_an_image_is_found_by_name_id_and_the_beginning_of_its_id(home, tmp_path):
    [image] = home.service.load(
        write(tmp_path / "made.tar", docker_archive(HELLO, tags=["team/made:1", "made:latest"]))
    )
    for ref in ("made", "made:latest", "team/made:1", image.id, image.id[7:], image.id[7:19], image.id[:15]):
        assert home.service.get(ref).id == image.id
    for ref in ("made:2", "team/made", "other", image.id[7:9]):
        with pytest.raises(NotFound):
            home.service.get(ref)


def test_a_name_goes_to_the_image_that_was_loaded_last(home, tmp_path):
    [old] = home.service.load(write(tmp_path / "a.tar", docker_archive(HELLO)))
    [new] = home.service.load(write(tmp_path / "b.tar", docker_archive(tar_of(("hello", b"again")))))
    assert home.service.get("made").id == new.id != old.id
    assert home.service.get(old.id).references == ()


def test_removing_takes_names_first_and_the_image_with_the_last(home, tmp_path):
    [image] = home.service.load(write(tmp_path / "made.tar", docker_archive(HELLO, tags=["a:1", "b:1"])))
    assert home.service.remove("a:1") == ("untagged: a:1",)
    assert home.service.get("b:1").references == ("b:1",)
    assert home.service.remove("b:1") == ("untagged: b:1", f"deleted: {image.id}")
    assert home.is_empty()


def test_an_image_that_a_container_uses_is_kept(home, tmp_path):
    [image] = home.service.load(write(tmp_path / "made.tar", docker_archive(HELLO)))
    home.users[image.id] = ("web-1",)
    with pytest.raises(Conflict, match="web-1"):
        home.service.remove("made")
    assert home.service.remove("made", force=True) == ("untagged: made:latest",)
    assert home.read(image.id, "/hello") == b"world"


def test_an_image_of_several_names_is_not_removed_by_its_id(home, tmp_path):
    [image] = home.service.load(write(tmp_path / "made.tar", docker_archive(HELLO, tags=["a:1", "b:1"])))
    with pytest.raises(Conflict, match="several names"):
        home.service.remove(image.id)
    home.service.remove(image.id, force=True)
    assert home.is_empty()


def test_layers_go_with_the_last_image_that_has_them(home, tmp_path):
    top = tar_of(("top", b"t"))
    home.service.load(write(tmp_path / "a.tar", docker_archive(HELLO, tags=["small:1"])))
    home.service.load(write(tmp_path / "b.tar", docker_archive(HELLO, top, tags=["large:1"])))
    assert len(home.storage.names()) == 2
    home.service.remove("large:1")
    assert home.storage.names() == (digest(HELLO),)
    assert home.read("small:1", "/hello") == b"world"


def test_prune_tells_what_it_freed_and_not_what_is_shared(home, tmp_path):
    extra = tar_of(("extra", b"x" * 5000))
    [kept] = home.service.load(write(tmp_path / "kept.tar", docker_archive(HELLO, tags=["kept:latest"])))
    home.service.load(write(tmp_path / "unused.tar", docker_archive(HELLO, extra, tags=["unused:latest"])))
    home.users[kept.id] = ("web",)
    report = home.service.prune()
    assert report.lines[0] == "untagged: unused:latest"
    documents = 3000
    assert 5000 + len(extra) <= report.bytes <= 5000 + len(extra) + documents, "its own layer, blob and documents"
    assert home.service.prune().bytes == 0


def test_a_second_name_is_given_with_tag(home, tmp_path):
    home.service.load(write(tmp_path / "made.tar", docker_archive(HELLO)))
    assert home.service.tag("made", "other:2").references == ("made:latest", "other:2")


def test_inspection_has_the_record_and_the_images_own_words(home, tmp_path):
    history = [{"created_by": "COPY hello"}, {"created_by": "CMD sh", "empty_layer": True}]
    path = write(
        tmp_path / "made.tar",
        docker_archive(HELLO, history=history, author="somebody", created="2024-05-06T07:08:09.5Z"),
    )
    [image] = home.service.load(path)
    found = home.service.inspect("made")
    assert msgspec.convert(found, Image) == image
    assert found["size"] == image.size
    assert (found["document"]["author"], found["document"]["history"]) == ("somebody", history)
    assert image.layers[0].created_by == "COPY hello"
    assert image.created_ns == 1714979289_500000000
    json.dumps(found)


def test_lost_records_are_recovered_from_the_content_store(home, tmp_path):
    [image] = home.service.load(write(tmp_path / "made.tar", docker_archive(HELLO, tags=["a:1", "b:1"])))
    lost = home.open(Store(str(tmp_path / "new-db"), lambda: None))
    assert lost.list() == ()
    assert [(i.id, i.references) for i in lost.recover()] == [(image.id, ("a:1", "b:1"))]
    assert lost.get("a:1") == image
