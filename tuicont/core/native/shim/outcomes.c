/* What becomes of a child. It is a copy of the shim that carries a plan out, and the shim goes on serving: it hears of the
 * child over the channel between them, whose end says that the child has executed or died.
 *
 *   BEING_BORN ──▶ RUNNING ──▶ ENDED          a plan without AwaitStart, or an exec's
 *       │  └─────▶ WAITING ──▶ RUNNING        created: with AwaitStart, until somebody sends START
 *       ▼             └──────▶ ENDED          once created, whatever becomes of the init is its end
 *    failed: nothing of it is left when that is told
 *
 * A child may also become an OCI runtime: then its end with 0 is what execution is otherwise, and the process that it has
 * left behind takes its place. */
#include "keeper.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
    if (p->birth.plan >= 0) close(p->birth.plan);
    p->birth = (struct birth){.channel = -1, .plan = -1, .console = -1};
    if (p == k->init && !waited) init_stands(k);
}

static void channel_ended(struct keeper *k, struct process *p) {
    struct birth_report report = read_head(p).report;
    close(p->birth.channel);
    p->birth.channel = -1;
    p->birth.awaits = 0;
    p->birth.at_work = report.executing && !report.error;
    if (p->birth.at_work && p->birth.kind == COMMAND) started(k, p);
    /* else it is at work for us, or dying: what becomes of that shows when it has been reaped */
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
    if (p != k->init && asker->process == p) asker->process = 0;
    client_send_failed(asker, failure);
}

/* Give up the births whose time is over. Returns the milliseconds until the next one's is, or -1. */
int births_expire(struct keeper *k) {
    uint64_t now = 0, next = 0;
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next) {
        struct packet_failed failure;
        if (!p->birth.deadline) continue;
        if (!now) now = monotonic_ns();
        while (p->birth.channel >= 0 && p->birth.deadline && p->birth.deadline <= now && birth_hear(k, p));
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
    if (p->birth.at_work) failure.stage = AT_RUNTIME, failure.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) failure.signal = WTERMSIG(status);
    return failure;
}

/* A runtime has ended with 0. What it was to do is done, or else `failure` says why not. */
static bool runtime_done(struct keeper *k, struct process *p, struct packet_failed *failure) {
    int error;
    if (p->birth.kind == STARTER) {
        if (k->init->state == WAITING) k->init->state = RUNNING;
        if (p->birth.asker) client_send_process(p->birth.asker, STARTED, k->init);
        return true;
    }
    if ((error = adoption_take(p)) < 0) {
        *failure = (struct packet_failed){.stage = AT_ADOPTION, .index = -1, .error = -error};
        return false;
    }
    p->birth.at_work = false;
    if (p == k->init) created(k, p);
    else started(k, p);
    return true;
}

static void forget_exec(struct process **at) {
    struct process *p = *at;
    *at = p->next;
    process_free(p);
}

/* A child has ended that was not (or not yet) its command. */
static void end_birth(struct keeper *k, struct process **at, int status) {
    struct process *p = *at;
    struct packet_failed failure = why(p, status);
    enum child_kind kind = p->birth.kind;
    bool done = p->birth.at_work && status == 0 && runtime_done(k, p, &failure);
    if (kind == CREATOR) adoption_forget(p);
    if (kind == STARTER && k->init->state == WAITING) await(k->init, START); /* it may be tried again */
    if (p == k->init && !done) {
        remove_files(k);
        k->stillborn = true;
    }
    if (!done) tell_failure(k, p, &failure);
    if (p != k->init && !(done && kind == CREATOR)) forget_exec(at);
}

static void bury(struct keeper *k, struct process **at, int status) {
    struct process *p = *at;
    if (p->state == BEING_BORN) {
        end_birth(k, at, status);
    } else if (p == k->init) {
        struct packet_failed failure = why(p, status);
        if (p->state == WAITING) tell_failure(k, p, &failure);
        p->birth.awaits = 0;
        end_init(k, status);
    } else {
        end_exec(k, p, status);
        forget_exec(at);
    }
}

/* Reap one of the processes that we know, if one has ended. */
static bool reap_known(struct keeper *k) {
    for (struct process **at = &k->init; *at; at = at == &k->init ? &k->execs : &(*at)->next) {
        siginfo_t info = {0};
        int status;
        if ((*at)->state == ENDED) continue;
        if (waitid(P_PIDFD, (*at)->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid) continue;
        /* What it still had to say comes first, while its number is still its own. */
        while ((*at)->birth.channel >= 0 && birth_hear(k, *at));
        waitpid((*at)->pid, &status, 0);
        bury(k, at, status);
        return true;
    }
    return false;
}

static bool runtime_at_work(const struct keeper *k) {
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next)
        if (p->birth.kind == CREATOR && p->birth.at_work) return true;
    return false;
}

static bool is_known(const struct keeper *k, pid_t pid) {
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next)
        if (p->pid == pid && p->state != ENDED) return true;
    return false;
}

/* Reap every child that has ended: the init, the execs, and orphans that came to the subreaper. While a runtime is at work,
 * an orphan may be what it is making, which has ended before we know of it: that keeps. */
void reap(struct keeper *k) {
    siginfo_t info = {0};
    do {
        while (!k->stillborn && reap_known(k));
        info.si_pid = 0;
        if (k->stillborn || runtime_at_work(k) || waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return;
        if (info.si_pid && !is_known(k, info.si_pid)) waitpid(info.si_pid, 0, 0);
    } while (info.si_pid);
}
