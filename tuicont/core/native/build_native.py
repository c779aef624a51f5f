"""The cffi definition of the extension module `tuicont.core.native._native`.

Run by setuptools (`cffi_modules`) and by `python -m tuicont.core.native.build`. Every function returns a
value or -errno and releases the interpreter's lock while it runs.
"""

from __future__ import annotations

import os

from cffi import FFI

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("spawn.c", "syscalls.c", "sample.c")
DECLARATIONS = """
int tuicont_spawn(int executable, char *const argv[], char *const envp[], const int *fds, int count, int cgroup);
long tuicont_setns(int fd, int flags);
long tuicont_unshare(int flags);
long tuicont_syncfs(int fd);
long tuicont_mount(const char *source, const char *target, const char *fstype, unsigned long flags,
                   const char *options);
long tuicont_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
long tuicont_open_tree(int dirfd, const char *path, unsigned flags);
long tuicont_move_mount(int tree, int target);
long tuicont_mount_setattr(int dirfd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
                           uint64_t propagation, uint64_t userns);
long tuicont_bpf(int command, void *attributes, unsigned size);
struct tuicont_field { const char *key; int length; int slot; int64_t scale; };
struct tuicont_source { int fd; int form; int count; const struct tuicont_field *fields; };
struct tuicont_group { const struct tuicont_source *sources; int count; int slots; int64_t *row; int status; };
void tuicont_sample(struct tuicont_group **groups, int count);
"""

ffi = FFI()
ffi.cdef(DECLARATIONS)
ffi.set_source(
    "tuicont.core.native._native",
    "".join(f'#include "{name}"\n' for name in SOURCES),
    include_dirs=[HERE],
    depends=[os.path.join(HERE, name) for name in (*SOURCES, "clone.h")],
    extra_compile_args=["-Os", "-Wall", "-Wextra", "-Wno-unused-parameter"],
    py_limited_api=True,
)
