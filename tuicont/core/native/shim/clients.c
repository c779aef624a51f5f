/* The clients: who is told what.
 *
 * A client whose socket is full stops the reading of its process's output (the process then blocks, as it
 * would on a terminal that nobody reads), so that nothing piles up here; one that is gone stops nothing. */
#include "keeper.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PENDING_MAX = 3 << 20 };

struct client *client_add(struct keeper *k, int fd) {
    struct client *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return 0;
    }
    c->fd = fd;
    c->next = k->clients;
    return k->clients = c;
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

/* The loop sees the end of it. */
static void hang_up(struct client *c) {
    c->record = 0;
    shutdown(c->fd, SHUT_RDWR);
}

void client_send(struct client *c, const void *packet, size_t length) {
    if (c->fd < 0) return;
    if (c->pending_size) {
        keep(c, packet, length);
    } else if (send_packet(c->fd, packet, length, -1, MSG_DONTWAIT) < 0) {
        if (errno == EAGAIN || errno == ENOBUFS) keep(c, packet, length);
        else hang_up(c);
    }
}

void client_send_process(struct client *c, uint32_t type, const struct process *p) {
    struct packet_process packet = {type, p->state, p->pid, 0, p->start_time, monotonic_ns()};
    if (c->fd >= 0 && send_packet(c->fd, &packet, sizeof packet, p->pidfd, MSG_DONTWAIT) < 0) shutdown(c->fd, SHUT_RDWR);
}

void client_send_failed(struct client *c, const struct packet_failed *failure) {
    struct packet_failed packet = *failure;
    packet.type = FAILED;
    client_send(c, &packet, sizeof packet);
}

void client_refuse_session(struct client *c, unsigned open) {
    client_send_failed(c, &(struct packet_failed){.stage = AT_SESSIONS, .index = -1, .code = open, .error = EMFILE});
}

void client_send_exited(struct client *c, const struct process *p) {
    struct packet_exited packet = {EXITED, 0, p->exit.code, p->exit.signal, p->exit.time_ns};
    client_send(c, &packet, sizeof packet);
}

void client_flush(struct client *c) {
    size_t sent = 0;
    while (sent < c->pending_size) {
        uint32_t length;
        memcpy(&length, c->pending + sent, sizeof length);
        if (send_packet(c->fd, c->pending + sent + sizeof length, length, -1, MSG_DONTWAIT) < 0) {
            if (errno == EAGAIN || errno == ENOBUFS) break;
            hang_up(c);
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

void clients_output(struct keeper *k, const struct process *p, int stream, const char *data, size_t length) {
    char packet[sizeof(struct packet_head) + OUTPUT_MAX];
    bool made = false;
    for (struct client *c = k->clients; c; c = c->next) {
        if (c->process != p) continue;
        if (!made) {
            memcpy(packet, &(struct packet_head){OUTPUT, stream}, sizeof(struct packet_head));
            memcpy(packet + sizeof(struct packet_head), data, length);
            made = true;
        }
        client_send(c, packet, sizeof(struct packet_head) + length);
    }
}

void clients_exited(struct keeper *k, const struct process *p, uint64_t record) {
    for (struct client *c = k->clients; c; c = c->next) {
        if (c->process != p && !(p == k->init && c->waiting)) continue;
        c->record = record;
        client_send_exited(c, p);
        c->waiting = false;
        c->process = 0;
    }
}

/* Whether it has read everything that it was sent: SIOCOUTQ of unix(7). */
bool client_took_all(const struct client *c) {
    int unread = 0;
    return !c->pending_size && ioctl(c->fd, SIOCOUTQ, &unread) == 0 && !unread;
}

bool clients_block(const struct keeper *k, const struct process *p) {
    for (struct client *c = k->clients; c; c = c->next)
        if (c->process == p && c->pending_size) return true;
    return false;
}

unsigned clients_count(const struct keeper *k) {
    unsigned count = 0;
    for (const struct client *c = k->clients; c; c = c->next) count++;
    return count;
}

void clients_sweep(struct keeper *k) {
    for (struct client **at = &k->clients, *c; (c = *at);) {
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
