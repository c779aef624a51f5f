"""Parsing and comparing of namespaces, without a kernel."""

from __future__ import annotations

from tuicont.core.ns.discover import describe, parse_link

HOST = (("mnt", 1), ("uts", 2), ("net", 3))


def test_a_namespace_link_gives_its_inode() -> None:
    assert parse_link("net:[4026531840]") == 4026531840


def test_a_namespace_of_the_host_names_nobody_else() -> None:
    own = (("mnt", 10), ("net", 3))
    mount, network = describe(own, HOST, {"web-2": (("mnt", 11), ("net", 3))})
    assert (mount.host, mount.shared_with) == (False, ())
    assert (network.host, network.shared_with) == (True, ())


def test_containers_in_the_same_namespace_are_named_in_order() -> None:
    own = (("net", 30), ("uts", 20))
    others = {"web-3": (("net", 30),), "web-2": (("net", 30), ("uts", 21)), "db": (("uts", 30),)}
    network, uts = describe(own, HOST, others)
    assert network.shared_with == ("web-2", "web-3")
    assert uts.shared_with == ()
