"""Capabilities, sysctls, security options and mount options as values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.runtime.native import mount_options as mo
from tuicont.core.runtime.ops import flags as bits
from tuicont.core.security import capabilities as caps
from tuicont.core.security import masks, sysctls
from tuicont.core.spec.options import SecurityOptions, security_options
from tuicont.core.spec.resources import DEFAULT_DEVICES

names = st.sampled_from(caps.NAMES)


def test_docker_leaves_fourteen_capabilities() -> None:
    assert caps.DEFAULT.bit_count() == 14
    assert caps.DEFAULT == 0x00000000A80425FB


def test_what_is_hidden_is_what_docker_hides() -> None:
    """As of moby's daemon/pkg/oci/defaults.go on 2026-11-26."""
    assert " ".join(masks.MASKED) == (
        "/proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug "
        "/proc/scsi /proc/timer_list /proc/timer_stats /sys/devices/virtual/powercap /sys/firmware"
    )
    assert " ".join(masks.READ_ONLY) == "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"


def test_devices_are_dockers_and_runcs() -> None:
    """As of moby's daemon/pkg/oci/defaults.go and runc's libcontainer/specconv/spec_linux.go on 2026-11-26."""
    assert DEFAULT_DEVICES[0] == {"allow": False, "access": "rwm"}
    rules = {f"{d['type']} {d.get('major', '*')}:{d.get('minor', '*')} {d['access']}" for d in DEFAULT_DEVICES[1:]}
    usable = ("1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2", "136:*")
    assert rules == {"c *:* m", "b *:* m", *(f"c {numbers} rwm" for numbers in usable)}
    assert all(rule["allow"] for rule in DEFAULT_DEVICES[1:])


@pytest.mark.parametrize(
    ("add", "drop", "bits"),
    [
        ((), (), caps.DEFAULT),
        (("net_admin",), (), caps.DEFAULT | caps.mask(["CAP_NET_ADMIN"])),
        ((), ("CAP_CHOWN",), caps.DEFAULT & ~1),
        (("ALL",), (), caps.ALL),
        (("all",), ("sys_admin",), caps.ALL & ~caps.CAP_SYS_ADMIN),
        ((), ("ALL",), 0),
        (("kill",), ("ALL",), caps.mask(["CAP_KILL"])),
        (("kill",), ("kill",), caps.DEFAULT & ~caps.mask(["CAP_KILL"])),
    ],
)
def test_adding_and_dropping_as_docker_does(add: tuple[str, ...], drop: tuple[str, ...], bits: int) -> None:
    assert caps.adjusted(add, drop) == bits


@given(st.lists(names))
def test_names_and_masks_are_each_others_reverse(chosen: list[str]) -> None:
    assert set(caps.names(caps.mask(chosen))) == set(chosen)


def test_a_container_never_gets_what_the_engine_lacks() -> None:
    assert caps.adjusted(("ALL",), (), every=0b1011) == 0b1011
    assert caps.adjusted(("sys_boot",), ("ALL",), every=0b1011) == 0


def test_unknown_capabilities_are_named() -> None:
    with pytest.raises(ValueError, match="'NET_ADMN'"):
        caps.adjusted(("NET_ADMN",), ())


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        ("net.ipv4.ip_forward", "network", "net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.100/forwarding", "network", "net/ipv4/conf/eth0.100/forwarding"),
        ("net.ipv4.conf.eth0/100.forwarding", "network", "net/ipv4/conf/eth0.100/forwarding"),
        ("kernel.msgmax", "ipc", "kernel/msgmax"),
        ("fs.mqueue.msg_max", "ipc", "fs/mqueue/msg_max"),
        ("kernel.domainname", "uts", "kernel/domainname"),
        ("kernel.core_pattern", "", "kernel/core_pattern"),
        ("vm.swappiness", "", "vm/swappiness"),
        ("kernel/core_pattern", "", "kernel/core_pattern"),
    ],
)
def test_a_setting_belongs_to_a_namespace_or_to_the_host(name: str, kind: str, path: str) -> None:
    assert (sysctls.namespace(name), sysctls.path(name)) == (kind, path)


@pytest.mark.parametrize("name", ["net/../kernel/core_pattern", "net..x", "", "/net", "net/./x"])
def test_settings_that_leave_their_directory_belong_to_nobody(name: str) -> None:
    assert sysctls.namespace(name) == ""
    with pytest.raises(ValueError, match="no setting"):
        sysctls.path(name)


def test_security_options() -> None:
    assert security_options(()) == SecurityOptions()
    assert security_options(("no-new-privileges", "seccomp=unconfined", "apparmor=unconfined", "label=disable")) == (
        SecurityOptions(seccomp="unconfined", no_new_privileges=True)
    )
    assert security_options(("no-new-privileges:false", "seccomp:/p.json", "systempaths=unconfined")) == (
        SecurityOptions(seccomp="/p.json", system_paths_unconfined=True)
    )
    for option in ("no-new-privileges=maybe", "seccomp=", "systempaths=hidden", "frobnicate=yes"):
        with pytest.raises(Invalid, match=option.partition("=")[0]):
            security_options((option,))
    for option, module in (("apparmor=mine", "AppArmor"), ("label=type:x_t", "SELinux")):
        with pytest.raises(Unsupported, match=f"{module} is not active on this host"):
            security_options((option,))


def test_mount_options_become_flags_attributes_and_data() -> None:
    parsed = mo.parse(("nosuid", "ro", "exec", "mode=755", "rw", "noexec", "rprivate", "size=4k"))
    assert parsed.flags == bits.MS_NOSUID | bits.MS_NOEXEC
    assert parsed.attributes == bits.MOUNT_ATTR_NOSUID | bits.MOUNT_ATTR_NOEXEC
    assert parsed.propagation == bits.MS_PRIVATE | bits.MS_REC
    assert (parsed.data, parsed.bind) == ("mode=755,size=4k", False)
    bound = mo.parse(("rbind", "rro", "ro"))
    assert (bound.bind, bound.bind_recursive, bound.recursive) == (True, True, bits.MOUNT_ATTR_RDONLY)
    with pytest.raises(Unsupported, match="'idmap'"):
        mo.parse(("bind", "idmap"))


@given(st.lists(st.text(min_size=1).filter(lambda text: "," not in text), max_size=5))
def test_options_that_are_not_the_kernels_stay_data_in_their_order(texts: list[str]) -> None:
    own = tuple(f"x-{text}" for text in texts)
    assert mo.parse(own).data == ",".join(own)
