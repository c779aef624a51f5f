/* Hostile programs: `zoo NAME` does for ever, inside a container, what its engine must withstand. tests/hostile/zoo.py
 * says of each what it is. None of them needs more than a container has by default, but for the mounter. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void pause_ms(long ms) { usleep(1000 * ms); }

static void stopper(void) {
    for (;;) kill(-1, SIGSTOP);
}

/* Names that look like lines and fields of the kernel's files, a command line that is none. */
static void renamer(void) {
    static const char *const names[] = {"a\rUid:\t0", "a\nPPid: 1", ") R 1 1", "\033[2J", "\xff\xfe", "tuicont-shim", ""};
    char command[4096];
    int fd;
    for (int i = 0; i < 4; i++)
        if (!fork()) break;
    for (unsigned i = 0;; i++) {
        prctl(PR_SET_NAME, names[i % (sizeof names / sizeof *names)]);
        if ((fd = open("/proc/self/comm", O_WRONLY)) >= 0) write(fd, "\n\r\n", 3), close(fd);
        memset(command, i, sizeof command);
        prctl(PR_SET_MM, PR_SET_MM_ARG_START, command, 0, 0);
        pause_ms(1);
    }
}

static void forker(void) {
    signal(SIGCHLD, SIG_DFL); /* nobody waits for them: zombies use up the limit too */
    for (;;)
        if (!fork() && !(rand() & 3)) _exit(0);
}

static void filler(void) {
    char block[1 << 16];
    int fd = open("/dev/shm/big", O_CREAT | O_WRONLY | O_APPEND, 0600);
    memset(block, 'x', sizeof block);
    for (;;) {
        if (!fork()) /* until the memory limit's killer comes */
            for (;;) memset(malloc(sizeof block), 1, sizeof block);
        for (int i = 0; i < 64; i++) write(fd, block, sizeof block);
        wait(NULL);
    }
}

static void device_maker(void) {
    char path[64];
    for (unsigned i = 0;; i++) {
        int kind = i & 1 ? S_IFBLK : S_IFCHR;
        snprintf(path, sizeof path, "/node%u", i % 512);
        mknod(path, kind | 0666, makedev(i / 2 % 256, i % 16));
        close(open(path, O_RDWR | O_NONBLOCK));
        unlink(path);
        if (i % 64) continue;
        unlink("/dev/null"), unlink("/dev/tty"), unlink("/etc/passwd"), unlink("/etc/group");
        mknod("/dev/null", S_IFBLK | 0666, makedev(7, 0));
        mkfifo("/dev/tty", 0666);
        mknod("/etc/passwd", S_IFBLK | 0666, makedev(7, i % 8));
        mkfifo("/etc/group", 0666);
        pause_ms(1);
    }
}

/* Directories and links change places all the time, where paths of cp and exec go through. */
static void symlink_racer(void) {
    mkdir("/race", 0755), mkdir("/race/etc", 0755);
    symlink("/proc/1/root/../../../../..", "/link");
    symlink("/proc/self/fd", "/link2");
    for (;;) {
        syscall(SYS_renameat2, AT_FDCWD, "/race", AT_FDCWD, "/link", RENAME_EXCHANGE);
        syscall(SYS_renameat2, AT_FDCWD, "/etc", AT_FDCWD, "/link", RENAME_EXCHANGE);
        syscall(SYS_renameat2, AT_FDCWD, "/tmp", AT_FDCWD, "/link2", RENAME_EXCHANGE);
    }
}

/* Whoever appears is seized, stopped and never let go on. */
static void tracer(void) {
    struct dirent *entry;
    int i;
    for (i = 0; i < 3 && fork(); i++) continue;
    for (;;) {
        DIR *proc = opendir("/proc");
        while (proc && (entry = readdir(proc))) {
            pid_t pid = atoi(entry->d_name);
            if (pid <= 1 || pid == getpid()) continue;
            if (ptrace(PTRACE_SEIZE, pid, 0, 0x7f | PTRACE_O_EXITKILL) == 0) ptrace(PTRACE_INTERRUPT, pid, 0, 0);
        }
        if (proc) closedir(proc);
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) continue;
    }
}

static void blocker(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int number = 1; number < 65; number++) signal(number, SIG_IGN);
    for (int i = 0; i < 8; i++)
        if (!fork()) setsid();
    for (;;) pause();
}

/* Every terminal that there is: taken for itself, stopped, filled. */
static void tty_holder(void) {
    char path[32];
    for (;;) {
        for (int i = 0; i < 8; i++) {
            snprintf(path, sizeof path, "/dev/pts/%d", i);
            int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
            if (fd < 0) continue;
            tcflow(fd, TCOOFF);
            ioctl(fd, TIOCEXCL);
            for (int n = 0; n < 64; n++) write(fd, "\033]0;x\007\n", 7);
            pause_ms(1);
            ioctl(fd, TIOCNXCL);
            close(fd);
        }
        pause_ms(1);
    }
}

static void closer(void) {
    for (int fd = 0; fd < 3; fd++) close(fd);
    for (;;) pause();
}

static void flooder(void) {
    char line[8192];
    memset(line, 'x', sizeof line); /* one line without an end, or a thousand that are empty */
    for (unsigned i = 0;; i++) {
        write(1 + (i & 1), line, sizeof line);
        if (i % 4096 == 0) memset(line, i & 8192 ? '\n' : 'x', sizeof line);
        pause_ms(1); /* 8 MB a second: the disk is the host's */
    }
}

static int scribble(const char *path, const struct stat *status, int kind, struct FTW *where) {
    static const char *const words[] = {"1", "-1000", "max", "0-9999", "\xff", ""};
    (void)where;
    if (kind != FTW_F || !S_ISREG(status->st_mode) || strstr(path, "/mem") || strstr(path, "/clear_refs")) return 0;
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    if (fd < 0) return 0;
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) write(fd, words[i], strlen(words[i]));
    close(fd);
    return 0;
}

static void scribbler(void) {
    for (;;) {
        if (!fork()) {
            nftw("/proc", scribble, 16, FTW_PHYS);
            nftw("/sys", scribble, 16, FTW_PHYS);
            _exit(0);
        }
        while (wait(NULL) < 0 && errno == EINTR) continue;
    }
}

static void mounter(void) {
    static const char *const places[] = {"/proc", "/etc", "/dev", "/sys", "/bin", "/tmp", "/"};
    for (unsigned i = 0; i < 500; i++) {
        const char *place = places[i % (sizeof places / sizeof *places)];
        if (i & 1) mount("tmpfs", place, "tmpfs", 0, NULL);
        else mount("/", place, NULL, MS_BIND | MS_REC, NULL);
    }
    for (;;) pause();
}

static void digger(void) {
    for (int i = 0; i < 3000 && mkdir("deep", 0700) == 0 && chdir("deep") == 0; i++) continue;
    for (int i = 0; i < 3000; i++) {
        char name[256];
        memset(name, 1 + i % 255, 250), snprintf(name, 6, "%05d", i), name[5] = '\n', name[250] = 0;
        if (!strchr(name, '/')) close(open(name, O_CREAT | O_WRONLY, 0));
    }
    for (;;) pause();
}

int main(int count, char **words) {
    static const struct {
        const char *name;
        void (*act)(void);
    } animals[] = {
        {"stopper", stopper},   {"renamer", renamer},             {"forker", forker},
        {"filler", filler},     {"device-maker", device_maker},   {"symlink-racer", symlink_racer},
        {"tracer", tracer},     {"blocker", blocker},             {"tty-holder", tty_holder},
        {"closer", closer},     {"flooder", flooder},             {"scribbler", scribbler},
        {"mounter", mounter},   {"digger", digger},
    };
    for (unsigned i = 0; count > 1 && i < sizeof animals / sizeof *animals; i++)
        if (!strcmp(words[1], animals[i].name)) animals[i].act();
    return 1;
}
