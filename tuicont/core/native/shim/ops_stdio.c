/* Operations that give the process its terminal or its pipes. */
#include "shim.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int send_terminal(int socket, int master, int slave) {
    char control[CMSG_SPACE(2 * sizeof(int))] = {0};
    struct iovec nothing = {"", 1};
    struct msghdr message = {.msg_iov = &nothing, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int fds[2] = {master, slave};
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(head), fds, sizeof fds);
    return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* A running container can put anything at /dev/pts/ptmx: only devpts' own multiplexer is taken. */
static int open_master(struct birth *b) {
    struct statfs where;
    struct stat status;
    int master = resolve(b, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, RESOLVE_NO_SYMLINKS);
    if (master < 0) return master;
    if (fstatfs(master, &where) == 0 && where.f_type == DEVPTS_SUPER_MAGIC && fstat(master, &status) == 0 &&
        S_ISCHR(status.st_mode) && status.st_rdev == device_number(5, 2))
        return master;
    close(master);
    return -ENXIO;
}

static int bind_console(struct birth *b, int slave) {
    int target = make_target(b, "/dev/console", false, RESOLVE_NO_SYMLINKS), tree, error = 0;
    if (target < 0) return target;
    tree = syscall(SYS_open_tree, slave, "", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_EMPTY_PATH);
    if (tree < 0) error = -errno;
    else if (syscall(SYS_move_mount, tree, "", target, "", 0x4 | 0x40 /* both by descriptor */) < 0) error = -errno;
    if (tree >= 0) close(tree);
    close(target);
    return error;
}

int op_open_terminal(struct birth *b, struct cursor *c) {
    struct winsize size = {0};
    int master, slave, unlocked = 0, error;
    bool console;
    size.ws_row = take_int(c);
    size.ws_col = take_int(c);
    console = take_int(c);
    if ((master = open_master(b)) < 0) return master;
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) return -errno;
    if ((slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) return -errno;
    if (size.ws_row && ioctl(slave, TIOCSWINSZ, &size) < 0) return -errno;
    if (console && (error = bind_console(b, slave)) < 0) return error;
    setsid();
    if (ioctl(slave, TIOCSCTTY, 0) < 0) return -errno;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0) return -errno;
    error = send_terminal(b->terminal_sender, master, slave);
    close(master);
    close(slave);
    return error;
}

int op_connect_stdio(struct birth *b, struct cursor *c) {
    for (int fd = 0; fd < 3; fd++) {
        int source = b->stdio[fd];
        if (source < 0 && (source = open_null(b, fd ? O_WRONLY : O_RDONLY)) < 0) continue; /* the host's is there already */
        if (dup2(source, fd) < 0) return -errno;
        if (source != b->stdio[fd]) close(source);
    }
    setsid();
    return 0;
}
