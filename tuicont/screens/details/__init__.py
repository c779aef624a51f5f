"""The tabs of one container: everything that the Containers screen shows of the selected one."""

from tuicont.screens.details.details import Details

__all__ = ["Details"]
