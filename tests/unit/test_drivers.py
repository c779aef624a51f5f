"""Which driver is taken: the one that was named, else what the root has begun with, else the first that works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.doubles.drivers import ProbedDriver
from tuicont.core.engine import drivers
from tuicont.core.engine.drivers import Drivers, check_names, has_content
from tuicont.core.errors import Invalid, Unsupported

NAMES = ("broken", "plain", "other")


def make(kind: Callable[[str], Any], name: str) -> Any:
    return kind(name)


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    table = dict.fromkeys(NAMES, "tests.doubles.drivers:ProbedDriver")
    monkeypatch.setattr(drivers, "STORAGE", table)
    monkeypatch.setattr(drivers, "RUNTIME", table)


def chosen(*, storage: str = "", runtime: str = "", used: tuple[str, ...] = ()) -> Drivers:
    cgroups: Any = ProbedDriver("cgroups")
    return Drivers(cgroups, make, make, storage=storage, runtime=runtime, used_storages=lambda: used)


def test_the_first_that_works_is_taken() -> None:
    assert (chosen().storage().name, chosen().runtime().name) == ("plain", "plain")


def test_a_root_stays_with_what_it_has_begun_with() -> None:
    assert chosen(used=("other",)).storage().name == "other"


def test_what_was_named_goes_before_both() -> None:
    named = chosen(storage="plain", runtime="other", used=("other",))
    assert (named.storage().name, named.runtime().name) == ("plain", "other")


def test_a_container_s_own_goes_before_the_engine_s() -> None:
    assert chosen(runtime="other").new_runtime("plain").name == "plain"
    assert chosen(runtime="other").new_runtime().name == "other"


def test_what_was_named_and_cannot_work_is_not_replaced() -> None:
    with pytest.raises(Unsupported, match=r"cannot use the runtime broken: it is broken"):
        chosen(runtime="broken").runtime()
    with pytest.raises(Unsupported, match=r"cannot use the runtime broken: it is broken"):
        chosen().new_runtime("broken")
    with pytest.raises(Unsupported, match=r"cannot use the storage driver broken: it is broken"):
        chosen(storage="broken").storage()


def test_a_name_that_there_is_not_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(Invalid, match=r"storage driver fancy: .*\nhint: there are broken, plain, other"):
        check_names(storage="fancy", runtime="")
    with pytest.raises(Invalid, match=r"runtime fancy: .*\nhint: there are broken, plain, other"):
        check_names(storage="plain", runtime="fancy")
    with pytest.raises(Invalid, match=r"runtime fancy"):
        chosen().new_runtime("fancy")


def test_what_a_container_was_made_with_is_used_whatever_is_chosen_now() -> None:
    named = chosen(storage="plain", runtime="plain")
    assert (named.storage("other").name, named.runtime("other").name) == ("other", "other")


def test_probes_tell_which_ones_are_used() -> None:
    probes = chosen(storage="other").probes()
    assert [p.name for p in probes] == ["cgroups", *NAMES, *NAMES]
    assert [p.name for p in probes if p.used] == ["cgroups", "other", "plain"]


def test_where_none_works_none_is_used() -> None:
    broken = chosen(storage="broken")
    assert (broken.storage_name, broken.runtime_name) == ("", "plain")
    assert [p.name for p in broken.probes() if p.used] == ["cgroups", "plain"]


def test_a_driver_that_was_only_probed_is_not_one_that_the_root_has_begun_with(tmp_path: Path) -> None:
    assert not has_content(str(tmp_path / "nothing"))
    (tmp_path / "layers").mkdir()
    assert not has_content(str(tmp_path))
    (tmp_path / "layers" / "1").mkdir()
    assert has_content(str(tmp_path))
