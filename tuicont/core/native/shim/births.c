/* Making a child: clone3 of a copy of the shim, and what it is given. What becomes of it is in outcomes.c. */
#include "keeper.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clone.h"

/* Close what else the shim has open: a child must hold neither its listener nor its clients nor another birth. */
static void close_all_but(int *kept, int count) {
    unsigned from = 3;
    for (int i = 1; i < count; i++)
        for (int j = i; j > 0 && kept[j] < kept[j - 1]; j--) {
            int lower = kept[j];
            kept[j] = kept[j - 1];
            kept[j - 1] = lower;
        }
    for (int i = 0; i < count; i++) {
        if (kept[i] < (int)from) continue;
        if (kept[i] > (int)from) syscall(SYS_close_range, from, kept[i] - 1, 0);
        from = kept[i] + 1;
    }
    syscall(SYS_close_range, from, ~0U, 0);
}

/* Returns the pid; or -errno. The child does not return. */
static int clone_child(struct child *child, const struct plan *plan, int *pidfd) {
    struct tuicont_clone_args args = {
        .flags = plan->head.clone_flags | CLONE_PIDFD | CLONE_CLEAR_SIGHAND,
        .pidfd = (uintptr_t)pidfd,
        .exit_signal = SIGCHLD,
    };
    int cgroup = -1, error;
    long pid;
    if (*plan->clone_into) {
        if ((cgroup = open(plan->clone_into, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) return -errno;
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup;
    }
    pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        int kept[] = {child->plan,     child->channel, child->init,      child->executable,
                      child->stdio[0], child->stdio[1], child->stdio[2]};
        close_all_but(kept, sizeof kept / sizeof *kept);
        child_live(child);
    }
    error = errno;
    if (cgroup >= 0) close(cgroup);
    return pid < 0 ? -error : pid;
}

/* Pipes for what has no terminal. */
static int make_pipes(struct process *p, int theirs[3]) {
    if (p->birth.kind == STARTER) return 0; /* it has nothing to say that it does not write to its log */
    for (int i = p->stdin_open ? 0 : 1; i < 3; i++) {
        int ends[2], *ours = i ? &p->output[i - 1] : &p->input;
        if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
        *ours = ends[!i];
        theirs[i] = ends[!!i];
        if (fcntl(*ours, F_SETFL, O_NONBLOCK | (i ? 0 : O_WRONLY)) < 0) return -errno;
    }
    return 0;
}

/* What is made before the child is; `child` gets its ends. */
static int equip(struct keeper *k, struct process *p, struct child *child) {
    int pair[2], error;
    if (!p->terminal && (error = make_pipes(p, child->stdio)) < 0) return error;
    if (child->flags & PLAN_REAPER && (child->executable = open("/proc/self/exe", O_PATH | O_CLOEXEC)) < 0) return -errno;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -errno;
    p->birth.channel = pair[0];
    child->channel = pair[1];
    if (p->birth.kind == CREATOR) return adoption_prepare(p);
    if (!k->init || p->birth.kind == STARTER) return 0;
    child->init = k->init->pidfd;
    if (!k->entered && setns(k->init->pidfd, CLONE_NEWPID) < 0) return -errno;
    k->entered = true;
    return 0;
}

static void set_deadline(struct birth *birth) {
    birth->deadline = birth->patience && !birth->awaits ? monotonic_ns() + birth->patience : 0;
}

/* Begin the birth of the init, or of an exec when there is one. `plan_fd` is ours from here on. Returns -1 with `failure`
 * filled in, and then nothing is left. */
int birth_begin(struct keeper *k, const struct plan *plan, int plan_fd, enum child_kind kind, struct client *asker,
                struct packet_failed *failure) {
    struct process *p = process_new();
    struct child child = {.flags = plan->head.flags, .plan = plan_fd, .channel = -1, .stdio = {-1, -1, -1}, .init = -1,
                          .executable = -1, .root = -1, .null = -1, .empty = -1, .parent = -1};
    int result = p ? 0 : -ENOMEM;
    *failure = (struct packet_failed){.stage = AT_PIPES, .index = -1};
    if (p) {
        p->birth.kind = kind;
        p->birth.plan = plan_fd;
        p->birth.flags = plan->head.flags;
        p->birth.patience = plan->head.patience_ms * 1000000ull;
        p->birth.awaits = plan->head.flags & (PLAN_LATER | PLAN_BORN) ? GO : 0;
        p->birth.asker = asker;
        p->terminal = plan->head.flags & PLAN_TERMINAL;
        p->stdin_open = plan->head.flags & PLAN_STDIN;
        text_add(&(struct text)TEXT(p->id), plan->exec_id);
        result = equip(k, p, &child);
    }
    if (!result) {
        failure->stage = AT_CLONE;
        result = clone_child(&child, plan, &p->pidfd);
    }
    for (int i = 0; i < 3; i++)
        if (child.stdio[i] >= 0) close(child.stdio[i]);
    if (child.channel >= 0) close(child.channel);
    if (child.executable >= 0) close(child.executable);
    if (result < 0) {
        failure->error = -result;
        if (p) process_free(p);
        else close(plan_fd);
        return -1;
    }
    p->pid = result;
    p->start_time = read_start_time(p->pid, 0);
    set_deadline(&p->birth);
    if (k->init) {
        p->next = k->execs;
        k->execs = p;
        if (kind != STARTER) asker->process = p;
    } else {
        k->init = p;
    }
    if (p->birth.flags & PLAN_BORN) client_send_process(asker, BORN, p);
    return 0;
}

/* Let a child go on that waits for `type`. False when it does not. */
bool birth_let_go(struct process *p, uint32_t type) {
    struct packet_head packet = {type, 0};
    if (p->birth.awaits != type) return false;
    p->birth.awaits = 0;
    set_deadline(&p->birth);
    send_packet(p->birth.channel, &packet, sizeof packet, -1, MSG_DONTWAIT);
    return true;
}

/* A child that waits, or is about to, sees the end of its channel and gives up. */
void birth_cancel(struct process *p) {
    p->birth.awaits = 0;
    shutdown(p->birth.channel, SHUT_WR);
}

/* A client is gone. What waits for it gives up; what does not goes on without it. */
void births_abandon(struct keeper *k, const struct client *c) {
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next) {
        if (p->birth.asker != c) continue;
        p->birth.asker = 0;
        if (p->birth.awaits == GO) birth_cancel(p);
    }
}
