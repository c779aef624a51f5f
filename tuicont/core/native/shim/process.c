/* The processes that the shim has made: their pipes, their output, their ends. */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DRAIN_MAX = 1 << 20, DRAIN_WAIT_MS = 20 };

struct process *init, *execs;
char *exit_path;
bool exec_records, output_held;
static int root = -1;

uint64_t realtime_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

void process_free(struct process *p) {
    close_fd(&p->pidfd);
    if (p->input != p->output[0]) close_fd(&p->input);
    close_fd(&p->output[0]);
    close_fd(&p->output[1]);
    close_fd(&p->slave);
    free(p);
}

void process_close_input(struct process *p) {
    if (p->terminal) {
        if (p->input >= 0 && write(p->input, "\4", 1) < 0) return; /* ^D: a terminal has no other end of file */
    } else {
        close_fd(&p->input);
    }
}


static int receive_terminal(int socket, struct process *p) {
    char control[CMSG_SPACE(2 * sizeof(int))], byte;
    struct iovec one = {&byte, 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head;
    int fds[2];
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) < 0) return -errno;
    head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len != CMSG_LEN(sizeof fds)) return -EBADMSG;
    memcpy(fds, CMSG_DATA(head), sizeof fds);
    p->input = p->output[0] = fds[0];
    p->slave = fds[1]; /* kept open, or the master reads EIO whenever nobody in the container has it open */
    return 0;
}

/* Pipes for what has no terminal: [2i] is read, [2i+1] written. */
static int make_pipes(int ends[6], bool with_input) {
    for (int i = with_input ? 0 : 1; i < 3; i++)
        if (pipe2(ends + 2 * i, O_CLOEXEC) < 0 || fcntl(ends[2 * i + !i], F_SETFL, O_NONBLOCK | (i ? 0 : O_WRONLY)) < 0)
            return -errno;
    return 0;
}

/* Make the process that a plan describes. On failure nothing is left, and `failure` says what it was. */
int process_start(struct plan *plan, struct client *asker, struct process **made, struct born *born, struct packet_failed *failure) {
    struct process *p = calloc(1, sizeof *p);
    int ends[6] = {-1, -1, -1, -1, -1, -1}, pair[2] = {-1, -1}, error = 0;
    struct birth b = {.plan = plan, .init = init ? init->pidfd : -1, .executable = -1, .terminal_sender = -1};
    *failure = (struct packet_failed){.type = FAILED, .stage = AT_PIPES, .index = -1};
    if (!p) {
        failure->error = ENOMEM;
        return -1;
    }
    p->pidfd = p->input = p->output[0] = p->output[1] = p->slave = -1;
    p->terminal = plan->head.flags & PLAN_TERMINAL;
    p->stdin_open = plan->head.flags & PLAN_STDIN;
    text_add(&(struct text)TEXT(p->id), plan->exec_id);
    if (p->terminal) {
        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0) error = -errno;
    } else {
        error = make_pipes(ends, p->stdin_open);
    }
    if (plan->head.flags & PLAN_REAPER && (b.executable = open("/proc/self/exe", O_PATH | O_CLOEXEC)) < 0) error = -errno;
    if (init && !error && setns(init->pidfd, CLONE_NEWPID) < 0) error = -errno;
    if (error) {
        failure->error = -error;
    } else {
        b.stdio[0] = ends[0], b.stdio[1] = ends[3], b.stdio[2] = ends[5];
        b.terminal_sender = pair[1];
        error = give_birth(&b, plan->head.clone_flags, born, failure);
    }
    if (!error && p->terminal && (error = receive_terminal(pair[0], p)) < 0) failure->error = -error;
    close_fd(&ends[0]), close_fd(&ends[3]), close_fd(&ends[5]);
    close_fd(&pair[0]), close_fd(&pair[1]);
    close_fd(&b.executable);
    if (!p->terminal) p->input = ends[1], p->output[0] = ends[2], p->output[1] = ends[4];
    if (b.trace) {
        uint32_t done = b.index < 0 ? 0 : (uint32_t)b.index + 1;
        send_trace(asker, b.trace, done);
        free(b.trace);
    }
    if (error) {
        process_free(p);
        return -1;
    }
    p->pid = born->pid;
    p->pidfd = born->pidfd;
    p->start_time = born->start_time;
    *made = p;
    return 0;
}

/* Read once; returns whether there may be more. */
bool process_read(struct process *p, int stream) {
    char buffer[OUTPUT_MAX];
    ssize_t length = read(p->output[stream], buffer, sizeof buffer);
    if (length > 0) {
        if (p == init) log_write(stream + 1, buffer, length, realtime_ns());
        clients_output(p, stream + 1, buffer, length);
        return true;
    }
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (!p->terminal) close_fd(&p->output[stream]);
    return false;
}

/* Take what an ended process has left in its pipes: at most 1 MiB, which is all that a pipe can hold. */
void process_drain(struct process *p) {
    close_fd(&p->slave);
    for (int stream = 0; stream < 2; stream++) {
        int budget = DRAIN_MAX / OUTPUT_MAX;
        if (p->output[stream] < 0) continue;
        do
            while (budget-- > 0 && process_read(p, stream));
        /* what is written to a terminal arrives at its master a moment later */
        while (p->terminal && budget > 0 && poll(&(struct pollfd){p->output[stream], POLLIN, 0}, 1, DRAIN_WAIT_MS) == 1 &&
               process_read(p, stream));
    }
}

/* Written whole and under its name at once, so that nobody ever reads half of it. */
int exit_record(const char *path, const struct exit_status *status) {
    char json[160], temporary[4096];
    struct text t = TEXT(json), name = TEXT(temporary);
    int fd, error = 0;
    text_add(&t, "{\"code\":");
    text_number(&t, status->code, 1);
    text_add(&t, ",\"signal\":");
    text_number(&t, status->signal, 1);
    text_add(&t, ",\"time_ns\":");
    text_number(&t, status->time_ns, 1);
    text_add(&t, "}\n");
    text_add(&name, path);
    text_add(&name, ".tmp");
    if (name.cut) return -ENAMETOOLONG;
    if ((fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0) return -errno;
    if (write(fd, json, t.used) != (ssize_t)t.used) error = -ENOSPC;
    close(fd);
    if (!error && rename(temporary, path) < 0) error = -errno;
    if (error) unlink(temporary);
    return error;
}

static void ended(struct process *p, int status) {
    p->exit = (struct exit_status){
        .code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .time_ns = realtime_ns(),
    };
    p->exited = true;
}

/* Keep the root file system of the init beyond its end. Unmounting an overlay syncs all of the disk below it, and an
 * end that waited for that would be told late. */
void hold_root(void) {
    char path[32];
    struct text t = TEXT(path);
    text_add(&t, "/proc/");
    text_number(&t, init->pid, 1);
    text_add(&t, "/root");
    root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void init_ended(void) {
    process_drain(init);
    exit_record(exit_path, &init->exit); /* before anybody is told */
    clients_exited(init);
    close_fd(&root); /* returns when it is unmounted */
    close(FD_SNAPSHOT);
}

void release_output(void) {
    if (!output_held) return;
    output_held = false;
    if (init->exited) init_ended();
}

/* Reap every child that has ended: the init, the execs, and orphans that came to the subreaper. */
void reap(void) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (init && pid == init->pid) {
            ended(init, status);
            if (!output_held) init_ended();
            continue;
        }
        for (struct process **at = &execs, *p; (p = *at); at = &p->next) {
            char path[sizeof p->id + 8];
            struct text name = TEXT(path);
            if (p->pid != pid) continue;
            ended(p, status);
            process_drain(p);
            text_add(&name, "exec-");
            text_add(&name, p->id);
            exec_records |= exit_record(path, &p->exit) == 0;
            clients_exited(p);
            *at = p->next;
            process_free(p);
            break;
        }
    }
}
