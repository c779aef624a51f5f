/* Adopting what an OCI runtime has made: it leaves the process to us, its subreaper, and that one's pid in a file. */
#include "keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { NAME_ROOM = 100 }; /* fits sun_path */

/* The start time of a process in clock ticks, and its parent (proc_pid_stat(5), fields 22 and 4). */
uint64_t read_start_time(pid_t pid, pid_t *parent) {
    char path[32], text[512];
    struct text name = TEXT(path);
    const char *at, *end;
    ssize_t length;
    int fd;
    text_add(&name, "/proc/");
    text_number(&name, pid, 1);
    text_add(&name, "/stat");
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return 0;
    text[length] = 0;
    at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++) {
        if (field == 4 && parent) *parent = parse_number(at + 1, &end);
        at = strchr(at + 1, ' ');
    }
    return at ? parse_number(at + 1, &end) : 0;
}

static void name_file(const struct process *p, const char *suffix, char name[NAME_ROOM]) {
    struct text t = {name, NAME_ROOM, 0, false};
    text_add(&t, *p->id ? "exec-" : "init");
    text_add(&t, p->id);
    text_add(&t, suffix);
}

/* The pid that the runtime has left so far; 0 when there is none. */
pid_t adoption_pid(const struct process *p) {
    char name[NAME_ROOM], text[16];
    const char *end;
    ssize_t length;
    int fd;
    name_file(p, ".pid", name);
    if ((fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return 0;
    text[length] = 0;
    return parse_number(text, &end);
}

static int open_console(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;
    mode_t before;
    if (fd < 0) return -errno;
    memcpy(address.sun_path, path, strlen(path));
    unlink(path);
    before = umask(0177);
    error = bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0 ? -errno : 0;
    umask(before);
    if (!error) return fd;
    close(fd);
    return error;
}

/* Before the runtime is executed. */
int adoption_prepare(struct process *p) {
    char name[NAME_ROOM];
    if (!p->terminal) return 0;
    name_file(p, ".tty", name);
    p->birth.console = open_console(name);
    return p->birth.console < 0 ? p->birth.console : 0;
}

/* The runtime has sent the terminal's master before it ended. */
static int take_console(struct process *p) {
    char any[256];
    int connection = accept4(p->birth.console, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK), master = -1, flags;
    if (connection < 0) return -errno;
    if (receive_packet(connection, any, sizeof any, &master, MSG_DONTWAIT) < 0) master = -1;
    close(connection);
    if (master < 0) return -ENOTTY;
    process_take_terminal(p, master);
    flags = fcntl(master, F_GETFL);
    return fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/* Put what the runtime has left in its place. Returns 0 or -errno. */
int adoption_take(struct process *p) {
    pid_t pid = adoption_pid(p), parent = 0;
    uint64_t start_time = read_start_time(pid, &parent);
    int pidfd;
    if (pid <= 0) return -ENOENT;
    if (parent != getpid()) return -ECHILD; /* from here on it cannot come to mean another: it is ours to reap */
    if ((pidfd = syscall(SYS_pidfd_open, pid, 0)) < 0) return -errno;
    close(p->pidfd);
    p->pid = pid;
    p->pidfd = pidfd;
    p->start_time = start_time;
    return p->terminal ? take_console(p) : 0;
}

/* Leave nothing of it: neither its files nor, when the birth has failed, the process. */
void adoption_forget(struct process *p) {
    char name[NAME_ROOM];
    if (p->state == BEING_BORN) {
        pid_t pid = adoption_pid(p), parent = 0;
        if (pid > 0 && read_start_time(pid, &parent) && parent == getpid()) kill(pid, SIGKILL);
    }
    name_file(p, ".pid", name);
    unlink(name);
    name_file(p, ".tty", name);
    if (p->terminal) unlink(name);
    if (p->birth.console >= 0) close(p->birth.console);
    p->birth.console = -1;
}
