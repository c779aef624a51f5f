/* What clients ask for. */
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

bool released;

void send_started(struct client *c, const struct process *p, uint64_t nanoseconds) {
    struct packet_started packet = {STARTED, 0, p->pid, 0, p->start_time, nanoseconds};
    client_send_fd(c, &packet, sizeof packet, p->pidfd);
}

void send_trace(struct client *c, const struct trace_record *trace, uint32_t count) {
    enum { BATCH = 1000 };
    struct {
        struct packet_head head;
        struct trace_record records[BATCH];
    } packet;
    for (uint32_t sent = 0; sent < count; sent += packet.head.flags) {
        packet.head = (struct packet_head){TRACE, count - sent < BATCH ? count - sent : BATCH};
        memcpy(packet.records, trace + sent, packet.head.flags * sizeof *trace);
        client_send(c, &packet, sizeof packet.head + packet.head.flags * sizeof *trace);
    }
}

static void send_exited(struct client *c, const struct process *p) {
    struct packet_exited packet = {EXITED, 0, p->exit.code, p->exit.signal, p->exit.time_ns};
    client_send(c, &packet, sizeof packet);
}

static void attach(struct client *c, bool with_stdin) {
    send_started(c, init, 0);
    if (init->exited && !output_held) {
        send_exited(c, init);
        return;
    }
    c->process = init;
    c->stdin = with_stdin && init->stdin_open;
    release_output();
}

static void start_exec(struct client *c, int plan_fd) {
    struct packet_failed failure = {FAILED, AT_PLAN, -1, 0, 0, 0};
    struct plan plan;
    struct process *p;
    struct born born;
    int error = plan_fd < 0 ? -EBADMSG : init->exited ? -ESRCH : plan_map(&plan, plan_fd, 0);
    if (error) {
        failure.error = -error;
        client_send(c, &failure, sizeof failure);
        return;
    }
    error = process_start(&plan, c, &p, &born, &failure);
    plan_unmap(&plan);
    if (error) {
        client_send(c, &failure, sizeof failure);
        return;
    }
    p->next = execs;
    execs = p;
    c->process = p;
    c->stdin = p->stdin_open;
    send_started(c, p, born.nanoseconds);
}

static void resize(struct process *p, uint32_t rows, uint32_t cols) {
    struct winsize size = {.ws_row = rows, .ws_col = cols};
    if (p && p->terminal) ioctl(p->input, TIOCSWINSZ, &size);
}

/* Give the process as much of what is held as it takes now. */
void feed_held(struct client *c) {
    struct process *p = c->process;
    ssize_t written = 0;
    if (p && p->input >= 0) {
        written = write(p->input, c->held + c->held_sent, c->held_size - c->held_sent);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
    }
    if (written > 0 && (c->held_sent += written) < c->held_size) return;
    if (written < 0 && !p->terminal) process_close_input(p); /* nobody will ever read it */
    free(c->held);
    c->held = 0;
}

static void input(struct client *c, const char *data, size_t length) {
    if (!c->stdin || !c->process || !length) return;
    if (!(c->held = malloc(length))) return;
    memcpy(c->held, data, length);
    c->held_size = length;
    c->held_sent = 0;
    feed_held(c);
}

static void send_state(struct client *c) {
    struct {
        struct packet_started head;
        char list[4096];
    } packet = {.head = {STARTED, 0, init->pid, 0, init->start_time, 0}};
    struct text t = TEXT(packet.list);
    for (struct process *p = execs; p && t.used < t.room - 160; p = p->next) {
        text_add(&t, p->id);
        text_add(&t, " ");
        text_number(&t, p->pid, 1);
        text_add(&t, " ");
        text_number(&t, p->start_time, 1);
        text_add(&t, "\n");
    }
    client_send_fd(c, &packet, sizeof packet.head + t.used, init->pidfd);
    if (init->exited && !output_held) send_exited(c, init);
    else c->waiting = true;
}

/* Read one packet and do what it says. False when the client is gone. */
bool handle_request(struct client *c) {
    union {
        struct packet_head head;
        struct packet_resize resize;
        char bytes[sizeof(struct packet_head) + INPUT_MAX];
    } packet;
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec one = {&packet, sizeof packet};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_LEN(sizeof(int))}; /* with the padding two would fit */
    struct cmsghdr *head;
    int fd = -1;
    ssize_t length = recvmsg(c->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    /* A client that goes away with something unread is told before what it had sent: RELEASE, say. */
    if (length < 0 && errno == ECONNRESET) length = recvmsg(c->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if ((size_t)length < sizeof packet.head) return false;
    if ((head = CMSG_FIRSTHDR(&message)) && head->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(head), sizeof fd);
    switch (packet.head.type) {
    case ATTACH:
        if (!c->process) attach(c, packet.head.flags & WITH_STDIN);
        break;
    case EXEC:
        if (!c->process) start_exec(c, fd);
        break;
    case INPUT:
        input(c, packet.bytes + sizeof packet.head, length - sizeof packet.head);
        break;
    case INPUT_END:
        if (c->stdin && c->process) process_close_input(c->process);
        break;
    case RESIZE:
        if ((size_t)length >= sizeof packet.resize) resize(c->process, packet.resize.rows, packet.resize.cols);
        break;
    case WAIT:
        if (init->exited && !output_held) send_exited(c, init);
        else c->waiting = true;
        break;
    case STATE:
        send_state(c);
        break;
    case RELEASE:
        released = init->exited && !output_held;
        break;
    }
    if (fd >= 0) close(fd);
    return true;
}
