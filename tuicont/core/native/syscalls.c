/* System calls that Python 3.11 has no function for, one wrapper each: -1 becomes -errno, and nothing else
 * is decided here. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static long answer(long result) { return result < 0 ? -errno : result; }

static long tuicont_setns(int fd, int flags) { return answer(setns(fd, flags)); }
static long tuicont_unshare(int flags) { return answer(unshare(flags)); }
static long tuicont_syncfs(int fd) { return answer(syncfs(fd)); }
static long tuicont_mount(const char *source, const char *target, const char *fstype, unsigned long flags,
                          const char *options) {
    return answer(mount(source, target, fstype, flags, options));
}
static long tuicont_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return answer(syscall(SYS_openat2, dirfd, path, &how, sizeof how));
}
static long tuicont_open_tree(int dirfd, const char *path, unsigned flags) {
    return answer(syscall(SYS_open_tree, dirfd, path, flags));
}
static long tuicont_move_mount(int tree, int target) {
    /* MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH: sys/mount.h and linux/mount.h cannot both be included */
    return answer(syscall(SYS_move_mount, tree, "", target, "", 0x04 | 0x40));
}
static long tuicont_mount_setattr(int dirfd, const char *path, unsigned flags, uint64_t set, uint64_t clear,
                                  uint64_t propagation, uint64_t userns) {
    uint64_t attributes[4] = {set, clear, propagation, userns}; /* struct mount_attr */
    return answer(syscall(SYS_mount_setattr, dirfd, path, flags, attributes, sizeof attributes));
}
static long tuicont_bpf(int command, void *attributes, unsigned size) {
    return answer(syscall(SYS_bpf, command, attributes, size));
}
