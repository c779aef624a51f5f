"""What a container sees of any stack of layers is what a plain reading of the specification says (OCI image-spec,
layer.md), whichever driver keeps them."""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contract.storages import DRIVERS, archive, chain_id, inside
from tests.file_systems import MEMORY
from tests.layers import Layer
from tests.portrait import portrait
from tuicont.core.sys.kernel import RealKernel

pytestmark = pytest.mark.kernel

Kind = str
"""directory, file, link; of a deletion gone, opaque"""


class Node(NamedTuple):
    """What is at a path; a directory that no archive names has no mode of its own."""

    kind: Kind
    text: str
    mode: int | None


Tree = dict[str, Node]
Wanted = list[tuple[Kind, str]]

paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
brought = st.tuples(st.sampled_from(("directory", "file", "link")), paths)
deleted = st.tuples(st.sampled_from(("gone", "gone", "opaque")), paths)
layers = st.lists(st.one_of(brought, deleted), max_size=7)


def above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def is_directory(tree: Tree, path: str) -> bool:
    return path in tree and tree[path].kind == "directory"


def without(tree: Tree, path: str, *, itself: bool) -> Tree:
    return {p: node for p, node in tree.items() if not p.startswith(f"{path}/") and (p != path or not itself)}


def sensible(wanted: Wanted, below: Tree) -> Wanted:
    """Of what is wanted that which a builder could write over `below`: nothing is in what is no directory, and what
    takes the place of something else is named."""
    brings: dict[str, Kind] = {}
    kept: Wanted = []
    for kind, path in wanted:
        if kind == "gone":
            kept.append((kind, path))
            continue
        kind_there = "directory" if kind == "opaque" else kind
        if any(brings.get(p, "directory") != "directory" for p in above(path)):
            continue
        if brings.get(path, kind_there) != kind_there:
            continue
        if kind_there != "directory" and any(p.startswith(f"{path}/") for p in brings):
            continue
        for p in above(path) if kind != "opaque" else [*above(path), path]:
            if p not in brings and not is_directory(below, p):
                brings[p] = "directory"
                kept.append(("directory", p))
        brings[path] = kind_there
        kept.append((kind, path))
    # A directory before what is in it and before its mark; else deletions are wherever they were.
    ordered = sorted((e for e in kept if e[0] not in ("gone", "opaque")), key=lambda e: e[1])
    for index, (kind, path) in enumerate(kept):
        if kind in ("gone", "opaque"):
            needed = [("directory", p) for p in (*above(path), path) if kind == "opaque"]
            ordered.insert(max([index, *(ordered.index(e) + 1 for e in needed if e in ordered)]), (kind, path))
    return ordered


def stacked(below: Tree, layer: Wanted, number: int) -> Tree:
    """The specification: deletions mean what is below, and what a layer brings is there whatever it deletes."""
    tree = below
    for kind, path in layer:
        if kind in ("gone", "opaque"):
            tree = without(tree, path, itself=kind == "gone")
    for kind, path in layer:
        if kind == "gone":
            continue
        for p in above(path) if kind != "opaque" else [*above(path), path]:
            if not is_directory(tree, p):
                tree = without(tree, p, itself=True) | {p: Node("directory", "", None)}
        if kind == "opaque":
            continue
        if not (kind == "directory" and is_directory(tree, path)):
            tree = without(tree, path, itself=True)
        tree = tree | {path: Node(kind, "" if kind == "directory" else f"{number}", 0o700 + number)}
    return tree


def written(layer: Wanted, number: int) -> Layer:
    made = Layer()
    for kind, path in layer:
        directory, _, name = path.rpartition("/")
        match kind:
            case "directory":
                made.directory(path, mode=0o700 + number)
            case "file":
                made.add(path, f"{number}".encode(), mode=0o700 + number)
            case "link":
                made.add(path, kind=tarfile.SYMTYPE, linkname=f"{number}")
            case "gone":
                made.add(f"{directory}/.wh.{name}".lstrip("/"))
            case "opaque":
                made.add(f"{path}/.wh..wh..opq")
    return made


def shown(found: dict[str, tuple[Any, ...]]) -> Tree:
    tree = {}
    for path, (mode, _, _, _, _, what, *_) in found.items():
        if path:
            kind = {stat.S_IFDIR: "directory", stat.S_IFREG: "file", stat.S_IFLNK: "link"}[stat.S_IFMT(mode)]
            text = what.decode() if isinstance(what, bytes) else what or ""
            tree[path[1:]] = Node(kind, text, stat.S_IMODE(mode))
    return tree


def comparable(tree: Tree, expected: Tree) -> Tree:
    """Without the modes that nothing names, and those of links, which have none."""
    unnamed = {path for path, node in expected.items() if node.mode is None or node.kind == "link"}
    return {path: node._replace(mode=None) if path in unnamed else node for path, node in tree.items()}


@pytest.mark.parametrize("name", DRIVERS)
@settings(max_examples=200, deadline=None)
@given(stack=st.lists(layers, min_size=1, max_size=4))
@example(stack=[[("file", "a/b/c")], [("gone", "a/b")], [("gone", "a/b/c"), ("file", "a/b/a")]])
@example(stack=[[("file", "a/b")], [("opaque", "a")], [("gone", "a/b"), ("file", "a/c")]])
@example(stack=[[("file", "a/b")], [("gone", "a")], [("gone", "a/b"), ("directory", "a")]])
@example(stack=[[("file", "a/b")], [("file", "a")], [("directory", "a")], [("gone", "a/b")]])
@example(stack=[[("file", "a/b")], [("opaque", "a"), ("gone", "a/b")]])
@example(stack=[[("file", "a/b")], [("gone", "a/b"), ("opaque", "a")]])
def test_a_stack_of_layers_shows_what_the_specification_says(name: str, stack: list[Wanted]) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        driver = DRIVERS[name](RealKernel(), f"{place}/storage")
        expected: Tree = {}
        chain: tuple[str, ...] = ()
        for number, wanted in enumerate(stack):
            layer = sensible(wanted, expected)
            expected = stacked(expected, layer, number)
            driver.add_layer(chain_id(number + 1), chain, archive(written(layer, number)))
            chain = (*chain, chain_id(number + 1))
        driver.prepare("one", chain)

        def look(root: Path) -> Tree:
            # What is listed is there: a deletion where nothing is merged would be listed, and not be found.
            for directory, _, _ in os.walk(root):
                for entry in os.listdir(directory):
                    os.lstat(f"{directory}/{entry}")
            return shown(portrait(root))

        found = inside(driver, "one", Path(place), look)
        assert comparable(found, expected) == comparable(expected, expected)
