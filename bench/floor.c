/* The floor: the kernel work that no engine can leave out of one container's life, done in plain C.
 *
 *   floor STAGE COUNT ROOTFS        (as root; ROOTFS holds a static /bin/true)
 *
 * prints the microseconds of each of COUNT lives, one a line. A stage is what the life consists of:
 *
 *   exec   start ROOTFS/bin/true and wait for it
 *   ns     the same in new pid, mount, uts, ipc and cgroup namespaces
 *   net    and in a new network namespace
 *   full   and with an overlay over ROOTFS as root by pivot_root, /proc /sys /dev and what is mounted in
 *          /dev, six device nodes, a host name, one directory in every cgroup hierarchy, and the removal
 *          of what was made
 *
 * It knows nothing of tuicont, and keeps nothing between lives but strings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_GROUPS = 12, STACK = 64 * 1024 };

struct group {
    char dir[128], procs[160];
    char cpus[160], mems[160]; /* of a v1 cpuset, which takes no process before both are set; else "" */
};

static struct {
    int flags, whole;
    const char *rootfs;
    char program[4096];
    char dir[64], upper[96], work[96], target[96], overlay[8192];
    struct group groups[MAX_GROUPS];
    int group_count;
    char parent_cpus[256], parent_mems[256];
} life;

static void die(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void check(int result, const char *what) {
    if (result < 0) die(what);
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    check(fd, path);
    if (write(fd, text, strlen(text)) < 0 && errno != ESRCH) die(path); /* it may have ended already */
    close(fd);
}

static void get(const char *path, char *text, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd, path);
    ssize_t count = read(fd, text, size - 1);
    text[count < 0 ? 0 : count] = 0;
    close(fd);
}

/* The container's side. */

static void mount_new(const char *type, const char *target, unsigned long flags, const char *data) {
    if (mkdir(target, 0755) < 0 && errno != EEXIST) die(target);
    check(mount(type, target, type, flags, data), target);
}

static void enter_root(void) {
    check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make mounts private");
    check(mount("overlay", life.target, "overlay", 0, life.overlay), "mount overlay");
    check(chdir(life.target), life.target);
    check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    check(umount2(".", MNT_DETACH), "detach the old root");
    check(chdir("/"), "/");
}

static void furnish(void) {
    static const struct { const char *path; unsigned major, minor; } nodes[] = {
        {"/dev/null", 1, 3}, {"/dev/zero", 1, 5}, {"/dev/full", 1, 7},
        {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
    };
    const unsigned long plain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    mount_new("proc", "/proc", plain, NULL);
    mount_new("sysfs", "/sys", plain | MS_RDONLY, NULL);
    mount_new("tmpfs", "/dev", MS_NOSUID, "mode=755,size=65536k");
    mount_new("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666");
    mount_new("tmpfs", "/dev/shm", plain, "mode=1777,size=65536k");
    mount_new("mqueue", "/dev/mqueue", plain, NULL);
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        check(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].path);
    check(sethostname("floor", 5), "sethostname");
}

static int container(void *unused) {
    (void)unused;
    if (life.whole) {
        enter_root();
        furnish();
    }
    execl(life.whole ? "/bin/true" : life.program, "true", NULL);
    die("exec");
    return 1;
}

/* The engine's side. */

static void prepare(void) {
    check(mkdir(life.upper, 0755), life.upper);
    check(mkdir(life.work, 0755), life.work);
    check(mkdir(life.target, 0755), life.target);
    for (int i = 0; i < life.group_count; i++) {
        struct group *group = &life.groups[i];
        check(mkdir(group->dir, 0755), group->dir);
        if (*group->cpus) {
            put(group->cpus, life.parent_cpus);
            put(group->mems, life.parent_mems);
        }
    }
}

static void place(pid_t pid) {
    char text[16];
    snprintf(text, sizeof text, "%d", pid);
    for (int i = 0; i < life.group_count; i++) put(life.groups[i].procs, text);
}

static void clear(void) {
    static const char *made[] = {"work/work", "work", "target", "upper/proc", "upper/sys", "upper/dev", "upper"};
    char path[128];
    for (int i = 0; i < life.group_count; i++) check(rmdir(life.groups[i].dir), life.groups[i].dir);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        snprintf(path, sizeof path, "%s/%s", life.dir, made[i]);
        if (rmdir(path) < 0 && errno != ENOENT) die(path); /* an image may have /proc, /sys or /dev itself */
    }
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static double live(void) {
    static char stack[STACK] __attribute__((aligned(16)));
    double begun = microseconds();
    int status;
    if (life.whole) prepare();
    pid_t pid = clone(container, stack + STACK, life.flags | CLONE_VFORK | SIGCHLD, NULL);
    check(pid, "clone");
    if (life.whole) place(pid);
    check(waitpid(pid, &status, 0), "wait");
    if (status != 0) {
        fprintf(stderr, "floor: the container ended with status %#x\n", status);
        exit(1);
    }
    if (life.whole) clear();
    return microseconds() - begun;
}

/* Once. */

static void find_groups(void) {
    static const char *hierarchies[] = {"cpu/", "cpuacct/", "cpuset/", "memory/", "devices/", "freezer/", "blkio/", "pids/", ""};
    for (size_t i = 0; i < sizeof hierarchies / sizeof *hierarchies; i++) {
        struct group *group = &life.groups[life.group_count];
        char dir[100];
        snprintf(dir, sizeof dir, "/sys/fs/cgroup/%scgroup.procs", hierarchies[i]);
        if (access(dir, W_OK) < 0) continue;
        snprintf(dir, sizeof dir, "/sys/fs/cgroup/%sfloor-%d", hierarchies[i], getpid());
        snprintf(group->dir, sizeof group->dir, "%s", dir);
        snprintf(group->procs, sizeof group->procs, "%s/cgroup.procs", dir);
        if (strncmp(hierarchies[i], "cpuset", 6) == 0) {
            snprintf(group->cpus, sizeof group->cpus, "%s/cpuset.cpus", dir);
            snprintf(group->mems, sizeof group->mems, "%s/cpuset.mems", dir);
            get("/sys/fs/cgroup/cpuset/cpuset.cpus", life.parent_cpus, sizeof life.parent_cpus);
            get("/sys/fs/cgroup/cpuset/cpuset.mems", life.parent_mems, sizeof life.parent_mems);
        }
        life.group_count++;
    }
}

static void set_up(const char *stage, const char *rootfs) {
    life.rootfs = rootfs;
    snprintf(life.program, sizeof life.program, "%s/bin/true", rootfs);
    if (strcmp(stage, "exec") == 0) return;
    life.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;
    if (strcmp(stage, "ns") == 0) return;
    life.flags |= CLONE_NEWNET;
    if (strcmp(stage, "net") == 0) return;
    if (strcmp(stage, "full") != 0) {
        fprintf(stderr, "floor: no stage %s\n", stage);
        exit(2);
    }
    life.whole = 1;
    strcpy(life.dir, "/tmp/floor-XXXXXX");
    if (!mkdtemp(life.dir)) die("mkdtemp");
    snprintf(life.upper, sizeof life.upper, "%s/upper", life.dir);
    snprintf(life.work, sizeof life.work, "%s/work", life.dir);
    snprintf(life.target, sizeof life.target, "%s/target", life.dir);
    snprintf(life.overlay, sizeof life.overlay, "lowerdir=%s,upperdir=%s,workdir=%s", rootfs, life.upper, life.work);
    find_groups();
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: floor exec|ns|net|full COUNT ROOTFS\n");
        return 2;
    }
    set_up(argv[1], argv[3]);
    for (int i = 0, count = atoi(argv[2]); i < count; i++) printf("%.1f\n", live());
    if (life.whole) check(rmdir(life.dir), life.dir);
    return 0;
}
