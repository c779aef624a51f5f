/* Making one process by a plan: clone3 in the shim's own memory, and what became of it. */
#include "shim.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone.h"

enum { CHILD_STACK = 128 * 1024 };
/* PF_EXITING | PF_FORKNOEXEC of include/linux/sched.h: it ends, and has executed nothing. The parent of a vfork
 * goes on while a dying child is not yet a zombie, so its state would not tell. */
enum { STILLBORN = 0x44 };

static int child(void *birth) {
    carry_out(birth);
    return 127;
}

/* Its start time in clock ticks, and whether it died without having executed anything (proc_pid_stat(5)). */
static uint64_t read_stat(pid_t pid, bool *stillborn) {
    char path[32], text[512];
    struct text name = TEXT(path);
    const char *at;
    uint64_t flags = 0, start = 0;
    ssize_t length;
    int fd;
    *stillborn = false;
    text_add(&name, "/proc/");
    text_number(&name, pid, 1);
    text_add(&name, "/stat");
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return 0;
    text[length] = 0;
    if (!(at = strrchr(text, ')'))) return 0;
    for (int field = 2; field < 22 && (at = strchr(at + 1, ' ')); field++) {
        const char *end;
        if (field == 8) flags = parse_number(at + 1, &end);
        if (field == 21) start = parse_number(at + 1, &end);
    }
    *stillborn = (flags & STILLBORN) == STILLBORN;
    return start;
}

static void bury(struct born *born, struct packet_failed *failure) {
    siginfo_t info = {0};
    waitid(P_PIDFD, born->pidfd, &info, WEXITED);
    if (failure && info.si_code != CLD_EXITED) failure->signal = info.si_status;
    close(born->pidfd);
}

static int clone_child(struct birth *b, uint64_t flags, struct born *born) {
    char stack[CHILD_STACK] __attribute__((aligned(16)));
    struct tuicont_clone_args args = {
        .flags = flags | CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        .pidfd = (uintptr_t)&born->pidfd,
        .exit_signal = SIGCHLD,
        .stack = (uintptr_t)stack,
        .stack_size = sizeof stack,
    };
    long pid;
    int cgroup = -1;
    if (*b->plan->clone_into) {
        if ((cgroup = open(b->plan->clone_into, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) return -errno;
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup;
    }
    pid = tuicont_clone(&args, child, b);
    if (cgroup >= 0) close(cgroup);
    return pid;
}

/* Returns 0, or -1 with `failure` filled in; then nothing is left of the child. */
int give_birth(struct birth *b, uint64_t clone_flags, struct born *born, struct packet_failed *failure) {
    uint64_t began = monotonic_ns();
    bool stillborn;
    int result;
    *failure = (struct packet_failed){.type = FAILED, .index = -1};
    b->root = b->null = b->empty = b->parent = -1;
    b->index = -1;
    result = clone_child(b, clone_flags, born);
    free(b->slots);
    free(b->vectors);
    b->slots = 0;
    b->vectors = 0;
    if (result < 0) {
        failure->stage = AT_CLONE;
        failure->error = -result;
        return -1;
    }
    born->pid = result;
    born->nanoseconds = monotonic_ns() - began;
    if (b->plan->head.flags & PLAN_TRACE && b->code == OP_EXECUTE && !b->error)
        b->trace[b->index].nanoseconds = monotonic_ns() - b->began;
    failure->index = b->index;
    failure->code = b->code;
    if (b->error) {
        failure->stage = AT_OPERATION;
        failure->error = -b->error;
        bury(born, 0);
        return -1;
    }
    born->start_time = read_stat(born->pid, &stillborn);
    if (stillborn) {
        failure->stage = AT_SILENT_DEATH;
        bury(born, failure);
        return -1;
    }
    return 0;
}
