/* A loop over everything that can happen. */
#include "keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is asked about in one round: the two first, then two for each process and two for each client, in their order. */
struct rounds {
    int signals, listener;
    struct pollfd *fds;
    size_t room;
    bool full; /* no descriptor was left for a client: it is asked for again a little later */
};

/* A session is a client, and a process with its pipes or its terminal, its pidfd, its plan and its channel. Clients
 * that only ask have a place beside them, so that there is control over a container with as many as it takes. */
enum { FORGOTTEN_MS = 2000, SCARCE_MS = 100 };
enum { SESSIONS = 1000, OTHERS = 1000, OWN_FILES = 16, SESSION_FILES = 8 };

static void set_bounds(struct keeper *k) {
    struct rlimit64 limit = {OWN_FILES, OWN_FILES};
    uint64_t others, room;
    prlimit64(0, RLIMIT_NOFILE, 0, &limit);
    others = limit.rlim_cur / 4 < OTHERS ? limit.rlim_cur / 4 : OTHERS;
    room = limit.rlim_cur > OWN_FILES + others ? (limit.rlim_cur - OWN_FILES - others) / SESSION_FILES : 0;
    k->sessions_max = room < SESSIONS ? room : SESSIONS;
    k->clients_max = k->sessions_max + others;
}

static bool take_client(struct keeper *k, int listener) {
    int fd = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    unsigned count = clients_count(k);
    if (fd < 0) return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
    if (count < k->clients_max) {
        client_add(k, fd);
    } else {
        client_refuse_session(&(struct client){.fd = fd}, count);
        close(fd);
    }
    return true;
}

static void client_gone(struct keeper *k, struct client *c) {
    struct process *p = c->process;
    if (c->record && client_took_all(c)) record_drop(k, c->record);
    close(c->fd);
    c->fd = -1;
    c->process = 0;
    births_abandon(k, c);
    if (p && p != k->init && c->stdin && !p->terminal) process_close_input(p); /* nobody else can give it any */
    if (c->engine) release_output(k); /* nobody is left who would attach */
}

/* A birth's channel, then its output; nothing of what has ended, is held back, or what a client does not take. */
static int wanted_of(const struct keeper *k, const struct process *p, int stream) {
    if (p->birth.channel >= 0) return stream ? -1 : p->birth.channel;
    if (p->state != RUNNING || (p == k->init && k->output_held) || clients_block(k, p)) return -1;
    return p->output[stream];
}

static int prepare(struct keeper *k, struct rounds *r) {
    size_t count = 2, needed = 2;
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next) needed += 2;
    for (struct client *c = k->clients; c; c = c->next) needed += 2;
    if (needed > r->room) {
        struct pollfd *grown = realloc(r->fds, needed * 2 * sizeof *grown);
        if (!grown) return -ENOMEM;
        r->fds = grown;
        r->room = needed * 2;
    }
    r->fds[0] = (struct pollfd){r->signals, POLLIN, 0};
    r->fds[1] = (struct pollfd){r->full ? -1 : r->listener, POLLIN, 0};
    r->full = false;
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next)
        for (int stream = 0; stream < 2; stream++)
            r->fds[count++] = (struct pollfd){wanted_of(k, p, stream), POLLIN, 0};
    for (struct client *c = k->clients; c; c = c->next) {
        if (c->held && (!c->process || c->process->input < 0)) feed_held(c); /* nobody is left to take it */
        r->fds[count++] = (struct pollfd){c->fd, (c->held ? 0 : POLLIN) | (c->pending_size ? POLLOUT : 0), 0};
        r->fds[count++] = (struct pollfd){c->held && c->process ? c->process->input : -1, POLLOUT, 0};
    }
    return count;
}

/* There is an end to tell, and nobody can ever come to hear it: the socket has no name any more. */
static bool forgotten(const struct keeper *k) {
    return end_is_told(k) && !k->clients && syscall(SYS_faccessat, AT_FDCWD, SOCKET_NAME, F_OK) < 0 && errno == ENOENT;
}

/* A kernel without memory for a moment is no reason to end a container: after a pause it is asked again. */
static int await_memory(int error) {
    if (error != ENOMEM && error != EAGAIN) return error == EINTR ? 0 : -error;
    poll(NULL, 0, SCARCE_MS);
    return 0;
}

/* One round: wait, then look at everything in the same order as it was asked about. */
static int one_round(struct keeper *k, struct rounds *r) {
    int patience = births_expire(k), count = prepare(k, r), ready;
    size_t at = 2;
    if (count < 0) return count;
    bool scarce = r->fds[1].fd < 0;
    if (patience < 0 && end_is_told(k)) patience = FORGOTTEN_MS;
    if (scarce && (patience < 0 || patience > SCARCE_MS)) patience = SCARCE_MS;
    if ((ready = poll(r->fds, count, patience)) < 0) return await_memory(errno);
    if (!ready && !scarce) k->released |= forgotten(k);
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next)
        for (int stream = 0; stream < 2; stream++) {
            if (!r->fds[at++].revents) continue;
            if (p->birth.channel >= 0) birth_hear(k, p);
            else process_read(k, p, stream);
        }
    for (struct client *c = k->clients; c && !k->released; c = c->next, at += 2) {
        short said = r->fds[at].revents;
        if (r->fds[at + 1].revents) feed_held(c);
        if (said & POLLOUT) client_flush(c);
        if (said & POLLIN && !handle_request(k, c)) client_gone(k, c);
        else if (said & (POLLHUP | POLLERR) && !(said & POLLIN)) client_gone(k, c);
    }
    if (r->fds[1].revents) r->full = !take_client(k, r->listener);
    if (r->fds[0].revents) {
        struct signalfd_siginfo info;
        if (read(r->signals, &info, sizeof info) > 0) reap(k);
    }
    clients_sweep(k);
    return 0;
}

/* Until there is nothing to keep any more. Returns 0 or -errno. */
int serve(struct keeper *k, int listener) {
    struct rounds r = {.listener = listener};
    sigset_t children;
    int error = 0;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    if ((r.signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) return -errno;
    set_bounds(k);
    while (!k->released && !k->stillborn && !error) error = one_round(k, &r);
    return error;
}
