/* Start a program from a descriptor without copying the caller's page tables: clone3 with CLONE_VM and
 * CLONE_VFORK, then execveat. Knows nothing of containers. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "clone.h"

enum { SPAWN_FDS = 16, SPAWN_STACK = 16 * 1024 };

struct spawn {
    int executable;
    char *const *argv, *const *envp;
    const int *fds;
    int count;
    volatile int error;
};

static int spawn_child(void *argument) {
    struct spawn *s = argument;
    int moved[SPAWN_FDS], executable = s->executable;
    const long standard[4] = {0}; /* the kernel's struct sigaction: SIG_DFL, no flags, nothing masked */
    sigset_t none;
    /* CLONE_CLEAR_SIGHAND leaves ignored signals ignored. The C library refuses 32 and 33, which it uses itself. */
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, standard, 0, 8);
    for (int i = 0; i < s->count; i++) /* out of the way of the numbers that are handed out below */
        if ((moved[i] = s->fds[i] >= s->count ? s->fds[i] : fcntl(s->fds[i], F_DUPFD_CLOEXEC, s->count)) < 0) goto failed;
    if (executable < s->count && (executable = fcntl(executable, F_DUPFD_CLOEXEC, s->count)) < 0) goto failed;
    for (int i = 0; i < s->count; i++)
        if (dup2(moved[i], i) < 0) goto failed;
    if (syscall(SYS_close_range, s->count, ~0U, CLOSE_RANGE_CLOEXEC) < 0) goto failed;
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
    syscall(SYS_execveat, executable, "", s->argv, s->envp, AT_EMPTY_PATH);
failed:
    s->error = errno;
    return 127;
}

/* Execute `executable` with `fds` as its descriptors 0, 1, …, in a session of its own and, when `cgroup` is
 * not -1, in that v2 cgroup. The caller waits for the pid with __WALL: no SIGCHLD is sent. Returns the pid
 * or -errno, also when the execution itself failed. */
static int tuicont_spawn(int executable, char *const argv[], char *const envp[], const int *fds, int count, int cgroup) {
    char stack[SPAWN_STACK] __attribute__((aligned(16)));
    struct spawn s = {executable, argv, envp, fds, count, 0};
    struct tuicont_clone_args args = {
        .flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND,
        .stack = (uintptr_t)stack,
        .stack_size = sizeof stack,
    };
    sigset_t all, before;
    long pid;
    if (count > SPAWN_FDS) return -E2BIG;
    if (cgroup >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = tuicont_clone(&args, spawn_child, &s);
    pthread_sigmask(SIG_SETMASK, &before, 0);
    if (pid > 0 && s.error) {
        syscall(SYS_wait4, pid, 0, 0x40000000 /* __WALL */, 0);
        return -s.error;
    }
    return pid;
}
