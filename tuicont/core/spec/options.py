"""`--security-opt` as values.

Pure. A profile's text is read by the caller; here only the choice is made.
"""

from __future__ import annotations

import msgspec

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.model.boolean import boolean

_OPERATION = "use --security-opt"


class SecurityOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`seccomp` is `default`, `unconfined` or the path of a profile."""

    seccomp: str = "default"
    no_new_privileges: bool = False
    system_paths_unconfined: bool = False


DEFAULT = SecurityOptions()


def security_options(options: tuple[str, ...], lsms: tuple[str, ...] = ()) -> SecurityOptions:
    """Read Docker's options (`name=value`, or the older `name:value`). `lsms` are the host's active security
    modules. Raises `Invalid` for what Docker does not know and `Unsupported` for what this host cannot do."""
    if not options:
        return DEFAULT
    seccomp, no_new_privileges, unconfined = "default", False, False
    for option in options:
        separator = "=" if "=" in option else ":"
        name, _, value = option.partition(separator)
        if name == "no-new-privileges":
            no_new_privileges = _switched_on(option, name, value)
        elif name == "seccomp":
            if not value:
                raise Invalid(_OPERATION, f"{option!r} names no profile", hint="default, unconfined or a file")
            seccomp = value if value != "builtin" else "default"
        elif name == "systempaths":
            if value != "unconfined":
                raise Invalid(_OPERATION, f"{option!r}: systempaths can only be unconfined")
            unconfined = True
        elif name in ("apparmor", "label"):
            _refuse_label(name, value, option, lsms)
        else:
            raise Invalid(
                _OPERATION,
                f"unknown option {option!r}",
                hint="seccomp=…, no-new-privileges, systempaths=unconfined, apparmor=unconfined or label=disable",
            )
    return SecurityOptions(seccomp=seccomp, no_new_privileges=no_new_privileges, system_paths_unconfined=unconfined)


def _switched_on(option: str, name: str, value: str) -> bool:
    try:
        return option == name or boolean(value)
    except ValueError:
        raise Invalid(_OPERATION, f"{option!r} is neither true nor false") from None


def _refuse_label(name: str, value: str, option: str, lsms: tuple[str, ...]) -> None:
    module, off = ("AppArmor", "unconfined") if name == "apparmor" else ("SELinux", "disable")
    if value == off:
        return
    absent = f"{module} is not active on this host" if module.lower() not in lsms else f"{module} labels are not set"
    raise Unsupported(_OPERATION, f"{option!r}: {absent}", hint=f"{name}={off} is what containers get here")
