"""What an inner run of pytest recorded (`--junitxml`), for the test that started it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True)
class Counts:
    """How many tests of a run came to which end; a test that broke before or after its body has failed."""

    passed: int
    skipped: int
    failed: int

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.skipped} skipped, {self.failed} failed"


def read_counts(report: Path) -> Counts:
    """The counts of a report; none at all, when the run did not come to write one."""
    suites = ElementTree.parse(report).getroot().findall("testsuite") if report.exists() else []

    def sum_of(name: str) -> int:
        return sum(int(suite.get(name, "0")) for suite in suites)

    failed, skipped = sum_of("failures") + sum_of("errors"), sum_of("skipped")
    return Counts(passed=sum_of("tests") - failed - skipped, skipped=skipped, failed=failed)
