/* The clients: who is told what, and a loop over everything that can happen.
 *
 * A client whose socket is full stops the reading of its process's output (the process then blocks, as it
 * would on a terminal that nobody reads), so that nothing piles up here; one that is gone stops nothing. */
#include "shim.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PENDING_MAX = 3 << 20 };

struct client *clients;

struct client *client_add(int fd) {
    struct client *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return 0;
    }
    c->fd = fd;
    c->next = clients;
    return clients = c;
}

static void keep(struct client *c, const void *packet, uint32_t length) {
    size_t size = c->pending_size + sizeof length + length;
    char *grown;
    if (size > PENDING_MAX || !(grown = realloc(c->pending, size))) return;
    c->pending = grown;
    memcpy(grown + c->pending_size, &length, sizeof length);
    memcpy(grown + c->pending_size + sizeof length, packet, length);
    c->pending_size = size;
}

void client_send(struct client *c, const void *packet, size_t length) {
    if (c->fd < 0) return;
    if (c->pending_size) {
        keep(c, packet, length);
    } else if (send(c->fd, packet, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EAGAIN || errno == ENOBUFS) keep(c, packet, length);
        else shutdown(c->fd, SHUT_RDWR); /* the loop sees the end of it */
    }
}

void client_send_fd(struct client *c, const void *packet, size_t length, int fd) {
    char control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec one = {(void *)packet, length};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    if (c->fd >= 0 && sendmsg(c->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) shutdown(c->fd, SHUT_RDWR);
}

static void flush_pending(struct client *c) {
    size_t sent = 0;
    while (sent < c->pending_size) {
        uint32_t length;
        memcpy(&length, c->pending + sent, sizeof length);
        if (send(c->fd, c->pending + sent + sizeof length, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            if (errno == EAGAIN || errno == ENOBUFS) break;
            shutdown(c->fd, SHUT_RDWR);
            sent = c->pending_size;
            break;
        }
        sent += sizeof length + length;
    }
    memmove(c->pending, c->pending + sent, c->pending_size - sent);
    if (!(c->pending_size -= sent)) {
        free(c->pending);
        c->pending = 0;
    }
}

void clients_output(struct process *p, int stream, const char *data, size_t length) {
    char packet[sizeof(struct packet_head) + OUTPUT_MAX];
    bool made = false;
    for (struct client *c = clients; c; c = c->next) {
        if (c->process != p) continue;
        if (!made) {
            memcpy(packet, &(struct packet_head){OUTPUT, stream}, sizeof(struct packet_head));
            memcpy(packet + sizeof(struct packet_head), data, length);
            made = true;
        }
        client_send(c, packet, sizeof(struct packet_head) + length);
    }
}

void clients_exited(struct process *p) {
    struct packet_exited packet = {EXITED, 0, p->exit.code, p->exit.signal, p->exit.time_ns};
    for (struct client *c = clients; c; c = c->next) {
        if (c->process != p && !(p == init && c->waiting)) continue;
        client_send(c, &packet, sizeof packet);
        c->waiting = false;
        c->process = 0;
    }
}

bool clients_block(const struct process *p) {
    for (struct client *c = clients; c; c = c->next)
        if (c->process == p && c->pending_size) return true;
    return false;
}

static void client_gone(struct client *c) {
    struct process *p = c->process;
    close(c->fd);
    c->fd = -1;
    c->process = 0;
    if (p && c->stdin && !p->terminal) process_close_input(p);
    if (c->engine) release_output(); /* nobody is left who would attach */
}

static void sweep(void) {
    for (struct client **at = &clients, *c; (c = *at);) {
        if (c->fd >= 0) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        free(c->pending);
        free(c->held);
        free(c);
    }
}

/* One round: wait, then look at everything in the same order as it was asked about. */
static int round_of(int signals, int listener, struct pollfd **fds, size_t *room) {
    static struct rlimit64 limit;
    static bool full; /* no descriptor was left for a client: wait until something else has happened */
    size_t count = 2, needed = 2, at = 2, reserved = 4;
    for (struct process *p = init; p; p = p == init ? execs : p->next) needed += 2;
    for (struct client *c = clients; c; c = c->next) needed += 2, reserved += 2;
    /* poll(2) takes no more entries than there may be descriptors; each client may still start an exec. */
    if (!limit.rlim_cur) prlimit64(0, RLIMIT_NOFILE, 0, &limit);
    if (needed + reserved > limit.rlim_cur) full = true;
    if (needed > *room) {
        struct pollfd *grown = realloc(*fds, needed * 2 * sizeof **fds);
        if (!grown) return -ENOMEM;
        *fds = grown;
        *room = needed * 2;
    }
    (*fds)[0] = (struct pollfd){signals, POLLIN, 0};
    (*fds)[1] = (struct pollfd){full ? -1 : listener, POLLIN, 0};
    full = false;
    for (struct process *p = init; p; p = p == init ? execs : p->next)
        for (int stream = 0; stream < 2; stream++)
            (*fds)[count++] = (struct pollfd){p->exited || (p == init && output_held) || clients_block(p) ? -1 : p->output[stream], POLLIN, 0};
    for (struct client *c = clients; c; c = c->next) {
        if (c->held && (!c->process || c->process->input < 0)) feed_held(c); /* nobody is left to take it */
        (*fds)[count++] = (struct pollfd){c->fd, (c->held ? 0 : POLLIN) | (c->pending_size ? POLLOUT : 0), 0};
        (*fds)[count++] = (struct pollfd){c->held && c->process ? c->process->input : -1, POLLOUT, 0};
    }
    if (poll(*fds, count, -1) < 0) return errno == EINTR ? 0 : -errno;
    for (struct process *p = init; p; p = p == init ? execs : p->next)
        for (int stream = 0; stream < 2; stream++)
            if ((*fds)[at++].revents) process_read(p, stream);
    for (struct client *c = clients; c && !released; c = c->next, at += 2) {
        if ((*fds)[at + 1].revents) feed_held(c);
        if ((*fds)[at].revents & POLLOUT) flush_pending(c);
        if ((*fds)[at].revents & POLLIN && !handle_request(c)) client_gone(c);
        else if ((*fds)[at].revents & (POLLHUP | POLLERR) && !((*fds)[at].revents & POLLIN)) client_gone(c);
    }
    if ((*fds)[1].revents) {
        int fd = accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) client_add(fd);
        else full = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    }
    if ((*fds)[0].revents) {
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof info) > 0) reap();
    }
    sweep();
    return 0;
}

int serve(int listener) {
    struct pollfd *fds = 0;
    size_t room = 0;
    sigset_t children;
    int signals, error = 0;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    if ((signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK)) < 0) return -errno;
    while (!released && !error) error = round_of(signals, listener, &fds, &room);
    return error;
}
