/* Operations that give the process its terminal or its pipes. */
#include "child.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A running container can put anything at /dev/pts/ptmx: only devpts' own multiplexer is taken. */
static int open_master(struct child *me) {
    struct statfs where;
    struct stat status;
    int master = resolve(me, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, RESOLVE_NO_SYMLINKS);
    if (master < 0) return master;
    if (fstatfs(master, &where) == 0 && where.f_type == DEVPTS_SUPER_MAGIC && fstat(master, &status) == 0 &&
        S_ISCHR(status.st_mode) && status.st_rdev == device_number(5, 2))
        return master;
    close(master);
    return -ENXIO;
}

static int bind_console(struct child *me, int slave) {
    int target = make_target(me, "/dev/console", false, RESOLVE_NO_SYMLINKS), tree, error = 0;
    if (target < 0) return target;
    tree = syscall(SYS_open_tree, slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
    if (tree < 0) error = -errno;
    else if (syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) error = -errno;
    if (tree >= 0) close(tree);
    close(target);
    return error;
}

int op_open_terminal(struct child *me, struct cursor *c) {
    struct winsize size = {0};
    struct packet_head head = {TERMINAL, 0};
    int master, slave, unlocked = 0, error;
    bool console;
    size.ws_row = take_int(c);
    size.ws_col = take_int(c);
    console = take_int(c);
    if ((master = open_master(me)) < 0) return master;
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) return -errno;
    if ((slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) return -errno;
    if (size.ws_row && ioctl(slave, TIOCSWINSZ, &size) < 0) return -errno;
    if (console && (error = bind_console(me, slave)) < 0) return error;
    setsid();
    if (ioctl(slave, TIOCSCTTY, 0) < 0) return -errno;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0) return -errno;
    error = send_packet(me->channel, &head, sizeof head, master, 0) < 0 ? -errno : 0;
    close(master);
    close(slave);
    return error;
}

/* Input that has ended, of nobody's file system. */
static int open_nothing(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    close(ends[1]);
    return ends[0];
}

/* The shim's own /dev/null is the host's: whoever has a descriptor of it can change its owner and its mode. So the
 * container gets its own or, where it has none, input that has ended; output is always a pipe. A runtime's program that
 * only lets an init go on hands nothing in, and keeps the shim's. */
int op_connect_stdio(struct child *me, struct cursor *c) {
    for (int fd = 0; fd < 3; fd++) {
        int source = me->stdio[fd];
        if (source < 0) source = open_null(me, fd ? O_WRONLY : O_RDONLY);
        if (source < 0 && !fd) source = open_nothing();
        if (source < 0) continue;
        if (dup2(source, fd) < 0) return -errno;
        if (source != me->stdio[fd]) close(source);
    }
    setsid();
    return 0;
}
