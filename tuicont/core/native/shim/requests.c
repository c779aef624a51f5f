/* What clients ask for. */
#include "keeper.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void refuse(struct client *c, uint32_t stage, int error) {
    client_send_failed(c, &(struct packet_failed){.stage = stage, .index = -1, .error = error});
}

/* An exec is one with whoever has asked for it. True when there are too many, which is told. */
static bool too_many(const struct keeper *k, struct client *c) {
    unsigned count = 0;
    for (const struct process *p = k->execs; p; p = p->next) count++;
    for (const struct client *other = k->clients; other; other = other->next) count += other->process == k->init;
    if (count < k->sessions_max) return false;
    client_refuse_session(c, count);
    return true;
}

static void attach(struct keeper *k, struct client *c, bool with_stdin) {
    client_send_process(c, STARTED, k->init);
    if (end_is_told(k)) {
        client_send_exited(c, k->init);
        return;
    }
    c->process = k->init;
    c->stdin = with_stdin && k->init->stdin_open;
    release_output(k);
}

/* Takes the descriptor. */
static bool begin(struct keeper *k, struct client *c, int plan_fd, bool starter) {
    struct plan plan;
    struct packet_failed failure = {.stage = AT_PLAN, .index = -1};
    int error = plan_fd < 0 ? -EBADMSG : plan_read(&plan, plan_fd);
    if (!error) {
        enum child_kind kind = starter ? STARTER : plan.head.flags & PLAN_ADOPT ? CREATOR : COMMAND;
        if (birth_begin(k, &plan, plan_fd, kind, c, &failure) == 0) return true;
    } else {
        failure.error = -error;
        if (plan_fd >= 0) close(plan_fd);
    }
    client_send_failed(c, &failure);
    return false;
}

static void start_exec(struct keeper *k, struct client *c, int plan_fd) {
    if (k->init->state == WAITING || k->init->state == RUNNING) {
        begin(k, c, plan_fd, false);
        return;
    }
    refuse(c, AT_STATE, k->init->state == ENDED ? ESRCH : EBUSY);
    if (plan_fd >= 0) close(plan_fd);
}

/* The init is let go on by us, or, when an OCI runtime has made it, by that. Takes the descriptor. */
static void start(struct keeper *k, struct client *c, int plan_fd) {
    static const int why[] = {[BEING_BORN] = EBUSY, [WAITING] = EBUSY, [RUNNING] = EALREADY, [ENDED] = ESRCH};
    struct birth *birth = &k->init->birth;
    if (birth->awaits == START && birth->kind == CREATOR) {
        if (begin(k, c, plan_fd, true)) birth->awaits = 0;
        return;
    }
    if (plan_fd >= 0) close(plan_fd);
    if (birth_let_go(k->init, START)) birth->asker = c;
    else refuse(c, AT_STATE, why[k->init->state]);
}

/* Let a birth go on that waits for this client. */
static void go(struct keeper *k, const struct client *c) {
    for (struct process *p = k->init; p; p = p == k->init ? k->execs : p->next)
        if (p->birth.asker == c && birth_let_go(p, GO)) return;
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

static void send_state(struct keeper *k, struct client *c) {
    struct {
        struct packet_process head;
        char list[4096];
    } packet = {.head = {STARTED, k->init->state, k->init->pid, 0, k->init->start_time, monotonic_ns()}};
    struct text t = TEXT(packet.list);
    for (struct process *p = k->execs; p && t.used < t.room - 160; p = p->next) {
        if (p->state != RUNNING) continue;
        text_add(&t, p->id);
        text_add(&t, " ");
        text_number(&t, p->pid, 1);
        text_add(&t, " ");
        text_number(&t, p->start_time, 1);
        text_add(&t, "\n");
    }
    if (send_packet(c->fd, &packet, sizeof packet.head + t.used, k->init->pidfd, MSG_DONTWAIT) < 0)
        shutdown(c->fd, SHUT_RDWR);
    if (end_is_told(k)) client_send_exited(c, k->init);
    else c->waiting = true;
}

/* Read one packet and do what it says. False when the client is gone. */
bool handle_request(struct keeper *k, struct client *c) {
    union {
        struct packet_head head;
        struct packet_resize resize;
        char bytes[sizeof(struct packet_head) + INPUT_MAX];
    } packet;
    int fd = -1;
    ssize_t length = receive_packet(c->fd, &packet, sizeof packet, &fd, MSG_DONTWAIT);
    /* A client that goes away with something unread is told before what it had sent: RELEASE, say. */
    if (length < 0 && errno == ECONNRESET) {
        c->record = 0;
        length = receive_packet(c->fd, &packet, sizeof packet, &fd, MSG_DONTWAIT);
    }
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if ((size_t)length < sizeof packet.head) {
        if (fd >= 0) close(fd);
        return false;
    }
    switch (packet.head.type) {
    case ATTACH:
        if (!c->process && !too_many(k, c)) attach(k, c, packet.head.flags & WITH_STDIN);
        break;
    case EXEC:
        if (c->process || too_many(k, c)) break;
        start_exec(k, c, fd);
        fd = -1;
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
    case START:
        start(k, c, fd);
        fd = -1;
        break;
    case GO:
        go(k, c);
        break;
    case STATE:
        send_state(k, c);
        break;
    case RELEASE:
        k->released = end_is_told(k);
        break;
    }
    if (fd >= 0) close(fd);
    return true;
}
