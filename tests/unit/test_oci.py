"""What an OCI runtime is handed, and what is made of what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.specs import HYBRID, HYBRID_PLACE, UNIFIED, UNIFIED_PLACE, specification
from tuicont.core.cgroup.base import Placement
from tuicont.core.errors import CommandNotExecutable, CommandNotFound, EngineError, KernelError, Unsupported
from tuicont.core.model.host import CgroupHierarchy
from tuicont.core.model.limits import Limits
from tuicont.core.model.request import ContainerRequest
from tuicont.core.runtime import ops
from tuicont.core.runtime.oci import bundle, plan
from tuicont.core.runtime.oci.failure import failure, last_words
from tuicont.core.runtime.oci.flavours import CRUN, RUNC, Flavour
from tuicont.core.shim.wire import Failed, Stage
from tuicont.core.storage.base import RootMount

SPEC = specification(ContainerRequest(image="demo", limits=Limits(memory=64 << 20)))
OVERLAY = RootMount(fstype="overlay", source="overlay", options="lowerdir=a", cwd="/layers")


def handed(flavour: Flavour, placement: Placement = HYBRID_PLACE, root: str = "/run/root") -> dict[str, object]:
    hierarchies = (UNIFIED if placement is UNIFIED_PLACE else HYBRID).hierarchies
    return bundle.specification(SPEC, root=root, placement=placement, hierarchies=hierarchies, flavour=flavour)


def test_the_root_is_where_it_will_be_mounted_and_all_else_is_the_specifications() -> None:
    spec = handed(CRUN)
    assert spec["root"] == {**SPEC["root"], "path": "/run/root"}
    assert spec["process"] == SPEC["process"]
    assert spec["mounts"] == SPEC["mounts"]
    assert handed(CRUN, root="")["root"] == SPEC["root"]


def test_a_version_that_old_releases_refuse_is_not_claimed() -> None:
    assert SPEC["ociVersion"] == "1.2.0"
    assert handed(CRUN)["ociVersion"] == "1.0.2"


@pytest.mark.parametrize("placement", [HYBRID_PLACE, UNIFIED_PLACE])
def test_a_program_that_joins_is_told_the_group_and_its_limits(placement: Placement) -> None:
    linux = handed(RUNC, placement)["linux"]
    assert isinstance(linux, dict)
    assert linux["cgroupsPath"] == "/tuicont/c"
    assert linux["resources"] == SPEC["linux"]["resources"]


def test_one_that_stays_where_it_is_is_told_neither() -> None:
    linux = handed(CRUN)["linux"]
    assert isinstance(linux, dict)
    assert not {"cgroupsPath", "resources"} & linux.keys()
    assert linux["namespaces"] == SPEC["linux"]["namespaces"]


def test_a_program_that_joins_needs_one_group() -> None:
    with pytest.raises(Unsupported, match="runc needs one cgroup"):
        handed(RUNC, Placement())


def test_hierarchies_without_a_group_of_the_containers_are_hidden() -> None:
    hierarchies = (*HYBRID.hierarchies, CgroupHierarchy(mount_point="/sys/fs/cgroup/freezer", version=1))
    freezer, unified = "/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified"
    assert bundle.hidden_hierarchies(HYBRID_PLACE, hierarchies, RUNC) == (freezer,)
    assert set(bundle.hidden_hierarchies(HYBRID_PLACE, hierarchies, CRUN)) == {freezer, unified}
    assert bundle.hidden_hierarchies(UNIFIED_PLACE, UNIFIED.hierarchies, CRUN) == ()
    assert len(bundle.hidden_hierarchies(Placement(), hierarchies, CRUN)) == len(hierarchies)


def test_a_process_gets_into_its_groups_by_us_or_by_the_program() -> None:
    assert [op.directory for op in plan.enter(HYBRID_PLACE, CRUN) if isinstance(op, ops.EnterCgroup)] == [
        *HYBRID_PLACE.enter
    ]
    assert plan.enter(HYBRID_PLACE, RUNC) == ()
    assert plan.clone_into(HYBRID_PLACE, CRUN) == plan.clone_into(HYBRID_PLACE, RUNC) == HYBRID_PLACE.clone_into
    assert plan.clone_into(UNIFIED_PLACE, CRUN) == UNIFIED_PLACE.clone_into
    assert plan.clone_into(UNIFIED_PLACE, RUNC) == ""


def test_mounts_are_made_out_of_the_hosts_sight_and_the_program_runs_in_its_directory() -> None:
    steps = plan.invocation(
        ("/bin/crun", "create"), run_dir="/run/c", hidden=("/h",), root_mounts=(OVERLAY,), root="/run/root"
    )
    kinds = [type(step) for step in steps]
    assert kinds == [
        ops.SetPropagation,
        ops.MountRoot,
        ops.Unmount,
        ops.ChangeDirectory,
        ops.ConnectStdio,
        ops.SetUmask,
        ops.Execute,
    ]
    assert steps[1] == ops.MountRoot("/layers", "overlay", "/run/root", "overlay", "lowerdir=a", 0)
    assert steps[3] == ops.ChangeDirectory("/run/c", ops.Turn.ONLY), "after the mount, which may leave for another"


def said(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "log"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


WORDS: list[tuple[Flavour, str, type[EngineError]]] = [
    (CRUN, "executable file `run` not found in $PATH: No such file or directory", CommandNotFound),
    (CRUN, "open executable: Permission denied", CommandNotExecutable),
    (CRUN, "mount `proc` to `/proc`: Operation not permitted", KernelError),
    (RUNC, 'runc create failed: x: exec: "run": executable file not found in $PATH', CommandNotFound),
    (RUNC, 'runc create failed: x: exec: "/run": stat /run: no such file or directory', CommandNotFound),
    (RUNC, 'runc create failed: x: exec: "run": permission denied', CommandNotExecutable),
    (RUNC, "runc create failed: cannot mount", KernelError),
]


@pytest.mark.parametrize(("flavour", "words", "kind"), WORDS)
def test_the_programs_last_words_are_the_error(
    tmp_path: Path, flavour: Flavour, words: str, kind: type[EngineError]
) -> None:
    quoted = words.replace('"', '\\"')
    log = said(tmp_path, '{"level":"error","msg":"earlier"}', f'{{"msg":"{quoted}","level":"error"}}', "not json")
    error = failure("start x", (), log, flavour, "run", Failed(stage=Stage.RUNTIME, code=1))
    assert type(error) is kind
    assert words.removeprefix("runc create failed: ") in error.cause
    assert flavour.program in error.cause
    assert "create failed" not in error.cause
    assert kind is KernelError or "run" in error.cause


def test_a_program_that_said_nothing_is_told_by_how_it_ended(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    assert last_words(missing) == last_words(said(tmp_path, '{"level":"warning","msg":"w"}', "")) == ""
    ended = failure("start x", (), missing, CRUN, "run", Failed(stage=Stage.RUNTIME, code=7))
    killed = failure("start x", (), missing, CRUN, "run", Failed(stage=Stage.RUNTIME, signal=9))
    assert ended.cause.endswith("ended with 7")
    assert killed.cause.endswith("killed by signal 9")


def test_what_fails_before_the_program_is_an_operations_failure() -> None:
    steps = plan.invocation(("/bin/crun",), run_dir="/run/c", root_mounts=(OVERLAY,), root="/run/root")
    report = Failed(stage=Stage.OPERATION, index=1, errno=2, operations=len(steps))
    error = failure("start x", steps, "/none", CRUN, "run", report)
    assert "mount overlay on /run/root" in error.cause
    assert error.stage == f"root file system, operation 2 of {len(steps)}"
