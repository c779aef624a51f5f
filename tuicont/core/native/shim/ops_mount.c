/* Operations that change the mount table of the container. */
#include "child.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* sys/mount.h and linux/mount.h cannot both be included with this C library */
int mount(const char *source, const char *target, const char *fstype, unsigned long flags, const void *options);
int umount2(const char *target, int flags);
enum { DETACH = 2, RECURSIVE = 0x8000 };

static int result(long value) { return value < 0 ? -errno : 0; }

static int clone_tree(int fd, const char *path, bool recursive) {
    int tree = syscall(SYS_open_tree, fd, path,
                       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH) | (recursive ? RECURSIVE : 0));
    return tree < 0 ? -errno : tree;
}

static int place(int tree, int target) {
    return result(
        syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

static int set_attributes(int fd, uint64_t attributes, bool recursive, uint64_t propagation) {
    struct mount_attr change = {
        .attr_set = attributes,
        .attr_clr = attributes & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0,
        .propagation = propagation,
    };
    return result(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | (recursive ? RECURSIVE : 0), &change, sizeof change));
}

static int become_root(int tree) {
    if (fchdir(tree) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", DETACH) < 0) return -errno;
    return result(chdir("/"));
}

/* In a plain chroot "/" is no mount point, and the mount that holds it has no name. Joining its own namespace once
 * more puts a process at that namespace's true root: propagation is cut there, and only then, so that nothing spreads
 * to the host, is the chroot bound on itself and made the root; all else of the host is detached. */
static int cut_from_chroot(unsigned long flags) {
    int home = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), self = syscall(SYS_pidfd_open, getpid(), 0), tree = -1, error;
    if (home < 0 || self < 0 || setns(self, CLONE_NEWNS) < 0 || mount(0, "/", 0, flags, 0) < 0)
        error = -errno;
    else if ((tree = clone_tree(home, "", true)) < 0)
        error = tree;
    else if (!(error = place(tree, home)))
        error = become_root(tree);
    close(home);
    close(self);
    close(tree);
    return error;
}

int op_set_propagation(struct child *me, struct cursor *c) {
    const char *path = take_string(c);
    unsigned long flags = take_int(c);
    int error = result(mount(0, path, 0, flags, 0));
    return error == -EINVAL && !strcmp(path, "/") ? cut_from_chroot(flags) : error;
}

int op_unmount(struct child *me, struct cursor *c) {
    if (umount2(take_string(c), DETACH) == 0 || errno == EINVAL || errno == ENOENT) return 0;
    return -errno;
}

int op_mount_root(struct child *me, struct cursor *c) {
    const char *cwd = take_string(c), *source = take_string(c), *target = take_string(c);
    const char *fstype = take_string(c), *options = take_string(c);
    unsigned long flags = take_int(c);
    if (*cwd && chdir(cwd) < 0) return -errno;
    return result(mount(source, target, fstype, flags, options));
}

int op_open_tree(struct child *me, struct cursor *c) {
    uint64_t slot = take_int(c);
    const char *source = take_string(c);
    int tree = clone_tree(AT_FDCWD, source, take_int(c));
    if (tree < 0) return tree;
    if (slot >= me->slot_count) return -EBADMSG;
    me->slots[slot] = tree;
    return 0;
}

int op_pivot_root(struct child *me, struct cursor *c) {
    if (chdir(take_string(c)) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", DETACH) < 0 || chdir("/") < 0)
        return -errno;
    forget_parent(me);
    me->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return me->root < 0 ? -errno : 0;
}

/* Whatever hides a part of procfs could feed the next operations lies about the process, or take away what is
 * masked and read-only there; and an image can lead any target to it by a link. The files are those that only tell of
 * the machine, which lxcfs and its like replace. */
static int refuse_procfs(int target, const char *path) {
    static const char *const harmless[] = {"cpuinfo", "diskstats", "loadavg", "meminfo",
                                           "slabinfo", "stat", "swaps", "uptime"};
    struct statfs where;
    if (fstatfs(target, &where) < 0) return -errno;
    if (where.f_type != PROC_SUPER_MAGIC) return 0;
    if (!strncmp(path, "/proc/", 6))
        for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
            if (!strcmp(path + 6, harmless[i])) return 0;
    return -EPERM;
}

int op_mount(struct child *me, struct cursor *c) {
    const char *source = take_string(c), *target = take_string(c), *fstype = take_string(c), *options = take_string(c);
    unsigned long flags = take_int(c);
    /* what later operations trust to be /proc and /sys must not move when somebody swaps a link */
    uint64_t how = !strcmp(fstype, "proc") || !strcmp(fstype, "sysfs") ? RESOLVE_NO_SYMLINKS : 0;
    int fd = make_target(me, target, true, how), error;
    if (fd < 0) return fd;
    error = strcmp(fstype, "proc") ? refuse_procfs(fd, target) : 0;
    if (!error) error = fchdir(fd) < 0 ? -errno : result(mount(source, ".", fstype, flags, options));
    if (!me->made) forget_parent(me);
    close(fd);
    return error;
}

int op_place_tree(struct child *me, struct cursor *c) {
    uint64_t slot = take_int(c);
    const char *path = take_string(c);
    uint64_t attributes = take_int(c);
    bool recursive = take_int(c);
    struct stat status;
    int tree, target, error;
    if (slot >= me->slot_count || (tree = me->slots[slot]) < 0) return -EBADMSG;
    if (fstat(tree, &status) < 0) return -errno;
    if (attributes && (error = set_attributes(tree, attributes, recursive, 0)) < 0) return error; /* before it is seen */
    if ((target = make_target(me, path, S_ISDIR(status.st_mode), 0)) < 0) return target;
    if (!(error = refuse_procfs(target, path))) error = place(tree, target);
    if (!me->made) forget_parent(me);
    close(target);
    close(tree);
    me->slots[slot] = -1;
    return error;
}

int op_set_mount_attributes(struct child *me, struct cursor *c) {
    const char *path = take_string(c);
    uint64_t attributes = take_int(c);
    bool recursive = take_int(c);
    int fd = resolve(me, path, O_PATH, 0), error;
    if (fd < 0) return fd;
    error = set_attributes(fd, attributes, recursive, take_int(c));
    close(fd);
    return error;
}

/* An empty read-only file system that is mounted nowhere yet. */
static int new_empty_tree(void) {
    int context, tree;
    if ((context = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)) < 0) return -errno;
    if (syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, "ro", 0, 0) < 0 ||
        syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0) < 0 ||
        (tree = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
                        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)) < 0)
        tree = -errno;
    close(context);
    return tree;
}

static int mask_with_clone(int source, int target) {
    int tree = clone_tree(source, "", false), error;
    if (tree < 0) return tree;
    error = place(tree, target);
    close(tree);
    return error;
}

/* The first directory gets the new file system itself, the others clones of it where it lies: before Linux
 * 6.15 a tree that is mounted nowhere cannot be cloned. */
static int mask_directory(struct child *me, int target) {
    if (me->empty >= 0) return mask_with_clone(me->empty, target);
    if ((me->empty = new_empty_tree()) < 0) return me->empty;
    return place(me->empty, target);
}

static int mask_file(struct child *me, int target) {
    if (me->null < 0 && (me->null = open_null(me, O_PATH)) < 0) return me->null;
    return mask_with_clone(me->null, target);
}

int op_mask(struct child *me, struct cursor *c) {
    struct stat status;
    int fd = resolve(me, take_string(c), O_PATH, 0), error;
    forget_parent(me);
    if (fd < 0) return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
    if (fstat(fd, &status) < 0)
        error = -errno;
    else
        error = S_ISDIR(status.st_mode) ? mask_directory(me, fd) : mask_file(me, fd);
    close(fd);
    return error;
}

int op_read_only_path(struct child *me, struct cursor *c) {
    int fd = resolve(me, take_string(c), O_PATH, 0), tree, error;
    forget_parent(me);
    if (fd < 0) return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
    if ((tree = clone_tree(fd, "", true)) < 0) {
        close(fd);
        return tree;
    }
    error = set_attributes(tree, MOUNT_ATTR_RDONLY, true, 0);
    if (!error) error = place(tree, fd);
    close(tree);
    close(fd);
    return error;
}
