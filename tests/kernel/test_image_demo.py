"""The demo images: built from this host, whatever it has, and their programs do what they say."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from tests.contract.storages import inside
from tests.support import require
from tuicont.core.errors import EngineError, Unsupported

# What runs here is not this kernel's but other tools' and the programs of this host.
pytestmark = [pytest.mark.kernel, pytest.mark.host_only]


def test_the_demo_images_share_their_base_layer(home):
    home.service.get("demo")
    images = {image.references[0]: image for image in home.service.list()}
    assert sorted(images) == ["demo-base:latest", "demo-service:latest", "demo:latest"]
    assert len({image.layers[0].chain_id for image in images.values()}) == 1
    assert len(home.storage.names()) == 3


def test_a_demo_image_is_the_same_whoever_builds_it(home, other):
    assert home.service.get("demo") == other.service.get("demo")


@pytest.mark.parametrize("busybox", [True, False], ids=["from busybox", "from the host's utilities"])
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("id -u && echo $PATH", "0\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"),
        ("stat -c '%a %U' /tmp /root /home/demo", "1777 root\n700 root\n755 demo\n"),
        (
            "for p in burn-cpu eat-memory fork-storm write-files zombies chatter; do $p -h | head -n 1; done | wc -l",
            "6\n",
        ),
        ("burn-cpu 1 0.1", "burn-cpu: 1 busy for 0.1 seconds\n"),
        ("eat-memory 8 0.1 | tail -n 1", "eat-memory: holding 8 MiB for 0.1 seconds\n"),
        ("fork-storm 10 0.1", "fork-storm: 10 of 10\n"),
        ("chatter 5 0 2>&1 >/dev/null", "line 5: this one is a warning\n"),
        ("write-files 3 1 >/dev/null; ls /var/demo; ls /usr/share/demo", "file-1\nfile-3\nchange-me\nread-me\n"),
    ],
)
def test_programs_of_the_demo_image_run(home, tmp_path, monkeypatch, command, expected, busybox):
    if busybox:
        require("busybox")
    else:
        monkeypatch.setattr("tuicont.core.image.demo.base._busybox", lambda tree: False)
    image = home.service.get("demo")
    home.storage.prepare("one", tuple(layer.chain_id for layer in image.layers))

    def act(root: Path) -> subprocess.CompletedProcess[str]:
        for name, minor in (("null", 3), ("zero", 5)):
            os.mknod(root / "dev" / name, stat.S_IFCHR | 0o666, os.makedev(1, minor))
        return subprocess.run(
            ["/bin/sh", "-c", command],
            preexec_fn=lambda: os.chroot(root),
            cwd=root,
            env=dict(entry.split("=", 1) for entry in image.config.env),
            capture_output=True,
            text=True,
            timeout=20,
            start_new_session=True,
        )

    done = inside(home.storage, "one", tmp_path, act)
    assert (done.stdout, done.stderr) == (expected, "")
    home.storage.remove("one")


def test_a_host_without_a_shell_is_told_what_to_install(home, monkeypatch):
    monkeypatch.setattr("tuicont.core.image.demo.base.SEARCH", "/nonexistent")
    with pytest.raises(Unsupported, match="busybox") as caught:
        home.service.get("demo")
    assert "load -i" in caught.value.hint
    assert isinstance(caught.value, EngineError)
