"""What a program loads is found as the dynamic linker finds it, and damaged files are told from programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import require
from tuicont.core.image.demo.elf import Elf, parse_elf
from tuicont.core.image.demo.libraries import Libraries, configured_directories
from tuicont.core.image.demo.tree import Tree

LS = shutil.which("ls") or "/bin/ls"


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def closure(path: str) -> set[str]:
    """Real paths of everything that is loaded with `path`."""
    libraries, found, pending = Libraries(read), set(), [path]
    while pending:
        here = pending.pop()
        elf = parse_elf(read(here))
        assert elf is not None
        for name in elf.needed:
            library = libraries.find(name, here, elf)
            assert library is not None, name
            real = str(Path(library.path).resolve())
            if real not in found:
                found.add(real)
                pending.append(real)
        if elf.interpreter:
            found.add(str(Path(elf.interpreter).resolve()))
    return found


@pytest.mark.parametrize("program", ["ls", "tar", "python3", "bash"])
def test_the_same_libraries_are_found_as_ldd_finds(program):
    path = str(Path((require("ldd") and shutil.which(program, path="/usr/bin:/bin")) or LS).resolve())
    told = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    assert closure(path) == {str(Path(p).resolve()) for p in re.findall(r"(/\S+) \(0x", told)}


def test_a_script_is_no_elf_file():
    assert parse_elf(b"#!/bin/sh\n") is None
    assert parse_elf(b"") is None


def test_a_static_program_needs_nothing():
    elf = parse_elf(read(require("busybox")))
    assert (elf.interpreter, elf.needed) == ("", ())


def test_a_cut_file_is_an_error_or_read_as_far_as_it_goes():
    data = read(LS)
    for length in (5, 20, 60, 100, 700, 3000):
        try:
            assert isinstance(parse_elf(data[:length]), Elf)
        except ValueError as error:
            assert "damaged" in str(error)


@given(st.binary(max_size=300))
def test_any_bytes_behind_the_magic_are_read_or_refused(data):
    try:
        parse_elf(b"\x7fELF" + data)
    except ValueError as error:
        assert "damaged" in str(error)


def test_the_linkers_configuration_is_read_with_what_it_includes(tmp_path):
    (tmp_path / "ld.so.conf.d").mkdir()
    (tmp_path / "ld.so.conf").write_text("# comment\n/opt/a/lib\ninclude ld.so.conf.d/*.conf\n")
    (tmp_path / "ld.so.conf.d/b.conf").write_text("/opt/b/lib # why\n\nnot absolute\n")
    (tmp_path / "ld.so.conf.d/c.conf").write_text(f"include {tmp_path}/ld.so.conf\n/opt/c/lib\n")
    found = configured_directories(str(tmp_path / "ld.so.conf"))
    assert list(dict.fromkeys(found)) == ["/opt/a/lib", "/opt/b/lib", "/opt/c/lib"]


def test_a_program_comes_with_its_interpreter_and_every_link_on_the_way(tmp_path):
    (tmp_path / "real").mkdir()
    shutil.copy(LS, tmp_path / "real/program")
    (tmp_path / "bin").symlink_to("real")
    (tmp_path / "real/alias").symlink_to("program")
    tree = Tree()
    tree.program(f"{tmp_path}/bin/alias")
    entries = {path[len(str(tmp_path)) :]: e for path, e in tree.entries.items() if path.startswith(f"{tmp_path}/")}
    assert (entries["/bin"].data, entries["/real/alias"].data) == (b"real", b"program")
    assert entries["/real/program"].data == read(LS)
    elf = parse_elf(read(LS))
    assert str(Path(elf.interpreter).resolve()) in tree.entries


def test_a_library_that_is_missing_is_named(tmp_path):
    data = read(LS)
    (tmp_path / "ls").write_bytes(data.replace(b"libc.so.6\0", b"libx.so.6\0"))
    with pytest.raises(ValueError, match=r"libx\.so\.6"):
        Tree().program(str(tmp_path / "ls"))


def test_equal_trees_give_equal_archives():
    def tree() -> Tree:
        made = Tree()
        made.file("/etc/b", "b")
        made.file("/etc/a", "a")
        made.link("/x", "etc/a")
        return made

    assert tree().tar(5) == tree().tar(5)
    assert tree().tar(5) != tree().tar(6)
