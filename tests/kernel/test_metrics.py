"""Collecting samples of real groups."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Iterator

import pytest

from tests.contract.cgroups import LAYOUT, PARENT, Host, eventually, limited
from tests.kernel.host import cpu_ns
from tuicont.core.history.collector import Collector

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(LAYOUT.mode == "none", reason="no cgroup file system is mounted"),
]


ALWAYS = (0, 1 << 62)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host(LAYOUT)
    try:
        yield made
    finally:
        made.clean_up()


@pytest.fixture
def collector(host: Host) -> Iterator[Collector]:
    made = Collector(lambda group: host.driver.open(group).sampler())
    yield made
    made.close()


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_a_busy_group_has_a_rate_and_an_idle_one_none(host: Host, collector: Collector) -> None:
    host.driver.create("idle", limited())
    host.started(host.driver.create("web", limited()), "echo ready; while :; do :; done")
    samples, rates, recent = collector.collect(["idle", "web"])
    assert samples.keys() == recent.keys() == {"idle", "web"}
    assert rates == {}
    assert eventually(lambda: cpu_ns(PARENT, "web") > samples["web"].cpu_ns + 50_000_000)
    used, later = cpu_ns(PARENT, "web"), collector.collect(["idle", "web"])
    assert later.rates["idle"].cpu == 0
    before, after = samples["web"], later.samples["web"]
    assert before.cpu_ns < used <= after.cpu_ns
    grown, span = after.cpu_ns - before.cpu_ns, after.time_ns - before.time_ns
    assert later.rates["web"].cpu == pytest.approx(100 * grown / span)


def test_a_group_that_goes_is_left_out_and_its_files_are_closed(host: Host, collector: Collector) -> None:
    host.driver.create("web", limited())
    collector.collect([])
    before = descriptors()
    collector.collect(["web"])
    assert descriptors() > before
    host.driver.remove("web")
    assert collector.collect(["web"]) == ({}, {}, {})
    assert descriptors() == before
    assert len(collector.history("web", *ALWAYS)) == 1
    collector.forget("web")
    assert len(collector.history("web", *ALWAYS)) == 0


def test_a_group_that_is_made_later_is_found(host: Host, collector: Collector) -> None:
    assert collector.collect(["web"]) == ({}, {}, {})
    host.driver.create("web", limited())
    assert collector.collect(["web"]).samples.keys() == {"web"}


def test_a_group_that_nobody_asks_for_any_more_is_closed(host: Host, collector: Collector) -> None:
    host.driver.create("web", limited())
    collector.collect([])
    before = descriptors()
    collector.collect(["web"])
    collector.collect([])
    assert descriptors() == before


def test_history_is_kept_about_once_a_second(host: Host, collector: Collector) -> None:
    host.driver.create("web", limited())
    for _ in range(10):
        collector.collect(["web"])
    assert len(collector.history("web", *ALWAYS)) == 1


def test_the_limit_of_open_files_is_raised_for_the_samplers(host: Host, collector: Collector) -> None:
    host.driver.create("web", limited())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = descriptors() + 205
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
    try:
        assert collector.collect(["web"]).samples.keys() == {"web"}
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > low
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.host_only
def test_beyond_the_hard_limit_samples_still_come(host: Host) -> None:
    for group in ("a", "b", "c"):
        host.driver.create(group, limited(pids=9))
    # The hard limit cannot be raised again: another process has it.
    child = os.fork()
    if child == 0:
        code = 1
        try:
            limit = descriptors() + 200 + 20
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            before = descriptors()
            collector = Collector(lambda group: host.driver.open(group).sampler())
            for _ in range(3):
                samples = collector.collect(["a", "b", "c"]).samples
                kept = descriptors() - before
                if {s.pids_limit for s in samples.values()} == {9} and len(samples) == 3 and 0 < kept <= 20:
                    code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_threads_may_collect_at_the_same_time(host: Host, collector: Collector) -> None:
    for group in ("a", "b"):
        host.driver.create(group, limited())
    wrong: list[object] = []

    def work(groups: list[str]) -> None:
        for _ in range(50):
            samples = collector.collect(groups).samples
            if samples.keys() != set(groups):
                wrong.append(samples)

    threads = [threading.Thread(target=work, args=(groups,)) for groups in (["a"], ["a", "b"], [])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.host_only
def test_a_hundred_containers_cost_little(host: Host, collector: Collector) -> None:
    groups = [f"g{n}" for n in range(100)]
    for group in groups:
        host.driver.create(group, limited(pids=9))
    collector.collect(groups)
    costs = []
    for _ in range(5):
        before = time.thread_time()
        collector.collect(groups)
        costs.append(time.thread_time() - before)
    assert min(costs) < 0.02, "2 % of a core for 100 containers at one sample a second"
