/* Operations on nodes, links, directories and the kernel's own files inside the container's root. */
#include "child.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int op_make_node(struct child *me, struct cursor *c) {
    const char *path = take_string(c), *name;
    mode_t mode = take_int(c);
    unsigned major_number = take_int(c), minor_number = take_int(c);
    uid_t uid = take_int(c);
    gid_t gid = take_int(c);
    dev_t device = device_number(major_number, minor_number);
    struct stat status;
    int parent = resolve_parent(me, path, &name), error = 0;
    if (parent < 0) return parent;
    if (mknodat(parent, name, mode, device) < 0) {
        error = -errno;
        if (error == -EEXIST && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            (status.st_mode & S_IFMT) == (mode & S_IFMT) && (S_ISFIFO(mode) || status.st_rdev == device))
            error = 0;
    } else if ((uid || gid) && fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) {
        error = -errno;
    }
    return error;
}

int op_make_symlink(struct child *me, struct cursor *c) {
    const char *target = take_string(c), *path = take_string(c), *name;
    struct stat status;
    int parent = resolve_parent(me, path, &name), error = 0;
    if (parent < 0) return parent;
    if (symlinkat(target, parent, name) < 0) {
        error = -errno;
        if (error == -EEXIST && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode))
            error = 0;
    }
    return error;
}

int op_make_directory(struct child *me, struct cursor *c) {
    const char *path = take_string(c), *name;
    mode_t mode = take_int(c);
    int fd = resolve(me, path, O_PATH | O_DIRECTORY, 0), parent;
    if (fd == -ENOENT) {
        if ((parent = resolve_parent(me, path, &name)) < 0) return parent;
        return mkdirat(parent, name, mode) < 0 ? -errno : 0;
    }
    if (fd >= 0) close(fd);
    return fd < 0 ? fd : 0;
}

int op_change_directory(struct child *me, struct cursor *c) {
    enum { FIRST = 1, SECOND = 2 };
    const char *path = take_string(c);
    int turn = take_int(c);
    if (turn == SECOND && !me->directory_refused) return 0;
    int fd = resolve(me, path, O_PATH | O_DIRECTORY, 0), error = fd;
    if (fd >= 0) {
        error = fchdir(fd) < 0 ? -errno : 0;
        close(fd);
    }
    if (turn == FIRST && (error == -EACCES || error == -EPERM)) {
        me->directory_refused = true;
        return 0;
    }
    return error;
}

/* Write to a file of procfs; one of any other file system that lies in its place is refused. */
static int write_proc(struct child *me, const char *path, const char *value, size_t length) {
    struct statfs where;
    int fd = resolve(me, path, O_WRONLY | O_NOCTTY, 0), error = 0;
    if (fd < 0) return fd;
    if (fstatfs(fd, &where) < 0) error = -errno;
    else if (where.f_type != PROC_SUPER_MAGIC) error = -EXDEV;
    else if (write(fd, value, length) < 0) error = -errno;
    close(fd);
    return error;
}

int op_set_sysctl(struct child *me, struct cursor *c) {
    const char *name = take_string(c), *value = take_string(c);
    char path[512];
    struct text t = TEXT(path);
    text_add(&t, "/proc/sys/");
    text_add(&t, name);
    if (t.cut || strstr(name, "..")) return -EINVAL;
    return write_proc(me, path, value, strlen(value));
}

int op_set_oom_score_adj(struct child *me, struct cursor *c) {
    char number[16];
    struct text t = TEXT(number);
    int value = take_int(c);
    if (value < 0) text_add(&t, "-");
    text_number(&t, value < 0 ? -(int64_t)value : value, 1);
    return write_proc(me, "/proc/self/oom_score_adj", number, t.used);
}
