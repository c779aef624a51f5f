"""The kernel and contract tests hold on a second kernel that has nothing but cgroup v2."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.second_kernel.boot import find_kernel
from tests.second_kernel.conftest import JUNIT, TOLD, Boot

pytestmark = pytest.mark.second_kernel


def test_kernel_and_contract_tests_pass_on_a_kernel_with_cgroup_v2_alone(
    booted: Boot, pytestconfig: pytest.Config
) -> None:
    """Judged by what the inner run itself recorded: its exit code and its count of tests that passed."""
    assert booted.machine is not None
    outcome = booted.machine.wait()
    assert outcome.exit_code is not None, f"the second kernel did not come to its end\n{outcome}"

    report = booted.share / JUNIT
    assert report.exists(), f"the inner run wrote no report\n{outcome}"
    suites = ElementTree.parse(report).getroot().findall("testsuite")
    counts = {
        name: sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    }
    passed = counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
    kernel = find_kernel()
    pytestconfig.stash[TOLD] = (
        f"second kernel {kernel.version if kernel else ''}, cgroup v2 alone: {passed} passed, "
        f"{counts['skipped']} skipped, {counts['failures'] + counts['errors']} failed"
    )
    assert outcome.exit_code == 0, f"tests failed in the second kernel\n{outcome}"
    assert passed > 0, f"no test ran in the second kernel\n{outcome}"
