"""The specification as an OCI runtime gets it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import Unsupported
from tuicont.core.model.host import CgroupHierarchy
from tuicont.core.runtime.oci.flavours import Flavour

_VERSION = "1.0.2"
"""The newest that every release of these programs takes; what came later is optional fields."""


def specification(
    spec: Mapping[str, Any],
    *,
    root: str,
    placement: Placement,
    hierarchies: tuple[CgroupHierarchy, ...],
    flavour: Flavour,
) -> dict[str, Any]:
    """`spec` with its root at `root` ("": its own), and with the cgroup that the engine has made: named, with its
    limits, for a program that joins it, and else left out. Raises `Unsupported` for a program that joins where there is
    none."""
    linux = dict(spec.get("linux") or {})
    linux.pop("cgroupsPath", None)
    if flavour.joins:
        linux["cgroupsPath"] = _cgroups_path(placement, hierarchies, flavour)
    else:
        linux.pop("resources", None)
    own = dict(spec.get("root") or {})
    return {**spec, "ociVersion": _VERSION, "root": {**own, "path": root} if root else own, "linux": linux}


def hidden_hierarchies(
    placement: Placement, hierarchies: tuple[CgroupHierarchy, ...], flavour: Flavour
) -> tuple[str, ...]:
    """Where hierarchies are mounted that the program must not see: those which the container is in no group of, as it
    would be shown the host's, and the v2 one beside v1 for a program that takes it for the only one."""
    hybrid = {hierarchy.version for hierarchy in hierarchies} == {1, 2}
    return tuple(
        hierarchy.mount_point
        for hierarchy in hierarchies
        if not _group_in(hierarchy, placement) or (hybrid and hierarchy.version == 2 and not flavour.hybrid)
    )


def _group_in(hierarchy: CgroupHierarchy, placement: Placement) -> str:
    """The container's group in a hierarchy, by its path there; "" for none."""
    for directory in (*placement.enter, placement.clone_into):
        if directory.startswith(hierarchy.mount_point + "/"):
            return directory.removeprefix(hierarchy.mount_point)
    return ""


def _cgroups_path(placement: Placement, hierarchies: tuple[CgroupHierarchy, ...], flavour: Flavour) -> str:
    paths = {path for hierarchy in hierarchies if (path := _group_in(hierarchy, placement))}
    if len(paths) != 1:
        raise Unsupported(
            "carry out the specification", f"{flavour.program} needs one cgroup to put the container into"
        )
    return paths.pop()
