/* Births: from clone3 to the command. The child is a copy of the shim that carries a plan out, and the shim goes on
 * serving: it hears of the child over the channel between them, whose end says that the child has executed or died.
 *
 *   BEING_BORN ──▶ RUNNING ──▶ ENDED          a plan without AwaitStart, or an exec's
 *       │  └─────▶ WAITING ──▶ RUNNING        created: with AwaitStart, until somebody sends START
 *       ▼             └──────▶ ENDED          once created, whatever becomes of the init is its end
 *    failed: nothing of it is left when that is told */
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

/* The start time of a process in clock ticks (proc_pid_stat(5), field 22). */
static uint64_t read_start_time(pid_t pid) {
    char path[32], text[512];
    struct text name = TEXT(path);
    const char *at;
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
    for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
    return at ? parse_number(at + 1, &at) : 0;
}

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
    if (!k->init) return 0;
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
int birth_begin(struct keeper *k, const struct plan *plan, int plan_fd, struct client *asker, struct packet_failed *failure) {
    struct process *p = process_new();
    struct child child = {.flags = plan->head.flags, .plan = plan_fd, .channel = -1, .stdio = {-1, -1, -1}, .init = -1,
                          .executable = -1, .root = -1, .null = -1, .empty = -1, .parent = -1};
    int result = p ? 0 : -ENOMEM;
    *failure = (struct packet_failed){.stage = AT_PIPES, .index = -1};
    if (p) {
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
    p->start_time = read_start_time(p->pid);
    set_deadline(&p->birth);
    if (k->init) {
        p->next = k->execs;
        k->execs = p;
        asker->process = p;
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

static void await(struct process *p, uint32_t type) {
    p->birth.awaits = type;
    p->birth.deadline = 0;
}

/* The head of its plan as it is now: the child writes its report there. */
static struct plan_head read_head(const struct process *p) {
    struct plan_head head = {.report.index = -1};
    syscall(SYS_pread64, p->birth.plan, &head, sizeof head, 0l);
    return head;
}

static struct packet_failed failure_at(const struct process *p, uint32_t stage) {
    struct plan_head head = read_head(p);
    return (struct packet_failed){.stage = stage, .index = head.report.index, .code = head.report.code,
                                  .error = head.report.error, .operations = head.operations};
}

/* Nobody takes it for a failed birth any more, and its root file system shall outlast it. */
static void init_stands(struct keeper *k) {
    close(FD_GUARD);
    hold_root(k);
}

static void created(struct keeper *k, struct process *p) {
    if (p != k->init || p->state != BEING_BORN) {
        birth_cancel(p);
        return;
    }
    await(p, START);
    p->state = WAITING;
    if (p->birth.asker) client_send_process(p->birth.asker, CREATED, p);
    p->birth.asker = 0;
    init_stands(k);
}

static void started(struct keeper *k, struct process *p) {
    struct client *asker = p->birth.asker;
    bool waited = p->state == WAITING;
    p->state = RUNNING;
    if (asker) client_send_process(asker, STARTED, p);
    if (asker && p != k->init) asker->stdin = p->stdin_open;
    close(p->birth.plan);
    p->birth = (struct birth){.channel = -1, .plan = -1};
    if (p == k->init && !waited) init_stands(k);
}

static void channel_ended(struct keeper *k, struct process *p) {
    struct birth_report report = read_head(p).report;
    close(p->birth.channel);
    p->birth.channel = -1;
    p->birth.awaits = 0;
    if (report.executing && !report.error) started(k, p);
    /* else it is dying, and is told of when it has been reaped */
}

/* Take one thing that a child says; returns whether there may be more. */
bool birth_hear(struct keeper *k, struct process *p) {
    struct packet_stepped said = {0};
    int fd;
    ssize_t length = receive_packet(p->birth.channel, &said, sizeof said, &fd, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (length <= 0) {
        channel_ended(k, p);
        return false;
    }
    if (said.type == TERMINAL && fd >= 0 && p->input < 0) {
        process_take_terminal(p, fd);
        return true;
    }
    if (fd >= 0) close(fd);
    if (said.type == STEPPED) {
        await(p, GO);
        if (p->birth.asker) client_send(p->birth.asker, &said, sizeof said);
        else birth_cancel(p);
    } else if (said.type == AWAITS_START) {
        created(k, p);
    }
    return true;
}

static void tell_failure(struct keeper *k, struct process *p, const struct packet_failed *failure) {
    struct client *asker = p->birth.asker;
    p->birth.asker = 0;
    if (!asker) return;
    if (p != k->init) asker->process = 0;
    client_send_failed(asker, failure);
}

/* A client is gone. What waits for it gives up; what does not goes on without it. */
void births_abandon(struct keeper *k, const struct client *c) {
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next) {
        if (p->birth.asker != c) continue;
        p->birth.asker = 0;
        if (p->birth.awaits == GO) birth_cancel(p);
    }
}

/* Give up the births whose time is over. Returns the milliseconds until the next one's is, or -1. */
int births_expire(struct keeper *k) {
    uint64_t now = 0, next = 0;
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next) {
        struct packet_failed failure;
        if (!p->birth.deadline) continue;
        if (!now) now = monotonic_ns();
        while (p->birth.deadline && p->birth.deadline <= now && birth_hear(k, p));
        if (!p->birth.deadline) continue;
        if (p->birth.deadline > now) {
            if (!next || p->birth.deadline < next) next = p->birth.deadline;
            continue;
        }
        /* What hangs in the kernel may outlast even this: who asked does not wait for it. */
        p->birth.deadline = 0;
        syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, 0, 0);
        failure = failure_at(p, AT_DEADLINE);
        failure.error = ETIMEDOUT;
        tell_failure(k, p, &failure);
    }
    return next ? (int)((next - now) / 1000000) + 1 : -1;
}

static struct packet_failed why(const struct process *p, int status) {
    struct packet_failed failure = failure_at(p, AT_SILENT_DEATH);
    if (failure.error) failure.stage = failure.index < 0 ? AT_PLAN : AT_OPERATION;
    if (WIFSIGNALED(status)) failure.signal = WTERMSIG(status);
    return failure;
}

static void bury(struct keeper *k, struct process **at, int status) {
    struct process *p = *at;
    if (p->state == BEING_BORN && p == k->init) {
        remove_files(k);
        k->stillborn = true;
    }
    if (p->state < RUNNING) {
        struct packet_failed failure = why(p, status);
        tell_failure(k, p, &failure);
    }
    if (p != k->init) {
        if (p->state == RUNNING) end_exec(k, p, status);
        *at = p->next;
        process_free(p);
    } else if (!k->stillborn) {
        end_init(k, status);
    }
}

/* Reap every child that has ended: the init, the execs, and orphans that came to the subreaper. */
void reap(struct keeper *k) {
    siginfo_t info;
    while (info.si_pid = 0, waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
        struct process **at = &k->init;
        int status;
        if ((*at)->pid != info.si_pid)
            for (at = &k->execs; *at && (*at)->pid != info.si_pid;) at = &(*at)->next;
        /* What it still had to say comes first, while its number is still its own. */
        while (*at && (*at)->birth.channel >= 0 && birth_hear(k, *at));
        waitpid(info.si_pid, &status, 0);
        if (*at) bury(k, at, status);
    }
}
