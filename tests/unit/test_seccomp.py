"""The default profile, what of it applies to a container, and the filter that is made of it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.seccomp_machine import ALLOW, ERRNO, KILL, X86, X86_64, answer, reference
from tuicont.core.errors import Invalid, Unsupported
from tuicont.core.model.host import HostFacts
from tuicont.core.security import capabilities, filters
from tuicont.core.security.bpf import Operator
from tuicont.core.security.filter_cache import FilterCompiler
from tuicont.core.security.seccomp import parse_profile, resolve
from tuicont.core.sys import libseccomp
from tuicont.resources import read_text

HOST = HostFacts(kernel=(6, 1), machine="x86_64")
X32 = 0x40000000
SOCKET = {X86_64: 41, X86: 359}
SOCKETCALL = 102
DATA = Path(__file__).resolve().parents[1] / "data" / "docker_seccomp_names.json"
DOCKER = {key: set(" ".join(lines).split()) for key, lines in json.loads(DATA.read_text()).items() if key != "read"}
"""What the newest profile of Docker's allows, and where and when that was read; its names, and what it compares
arguments with."""
REFUSED_HERE = {"socketcall"}
"""All that Docker's profile allows and this one does not; docs/security.md says why. It allows nothing that Docker's
does not."""
OF_OTHER_MACHINES = {"riscv_hwprobe"}
OF_X86 = (DOCKER["always"] | DOCKER["by argument"] | {"arch_prctl", "modify_ldt"}) - REFUSED_HERE


def chosen(bits: int = capabilities.DEFAULT, host: HostFacts = HOST) -> dict[str, Any]:
    return resolve(parse_profile(read_text("seccomp/default.json")), bits, host)


def allowed(bits: int = capabilities.DEFAULT, host: HostFacts = HOST) -> set[str]:
    rules = chosen(bits, host)["syscalls"]
    return {name for rule in rules if rule["action"] == "SCMP_ACT_ALLOW" for name in rule["names"]}


def call(program: bytes, name: str, *arguments: int, architecture: int = X86_64) -> int:
    number = libseccomp.syscall_number(name, architecture)
    assert number >= 0, name
    return answer(program, architecture, number, arguments)


def test_the_default_profile_allows_what_dockers_does() -> None:
    assert allowed(0) == OF_X86
    assert allowed() == OF_X86 | DOCKER["CAP_SYS_CHROOT"]


@pytest.mark.parametrize("capability", sorted(key for key in DOCKER if key.startswith("CAP_")))
def test_a_capability_brings_the_calls_that_it_brings_in_docker(capability: str) -> None:
    assert allowed(capabilities.mask([capability])) == OF_X86 | DOCKER[capability]


def test_arguments_are_compared_with_what_docker_compares_them_with() -> None:
    program = filters.compile_filter(chosen())
    families, personalities = ({int(word) for word in DOCKER[key]} for key in ("socket families", "personalities"))
    (namespaces,) = (int(word) for word in DOCKER["flags that clone may not have"])
    for architecture in (X86_64, X86):
        made = {n for n in range(64) if answer(program, architecture, SOCKET[architecture], (n,)) == ALLOW}
        assert made == families | {0}, "AF_UNSPEC makes no socket"
        for bit in (1 << n for n in range(32)):
            answered = call(program, "clone", bit, architecture=architecture)
            assert answered == (ERRNO | errno.EPERM if bit & namespaces else ALLOW), hex(bit)
        for value in {0, *personalities, *(1 << n for n in range(32))}:
            answered = call(program, "personality", value, architecture=architecture)
            assert answered == (ALLOW if value in personalities else ERRNO | errno.EPERM), hex(value)


def test_every_name_of_docker_s_has_a_number_whatever_the_age_of_libseccomp() -> None:
    """What has none would be left out of the filter, and refused."""
    machines = {"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]}
    empty = {**machines, "defaultAction": "SCMP_ACT_KILL"}
    without = {
        name
        for name in DOCKER["always"]
        if filters.compile_filter({**empty, "syscalls": [{"names": [name], "action": "SCMP_ACT_ALLOW"}]})
        == filters.compile_filter(empty)
    }
    assert without == OF_OTHER_MACHINES
    assert answer(filters.compile_filter(chosen()), X86_64, 335) == ALLOW, "uretprobe, which the kernel makes itself"


def test_machine_and_kernel_decide_too() -> None:
    assert "set_tls" in allowed(host=HostFacts(machine="aarch64", kernel=(6, 1)))
    assert "arch_prctl" not in allowed(host=HostFacts(machine="aarch64", kernel=(6, 1)))
    assert "ptrace" not in allowed(host=HostFacts(kernel=(4, 7)))
    assert "ptrace" in allowed(host=HostFacts(kernel=(4, 8)))
    with pytest.raises(Unsupported, match="machine pdp11"):
        chosen(host=HostFacts(machine="pdp11"))


def test_names_of_the_profile_stand_in_one_place_only() -> None:
    rules = json.loads(read_text("seccomp/default.json"))["syscalls"]
    plain = [name for rule in rules if rule.keys() <= {"comment", "names", "action"} for name in rule["names"]]
    assert len(plain) == len(set(plain))


def libseccomps(seccomp: dict[str, Any]) -> list[tuple[int, str, list[tuple[int, int, int, int]]]]:
    """The rules as libseccomp's own compiler takes them."""
    rules = []
    for entry in seccomp["syscalls"]:
        action = ALLOW if entry["action"] == "SCMP_ACT_ALLOW" else ERRNO | entry["errnoRet"]
        comparisons = [
            (arg["index"], int(Operator[arg["op"].removeprefix("SCMP_CMP_")]), arg["value"], arg["valueTwo"])
            for arg in entry.get("args", [])
        ]
        rules += [(action, name, comparisons) for name in entry["names"]]
    return rules


def test_the_filter_answers_as_libseccomps_own_does() -> None:
    theirs = reference(ERRNO | errno.EPERM, [X86], libseccomps(chosen()))
    ours = filters.compile_filter({**chosen(), "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]})
    newer = {335, *range(450, 500)}  # beyond this libseccomp's tables: not compared
    arguments = [(value, 0, 0, 0, 0, 0) for value in (0, 1, 8, 12, 16, 38, 40, 41, 46, 0x20000, 0x10000000, 1 << 40)]
    for architecture in (X86_64, X86):
        for number in set(range(600)) - newer:
            theirs_first = answer(theirs, architecture, number, arguments[0])
            ours_first = answer(ours, architecture, number, arguments[0])
            if ours_first == ERRNO | errno.ENOSYS and number > 466:
                assert theirs_first & 0xFFFF0000 == ERRNO
                continue
            for values in arguments:
                if architecture == X86 and values[0] >= 1 << 32:
                    continue  # 32-bit arguments have no upper half
                assert answer(ours, architecture, number, values) == answer(theirs, architecture, number, values), (
                    hex(architecture),
                    number,
                    values,
                )


def test_dangerous_calls_are_refused_and_fallbacks_work() -> None:
    program = filters.compile_filter(chosen())
    for name in ("mount", "unshare", "setns", "keyctl", "add_key", "bpf", "init_module", "reboot", "swapon", "ptrace"):
        assert call(program, name) == (ALLOW if name == "ptrace" else ERRNO | errno.EPERM), name
    for name in ("io_uring_setup", "userfaultfd", "open_by_handle_at", "perf_event_open", "pivot_root", "kexec_load"):
        assert call(program, name) == ERRNO | errno.EPERM, name
    assert call(program, "clone3") == ERRNO | errno.ENOSYS
    assert call(program, "clone", 0x10000000) == ERRNO | errno.EPERM
    assert call(program, "clone", 0x00000100) == ALLOW
    assert call(program, "socket", 2) == ALLOW
    assert call(program, "socket", 40) == ERRNO | errno.EPERM
    assert call(program, "personality", 0x0008) == ALLOW
    assert call(program, "personality", 0x0040000) == ERRNO | errno.EPERM


def test_calls_that_are_newer_than_the_library_keep_their_answer() -> None:
    program = filters.compile_filter(chosen())
    assert answer(program, X86_64, 452) == ALLOW, "fchmodat2"
    assert answer(program, X86, 452) == ALLOW
    assert answer(program, X86_64, X32 | 452) == ALLOW
    assert answer(program, X86_64, 900) == ERRNO | errno.ENOSYS, "libraries fall back"
    assert answer(program, X86_64, 430) == ERRNO | errno.EPERM, "fsopen is known and refused"


def test_other_architectures_end_the_process() -> None:
    program = filters.compile_filter({**chosen(), "architectures": ["SCMP_ARCH_X86_64"]})
    assert answer(program, X86, 20) == KILL
    assert answer(program, X86_64, X32 | 39) == KILL
    assert answer(program, X86_64, 39) == ALLOW


def test_conditions_are_read_as_runc_reads_them() -> None:
    def one(*conditions: tuple[int, int]) -> bytes:
        args = [{"index": index, "value": value, "op": "SCMP_CMP_EQ"} for index, value in conditions]
        rule = {"names": ["getpriority"], "action": "SCMP_ACT_LOG", "args": args}
        return filters.compile_filter({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]})

    both, either = one((0, 1), (1, 2)), one((0, 1), (0, 2))
    assert call(both, "getpriority", 1, 2) == 0x7FFC0000
    assert call(both, "getpriority", 1, 3) == ALLOW
    assert [call(either, "getpriority", n) == ALLOW for n in (1, 2, 3)] == [False, False, True]


def test_unknown_names_are_left_out_and_unknown_words_refused() -> None:
    base = {"defaultAction": "SCMP_ACT_ERRNO"}
    rule = {"names": ["getpid", "no_such_call"], "action": "SCMP_ACT_ALLOW"}
    assert call(filters.compile_filter({**base, "syscalls": [rule]}), "getpid") == ALLOW
    with pytest.raises(Unsupported, match="SCMP_ACT_NOTIFY"):
        filters.compile_filter({**base, "syscalls": [{**rule, "action": "SCMP_ACT_NOTIFY"}]})
    with pytest.raises(Unsupported, match="SCMP_ARCH_VAX"):
        filters.compile_filter({**base, "architectures": ["SCMP_ARCH_VAX"]})
    with pytest.raises(Invalid, match="SCMP_CMP_MAYBE"):
        args = [{"index": 0, "value": 1, "op": "SCMP_CMP_MAYBE"}]
        filters.compile_filter({**base, "syscalls": [{**rule, "args": args}]})
    for text in ("{", "[]", '{"syscalls": []}', '{"defaultAction": 3}'):
        with pytest.raises(Invalid, match=r"my\.json is not a seccomp profile"):
            parse_profile(text, "my.json")


def test_a_profile_of_the_older_form_is_read() -> None:
    text = '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "getpid", "action": "SCMP_ACT_ALLOW"}]}'
    program = filters.compile_filter(resolve(parse_profile(text), 0, HOST))
    assert call(program, "getpid") == ALLOW
    assert call(program, "lseek") == ERRNO | errno.EPERM


@pytest.mark.parametrize("library", [False, True], ids=["this compiler", "libseccomp"])
def test_no_socket_is_made_behind_a_pointer(library: bool) -> None:
    """socketcall(2), whose families no filter sees; and crun and runc leave the compiling to libseccomp, which lets it
    make sockets where socket(2) may."""
    if library:
        program = reference(ERRNO | errno.EPERM, [X86], libseccomps(chosen()))
    else:
        program = filters.compile_filter(chosen())
    for which in range(1, 21):
        assert answer(program, X86, SOCKETCALL, (which,)) == ERRNO | errno.ENOSYS, which
    assert answer(program, X86, SOCKET[X86], (2,)) == ALLOW
    assert answer(program, X86, SOCKET[X86], (38,)) == ERRNO | errno.EPERM


def test_where_the_c_library_has_no_other_call_for_sockets_it_may_make_them() -> None:
    assert "socketcall" in allowed(host=HostFacts(machine="s390x", kernel=(6, 1)))


def test_a_refusal_also_covers_the_call_that_multiplexes() -> None:
    rule = {"names": ["connect"], "action": "SCMP_ACT_ERRNO"}
    names = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    program = filters.compile_filter({"defaultAction": "SCMP_ACT_ALLOW", "architectures": names, "syscalls": [rule]})
    assert call(program, "connect") == ERRNO | errno.EPERM
    assert answer(program, X86, 362) == ERRNO | errno.EPERM
    assert call(program, "socketcall", 3, architecture=X86) == ERRNO | errno.EPERM
    assert call(program, "socketcall", 1, architecture=X86) == ALLOW


def test_programs_are_kept_on_disk_and_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    first = FilterCompiler(str(tmp_path / "cache"))(chosen())
    (stored,) = (tmp_path / "cache").iterdir()
    content = stored.read_bytes()
    assert first in content
    stored.write_bytes(content[:-8])
    assert FilterCompiler(str(tmp_path / "cache"))(chosen()) == first
    os.chmod(tmp_path / "cache", 0o700)
    assert FilterCompiler("/proc/nowhere")(chosen()) == first


def test_a_host_without_libseccomp_is_told_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> int:
        raise libseccomp.LibraryMissing("libseccomp.so.2: cannot open shared object file")

    monkeypatch.setattr(libseccomp, "native_architecture", missing)
    with pytest.raises(Unsupported, match="seccomp=unconfined"):
        filters.compile_filter(chosen())
