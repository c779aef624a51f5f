"""What every cgroup driver does, whichever hierarchies the host has; asked of the kernel's own files."""

from __future__ import annotations

import errno
import os
import signal
import time

import msgspec
import pytest

from tests.contract.cgroups import DEFAULT, LAYOUT, MIB, PARENT, Host, eventually, limited
from tests.doubles.recording_kernel import RecordingKernel
from tests.support import require
from tuicont.core.errors import Conflict, EngineError, Invalid, NotFound
from tuicont.core.model.resources import Cpu, Resources
from tuicont.core.sys.kernel import RealKernel

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(LAYOUT.mode == "none", reason="no cgroup file system is mounted"),
]

SLEEP = "echo ready; exec sleep 60"


# making and removing


def test_a_group_is_a_directory_in_every_hierarchy(host: Host) -> None:
    host.driver.create("web", limited())
    for mount in host.mounts():
        assert os.path.isdir(f"{mount}/{PARENT}/web")
    assert host.driver.groups() == ("web",)
    host.driver.remove("web")
    for mount in host.mounts():
        assert not os.path.exists(f"{mount}/{PARENT}/web")
    assert host.driver.groups() == ()


def test_removing_what_is_not_there_succeeds(host: Host) -> None:
    host.driver.remove("never-made")


def test_what_a_crash_left_is_made_anew(host: Host) -> None:
    host.driver.create("web", limited(pids=7))
    host.driver.create("web", limited())
    assert host.read("pids", "pids.max") == "max"


def test_a_half_made_group_is_made_whole_and_half_removed_ones_are_removed(host: Host) -> None:
    host.driver.create("web", limited())
    os.rmdir(host.directory("pids", "web"))
    assert host.driver.groups() == (("web",) if len(host.mounts()) > 1 else ())
    host.driver.create("web", limited(pids=7))
    assert host.read("pids", "pids.max") == "7"
    os.rmdir(host.directory("pids", "web"))
    host.driver.remove("web")
    assert host.driver.groups() == ()


def test_a_group_with_processes_is_neither_made_anew_nor_removed(host: Host) -> None:
    process = host.started(host.driver.create("web", limited(pids=9)), SLEEP)
    for attempt in (lambda: host.driver.remove("web"), lambda: host.driver.create("web", limited(pids=3))):
        with pytest.raises(Conflict, match=str(process.pid)):
            attempt()
    assert host.pids() == {process.pid}
    assert host.read("pids", "pids.max") == "9"


def test_removing_takes_the_groups_that_the_container_made_below(host: Host) -> None:
    host.driver.create("web", limited())
    for mount in host.mounts():
        os.makedirs(f"{mount}/{PARENT}/web/inner/deeper")
    host.driver.remove("web")
    assert host.driver.groups() == ()


def test_removing_waits_for_a_process_that_has_just_been_killed(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    host.started(cgroup, SLEEP)
    assert cgroup.kill(signal.SIGKILL) == 1
    host.driver.remove("web")
    assert host.driver.groups() == ()


def test_a_failed_creation_leaves_nothing(host: Host) -> None:
    with pytest.raises(Invalid):
        host.driver.create("web", limited(memory=64 * MIB, cpuset_cpus="4000"))
    assert host.driver.groups() == ()


def test_any_call_that_fails_while_creating_leaves_nothing(host: Host) -> None:
    kernel = RecordingKernel(RealKernel())
    host = Host(host.layout, kernel)
    limits = limited(DEFAULT, memory=64 * MIB, cpus=0.5, pids=20)
    host.driver.create("web", limits)
    host.driver.remove("web")
    before = len(kernel.calls)
    host.driver.create("web", limits)
    count = len(kernel.calls) - before
    host.driver.remove("web")
    for nth in range(1, count + 1):
        kernel.fail(nth, errno.ENOSPC)
        with pytest.raises(EngineError):
            host.driver.create("web", limits)
        assert host.driver.groups() == (), f"call {nth}"


def test_a_process_may_be_born_between_beginning_and_end(host: Host) -> None:
    begun = host.driver.begin("web")
    born = host.started(msgspec.structs.replace(begun.placement, enter=()), SLEEP)
    cgroup = begun.finish(limited(pids=7))
    assert host.read("pids", "pids.max") == "7"
    assert cgroup.placement == begun.placement
    assert cgroup.processes() == ((born.pid,) if begun.placement.clone_into else ())


def test_a_group_that_was_only_begun_is_removed_as_any_other(host: Host) -> None:
    host.driver.begin("web")
    host.driver.begin("web")
    host.driver.remove("web")
    assert host.driver.groups() == ()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "shims", "x" * 256, "a\nb"])
def test_a_name_that_is_no_directory_is_refused(host: Host, name: str) -> None:
    for verb in (lambda: host.driver.create(name, limited()), lambda: host.driver.remove(name)):
        with pytest.raises(Invalid, match="not a name"):
            verb()


def test_shims_live_outside_of_every_group(host: Host) -> None:
    placement = host.driver.shim_placement()
    for directory in (*placement.enter, *filter(None, [placement.clone_into])):
        assert os.path.isdir(directory)
        assert directory.endswith(f"/{PARENT}/shims")
    assert host.driver.groups() == ()


# limits


def test_limits_are_in_the_kernels_files(host: Host) -> None:
    host.driver.create(
        "web",
        limited(memory=64 * MIB, memory_reservation=32 * MIB, cpus=0.25, cpu_shares=2048, pids=33, cpuset_cpus="0"),
    )
    if host.v2_limits:
        assert host.read("memory", "memory.max") == str(64 * MIB)
        assert host.read("memory", "memory.low") == str(32 * MIB)
        assert host.read("cpu", "cpu.max") == "25000 100000"
        assert int(host.read("cpu", "cpu.weight")) > 100
    else:
        assert host.read("memory", "memory.limit_in_bytes") == str(64 * MIB)
        assert host.read("memory", "memory.soft_limit_in_bytes") == str(32 * MIB)
        assert host.read("cpu", "cpu.cfs_quota_us") == "25000"
        assert host.read("cpu", "cpu.shares") == "2048"
    assert host.read("pids", "pids.max") == "33"
    assert host.read("cpuset", "cpuset.cpus") == "0"


def test_a_group_without_limits_has_none(host: Host) -> None:
    host.driver.create("web", limited())
    memory = host.read("memory", "memory.max" if host.v2_limits else "memory.limit_in_bytes")
    assert memory == "max" or int(memory) > 1 << 60
    assert host.read("pids", "pids.max") == "max"
    assert host.read("cpu", "cpu.max" if host.v2_limits else "cpu.cfs_quota_us") in ("max 100000", "-1")


def test_minus_one_lifts_a_limit(host: Host) -> None:
    cgroup = host.driver.create("web", limited(memory=64 * MIB, cpus=0.5, pids=10))
    cgroup.apply(limited(memory=-1, cpus=0, pids=-1))
    memory = host.read("memory", "memory.max" if host.v2_limits else "memory.limit_in_bytes")
    assert memory == "max" or int(memory) > 1 << 60
    assert host.read("pids", "pids.max") == "max"
    assert host.read("cpu", "cpu.max" if host.v2_limits else "cpu.cfs_quota_us") in ("max 100000", "-1")


def test_only_what_is_named_changes(host: Host) -> None:
    cgroup = host.driver.create("web", limited(memory=64 * MIB, pids=10))
    cgroup.apply(limited(pids=11))
    assert host.read("pids", "pids.max") == "11"
    assert host.read("memory", "memory.max" if host.v2_limits else "memory.limit_in_bytes") == str(64 * MIB)


def test_a_quota_has_its_period_and_each_may_change_alone(host: Host) -> None:
    def quota_and_period() -> str:
        if host.v2_limits:
            return host.read("cpu", "cpu.max")
        return f"{host.read('cpu', 'cpu.cfs_quota_us')} {host.read('cpu', 'cpu.cfs_period_us')}".replace("-1", "max")

    cgroup = host.driver.create("web", Resources(cpu=Cpu(quota=5_000, period=10_000)))
    assert quota_and_period() == "5000 10000"
    cgroup.apply(Resources(cpu=Cpu(quota=20_000)))
    assert quota_and_period() == "20000 10000"
    cgroup.apply(Resources(cpu=Cpu(period=50_000)))
    assert quota_and_period() == "20000 50000"
    cgroup.apply(Resources(cpu=Cpu(quota=-1)))
    assert quota_and_period() == "max 50000"
    with pytest.raises(Invalid, match="cpu period 10 is refused"):
        cgroup.apply(Resources(cpu=Cpu(period=10)))


@pytest.mark.parametrize("steps", [(32, 48, 128, 200, 16, 16), (200, 200, 100, 300, 300, 300)])
def test_memory_and_swap_rise_and_fall_together(host: Host, steps: tuple[int, ...]) -> None:
    cgroup = host.driver.create("web", limited(memory=64 * MIB, memory_swap=64 * MIB))
    swap_file = "memory.swap.max" if host.v2_limits else "memory.memsw.limit_in_bytes"
    if not os.path.exists(f"{host.directory('memory', 'web')}/{swap_file}"):
        pytest.skip("this kernel does not account swap")
    for memory, together in zip(steps[::2], steps[1::2], strict=True):
        cgroup.apply(limited(memory=memory * MIB, memory_swap=together * MIB))
        expected = (together - memory if host.v2_limits else together) * MIB
        assert host.read("memory", swap_file) == str(expected)
        assert host.read("memory", "memory.max" if host.v2_limits else "memory.limit_in_bytes") == str(memory * MIB)


def test_swap_below_memory_is_refused_in_words(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    with pytest.raises(Invalid, match="memory and swap together"):
        cgroup.apply(limited(memory=64 * MIB, memory_swap=32 * MIB))


@pytest.mark.parametrize("wanted", ["4000", "0,4000", "x", "3-1", ""])
def test_a_cpuset_outside_of_the_machine_names_what_there_is(host: Host, wanted: str) -> None:
    cgroup = host.driver.create("web", limited())
    before = host.read("cpuset", "cpuset.cpus")
    with pytest.raises(Invalid, match="cpuset cpus"):
        cgroup.apply(limited(cpuset_cpus=wanted))
    assert host.read("cpuset", "cpuset.cpus") == before


def test_a_refused_limit_puts_back_those_before_it(host: Host) -> None:
    cgroup = host.driver.create(
        "web", limited(memory=64 * MIB, memory_swap=96 * MIB, cpus=0.5, cpu_shares=512, pids=10)
    )
    before = {file.path: file.value for file in cgroup.files() if "limit" in file.name or "max" in file.name}
    with pytest.raises(Invalid, match="cpus 1e-05 is refused: invalid argument"):
        cgroup.apply(limited(memory=32 * MIB, memory_swap=48 * MIB, cpu_shares=256, cpus=0.00001))
    assert {file.path: file.value for file in cgroup.files() if file.path in before} == before


def test_a_list_of_processors_is_put_back_even_where_it_was_empty(host: Host) -> None:
    kernel = RecordingKernel(RealKernel())
    cgroup = Host(host.layout, kernel).driver.create("web", limited())
    before = host.read("cpuset", "cpuset.cpus")
    kernel.fail_path("write", f"{host.directory('cpuset', 'web')}/cpuset.mems", errno.EINVAL)
    with pytest.raises(Invalid, match="cpuset mems 0 is refused"):
        cgroup.apply(limited(cpuset_cpus="0", cpuset_mems="0"))
    assert host.read("cpuset", "cpuset.cpus") == before


def test_memory_below_what_is_in_use_is_refused_and_kills_nobody(host: Host) -> None:
    cgroup = host.driver.create("web", limited(memory=128 * MIB, memory_swap=128 * MIB))
    process = host.started(
        cgroup, "a=$(head -c 20000000 /dev/zero | tr '\\0' x); echo ready; read never; echo $a >/dev/null; sleep 60"
    )
    with pytest.raises(Invalid, match="memory") as caught:
        cgroup.apply(limited(memory=8 * MIB, memory_swap=8 * MIB))
    assert str(8 * MIB) in str(caught.value)
    assert process.poll() is None
    assert host.read("memory", "memory.max" if host.v2_limits else "memory.limit_in_bytes") == str(128 * MIB)


def test_too_much_memory_is_the_end_of_the_process_and_is_counted(host: Host) -> None:
    cgroup = host.driver.create("web", limited(memory=16 * MIB, memory_swap=16 * MIB))
    sampler = cgroup.sampler()
    before = sampler.sample()
    process = host.run(cgroup, "exec tail /dev/zero")
    assert process.wait(60) == -signal.SIGKILL
    after = sampler.sample()
    assert before is not None and after is not None
    assert after.oom_kills > before.oom_kills >= 0
    assert after.memory_limit == 16 * MIB
    assert after.memory_peak > 8 * MIB
    sampler.close()


def test_processes_run_where_the_cpuset_says(host: Host) -> None:
    process = host.started(host.driver.create("web", limited(cpuset_cpus="0")), SLEEP)
    assert os.sched_getaffinity(process.pid) == {0}


# processes


def test_a_process_is_in_the_group_in_every_hierarchy(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    process = host.started(cgroup, SLEEP)
    with open(f"/proc/{process.pid}/cgroup") as file:
        lines = [line for line in file if f"/{PARENT}/web" in line]
    assert len(lines) == len(host.mounts())
    assert cgroup.processes() == (process.pid,)


def test_processes_below_the_group_count(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    process = host.started(cgroup, SLEEP)
    mount = host.layout.unified or dict(host.layout.v1)["freezer"]
    inner = f"{mount}/{PARENT}/web/inner"
    os.mkdir(inner)
    try:
        with open(f"{inner}/cgroup.procs", "w") as file:
            file.write(str(process.pid))
    except OSError as error:
        pytest.skip(f"processes cannot be moved below here: {error}")
    assert cgroup.processes() == (process.pid,)
    assert cgroup.kill(signal.SIGKILL) == 1
    assert process.wait(60) == -signal.SIGKILL


def test_a_frozen_process_makes_no_progress_until_it_is_thawed(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    process = host.started(cgroup, "echo ready; while :; do :; done")
    cgroup.freeze()
    frozen = _ticks(process.pid)
    until = time.monotonic() + 0.1
    while time.monotonic() < until:
        assert _ticks(process.pid) == frozen
    state = _freeze_state(host)
    assert state in ("FROZEN", "1")
    assert host.driver.frozen("web")
    cgroup.freeze()
    cgroup.thaw()
    assert _freeze_state(host) in ("THAWED", "0")
    assert not host.driver.frozen("web")
    assert eventually(lambda: _ticks(process.pid) > frozen)


def test_a_signal_reaches_every_process_and_nobody_else(host: Host) -> None:
    bystander = host.started(host.driver.create("other", limited()), SLEEP)
    cgroup = host.driver.create("web", limited())
    process = host.started(cgroup, "sleep 60 & sleep 60 & echo ready; sleep 60; :")
    assert eventually(lambda: len(host.pids()) == 4)
    assert cgroup.kill(signal.SIGTERM) == 4
    assert process.wait(60) == -signal.SIGTERM
    assert eventually(lambda: not host.pids())
    assert bystander.poll() is None


def test_a_frozen_group_stays_frozen_for_a_signal_and_dies_of_sigkill(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    # v2 lets a frozen process die of a signal that it does not handle; one that it handles waits for the thaw.
    process = host.started(cgroup, "trap : TERM; echo ready; while :; do :; done")
    cgroup.freeze()
    assert cgroup.kill(signal.SIGTERM) == 1
    assert _freeze_state(host) in ("FROZEN", "1")
    assert process.poll() is None
    assert cgroup.kill(signal.SIGKILL) == 1
    assert process.wait(60) == -signal.SIGKILL
    assert eventually(lambda: not host.pids())
    host.started(cgroup, SLEEP)


def test_one_kill_ends_a_fork_bomb_which_the_limit_holds_in(host: Host) -> None:
    perl = require("perl")
    cgroup = host.driver.create("web", limited(pids=64, cpus=0.5, memory=64 * MIB))
    # A shell gives up when fork fails, and the bomb might put itself out; this one never does.
    host.started(cgroup, f"exec {perl} -e '$| = 1; print qq(ready\\n); fork while 1'")
    assert eventually(lambda: len(host.pids()) > 60)
    for _ in range(20):
        assert int(host.read("pids", "pids.current")) <= 64
    assert cgroup.kill(signal.SIGKILL) > 0
    assert eventually(lambda: not host.pids())
    host.driver.remove("web")


def test_a_group_that_another_hand_removed(host: Host) -> None:
    cgroup = host.driver.create("web", limited())
    for mount in host.mounts():
        os.rmdir(f"{mount}/{PARENT}/web")
    for verb in (lambda: cgroup.apply(limited(pids=5)), cgroup.freeze, cgroup.thaw):
        with pytest.raises(NotFound, match="gone"):
            verb()
    assert cgroup.processes() == ()
    assert not host.driver.frozen("web")
    assert cgroup.kill(signal.SIGKILL) == 0
    assert cgroup.kill(signal.SIGTERM) == 0
    assert cgroup.files() == ()
    assert cgroup.sampler().sample() is None


def test_a_parent_that_another_hand_removed_is_made_again(host: Host) -> None:
    host.driver.create("web", limited())
    host.driver.remove("web")
    for mount in host.mounts():
        os.rmdir(f"{mount}/{PARENT}")
    host.started(host.driver.create("web", limited(pids=5)), SLEEP)
    assert host.read("pids", "pids.max") == "5"


# reading


def test_a_sample_has_what_the_kernel_counted(host: Host) -> None:
    cgroup = host.driver.create("web", limited(memory=64 * MIB, pids=20, cpus=0.5))
    sampler = cgroup.sampler()
    idle = sampler.sample()
    assert idle is not None
    assert (idle.cpu_ns, idle.pids, idle.memory) == (0, 0, 0)
    host.started(cgroup, "sleep 60 & echo ready; while :; do :; done")
    assert eventually(lambda: (s := sampler.sample()) is not None and s.cpu_ns > 50_000_000 and s.throttled_ns > 0)
    busy = sampler.sample()
    assert busy is not None
    assert busy.pids == int(host.read("pids", "pids.current")) == 2
    assert busy.pids_limit == 20
    assert busy.memory_limit == 64 * MIB
    assert 0 < busy.memory <= busy.memory_peak
    assert busy.periods >= busy.throttled_periods > 0 < busy.throttled_ns
    assert busy.cpu_user_ns > 0
    assert busy.time_ns > idle.time_ns
    sampler.close()
    assert sampler.sample() is None
    sampler.close()


def test_the_pressure_of_a_group_is_read_where_the_kernel_has_it(host: Host) -> None:
    cgroup = host.driver.create("web", limited(cpus=0.1))
    if not host.layout.unified or not os.path.exists(f"{host.layout.unified}/{PARENT}/web/cpu.pressure"):
        pytest.skip("no pressure here: it needs cgroup v2 and PSI")
    host.started(cgroup, "echo ready; while :; do :; done")
    sampler = cgroup.sampler()

    def some_us() -> int:
        sample = sampler.sample()
        return sample.cpu_pressure.some_us if sample is not None and sample.cpu_pressure is not None else 0

    assert eventually(some_us)
    seen = some_us()
    with open(f"{host.layout.unified}/{PARENT}/web/cpu.pressure") as file:
        assert int(file.readline().rpartition("=")[2]) >= seen > 0
    sampler.close()


def test_a_sampler_ends_with_its_group(host: Host) -> None:
    sampler = host.driver.create("web", limited()).sampler()
    assert sampler.sample() is not None
    host.driver.remove("web")
    assert sampler.sample() is None
    sampler.close()


def test_every_kernel_file_is_listed_with_its_value(host: Host) -> None:
    cgroup = host.driver.create("web", limited(pids=42))
    listed = {file.path: file for file in cgroup.files()}
    for mount in host.mounts():
        directory = f"{mount}/{PARENT}/web"
        names = {f"{directory}/{name}" for name in os.listdir(directory)}
        assert names <= listed.keys()
    limit = listed[f"{host.directory('pids', 'web')}/pids.max"]
    assert (limit.value, limit.writable) == ("42", True)
    current = listed[f"{host.directory('pids', 'web')}/pids.current"]
    assert (current.value, current.writable) == ("0", False)
    assert "tasks" in limit.meaning
    unexplained = {file.name for file in listed.values() if not file.meaning}
    assert len(unexplained) < len(listed) / 10, unexplained


def _ticks(pid: int) -> int:
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _freeze_state(host: Host) -> str:
    if host.layout.unified:
        with open(f"{host.layout.unified}/{PARENT}/web/cgroup.freeze") as file:
            return file.read().strip()
    return host.read("freezer", "freezer.state")
