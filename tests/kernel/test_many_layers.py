"""As many layers as overlayfs stacks, and one more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.image_home import docker_archive, tar_of, write
from tests.kernel.test_safety import busybox_layer
from tuicont.core.engine.engine import LocalEngine
from tuicont.core.errors import Unsupported
from tuicont.core.model.request import ContainerRequest

pytestmark = pytest.mark.kernel

MOST = 500
"""OVL_MAX_STACK in fs/overlayfs/params.h."""


def layers(count: int) -> list[bytes]:
    return [busybox_layer(), *(tar_of((f"layer/{number}", b"%d" % number)) for number in range(1, count))]


def test_a_container_of_as_many_layers_as_there_can_be_starts(engine: LocalEngine, tmp_path: Path) -> None:
    """Their names are in the options of one mount(2), which are a page at most."""
    engine.images.load(write(tmp_path / "many.tar", docker_archive(*layers(MOST), tags=["many:latest"])))
    script = f"ls /layer; cat /layer/1 /layer/{MOST - 1}; echo new > /layer/1"
    container = engine.containers.create(ContainerRequest(image="many", command=("sh", "-c", script)))
    engine.tasks.start(container.id)
    assert engine.tasks.wait(container.id, 20).code == 0
    *listed, last = [line.text for line in engine.views.logs(container.id)]
    assert sorted(map(int, listed)) == list(range(1, MOST))
    assert last == f"1{MOST - 1}"
    assert "C /layer/1" in [f"{change.kind} {change.path}" for change in engine.views.diff(container.id)]


def test_one_layer_more_is_refused_when_it_is_loaded(engine: LocalEngine, tmp_path: Path) -> None:
    archive = write(tmp_path / "many.tar", docker_archive(*layers(MOST + 1), tags=["many:latest"]))
    with pytest.raises(Unsupported, match=f"it has {MOST + 1} layers; the most is {MOST}"):
        engine.images.load(archive)
