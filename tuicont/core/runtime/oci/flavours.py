"""What the programs differ in. Pure."""

from __future__ import annotations

import re

import msgspec


class Flavour(msgspec.Struct, frozen=True, kw_only=True):
    """One program. `options` come before its command. `joins` says that it puts processes into the cgroup that the
    specification names and sets the limits there again; else they stay in the one that it was started in. `hybrid` says
    that it works beside a mounted v2 hierarchy without controllers. `not_found` and `not_executable` match what it
    says of a command that is not there (127) or cannot be executed (126)."""

    program: str
    options: tuple[str, ...] = ()
    joins: bool
    hybrid: bool
    not_found: re.Pattern[str]
    not_executable: re.Pattern[str]


CRUN = Flavour(
    program="crun",
    options=("--cgroup-manager=disabled",),
    joins=False,
    hybrid=False,
    not_found=re.compile(r"executable file .* not found|open executable: No such file"),
    not_executable=re.compile(r"open executable: |exec container process"),
)
RUNC = Flavour(
    program="runc",
    joins=True,
    hybrid=True,
    not_found=re.compile(r'exec: "[^"]*": (executable file not found|stat .*: no such file)'),
    not_executable=re.compile(r'exec: "[^"]*": '),
)
