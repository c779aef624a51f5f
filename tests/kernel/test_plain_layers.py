"""A layer unpacked over a copy of what is below it is what overlayfs shows of it, stacked."""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.file_systems import MEMORY
from tests.layers import Layer, unpack
from tests.portrait import portrait
from tuicont.core.errors import Invalid
from tuicont.core.files.copy import copy_tree
from tuicont.core.sys.mounts import in_private_namespace, mount

Entry = tuple[str, str]
"""What ("directory", "file", "link", "name", "gone", "opaque"), and the path."""

names = st.sampled_from("abc")
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
lowers = st.dictionaries(paths, st.sampled_from(("directory", "file", "link")), max_size=8)
entries = st.tuples(st.sampled_from(("directory", "file", "link", "name", "gone", "gone", "opaque")), paths)
OLD, NEW = 1_000_000_000, 1_200_000_000


def lower_layer(tree: dict[str, str]) -> Layer:
    """What is below: every directory named before what is in it, and nothing below a file or link."""
    layer = Layer()
    there: dict[str, str] = {}
    for path in sorted(tree):
        above = [path[:length] for length in (1, 3) if length < len(path)]
        if any(there.get(p, "directory") != "directory" for p in above):
            continue
        for p in above:
            if p not in there:
                there[p] = "directory"
                layer.directory(p, mtime=OLD + len(there), uid=len(there), mode=0o750)
        there[path] = tree[path]
        add(layer, (tree[path], path), OLD + len(there), {})
    return layer


def add(layer: Layer, entry: Entry, mtime: int, brought: dict[str, str]) -> None:
    kind, path = entry
    above, _, name = path.rpartition("/")
    below = f"{above}/" if above else ""
    match kind:
        case "directory":
            note = {"SCHILY.xattr.user.note": str(mtime)} if mtime % 2 else {}
            layer.directory(path, mtime=mtime, gid=mtime % 100, pax_headers=note)
        case "file":
            layer.add(path, str(mtime).encode(), mtime=mtime)
        case "link":
            layer.add(path, kind=tarfile.SYMTYPE, linkname="nowhere", mtime=mtime)
        case "name":
            # A second name for a file that the same archive brought, if it brought one that is still there.
            target = next((p for p, k in brought.items() if k == "file" and p != path), "")
            if not target:
                return
            layer.link(path, target, tarfile.LNKTYPE)
            kind = "file"
        case "gone":
            layer.add(f"{below}.wh.{name}")
            return
        case "opaque":
            layer.add(f"{path}/.wh..wh..opq")
            return
    for other in [p for p in brought if p.startswith(f"{path}/") and kind != "directory"]:
        del brought[other]
    brought[path] = kind


def attempt(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Invalid:
        return None


def merged(place: Path) -> dict[str, tuple[Any, ...]]:
    """What overlayfs shows of the two layers."""

    def look() -> dict[str, tuple[Any, ...]]:
        os.chdir(place)
        mount("overlay", "merged", "overlay", 1, "lowerdir=upper:lower")
        return portrait(place / "merged")

    (place / "merged").mkdir()
    return in_private_namespace(look)


Tree = dict[str, tuple[Any, ...]]


def told(tree: Tree, below: Tree, brought: dict[str, str]) -> Tree:
    """Without the time of a directory that was made because something is in it."""
    shown = {}
    for path, what in tree.items():
        dated = path[1:] in brought or (path in below and stat.S_IFMT(below[path][0]) == stat.S_IFMT(what[0]))
        if path:
            shown[path] = what if dated else what[:-1]
    return shown


@settings(max_examples=300)
@given(lowers, st.lists(entries, max_size=8))
@example({"a/b": "file"}, [("directory", "a"), ("gone", "a")])
@example({"a/b": "file"}, [("gone", "a"), ("file", "a/c")])
@example({"a/b/c": "file", "a/b/a": "file"}, [("file", "a/b/c"), ("opaque", "a")])
@example({"a/b/c": "file"}, [("file", "a/b/b"), ("gone", "a/b"), ("gone", "a/b/b")])
@example({"a/b": "file"}, [("file", "a/b"), ("name", "a/c"), ("gone", "a/b")])
@example({"a": "directory"}, [("gone", "a/b"), ("gone", "b/c"), ("gone", "a/b/c")])
@example({"a/a": "directory"}, [("gone", "a/a"), ("gone", "a")])
@example({"a/a": "directory"}, [("gone", "a"), ("gone", "a/a")])
@example({"a/a": "directory"}, [("file", "a"), ("gone", "a/a")])
@example({"a/a": "directory"}, [("file", "a"), ("directory", "a")])
@example({"b/a": "directory", "b/b": "directory"}, [("opaque", "b/a"), ("gone", "b")])
@example({}, [("opaque", "a"), ("gone", "a")])
def test_a_copy_with_a_layer_is_what_overlayfs_shows(tree: dict[str, str], archive: list[Entry]) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as directory:
        place = Path(directory)
        for name in ("lower", "upper"):
            (place / name).mkdir()
        unpack(lower_layer(tree), place / "lower")
        copy_tree(str(place / "lower"), str(place / "plain"))

        brought: dict[str, str] = {}

        def layer() -> Layer:
            made = Layer()
            brought.clear()
            for number, entry in enumerate(archive):
                add(made, entry, NEW + number, brought)
            return made

        def unpacked(name: str, whiteouts: str) -> bool:
            unpack(layer(), place / name, place / "lower", whiteouts=whiteouts)
            return True

        overlay = attempt(lambda: unpacked("upper", "overlay"))
        plain = attempt(lambda: unpacked("plain", "plain"))
        # Overlayfs lets a directory that no archive names take the place of a file of a layer below; a copy refuses.
        assert overlay or not plain
        assume(overlay and plain)
        below = portrait(place / "lower")
        assert told(portrait(place / "plain"), below, brought) == told(merged(place), below, brought)
