"""What holds of the overlay driver alone."""

from __future__ import annotations

import os
from pathlib import Path

from tuicont.core.storage.overlay.driver import OverlayDriver
from tuicont.core.sys.kernel import RealKernel
from tuicont.core.sys.mounts import in_private_namespace, mount


def test_a_directory_that_is_itself_on_overlay_is_refused_with_the_reason(tmp_path: Path) -> None:
    """Where a container engine runs inside of a container, without a volume."""
    for part in ("lower", "upper", "work", "merged"):
        (tmp_path / part).mkdir()

    def run() -> tuple[bool, str]:
        os.chdir(tmp_path)
        mount("overlay", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work")
        probe = OverlayDriver(RealKernel(), str(tmp_path / "merged/storage")).probe()
        return probe.supported, probe.reason

    supported, reason = in_private_namespace(run)
    assert not supported
    assert "is on overlay" in reason
