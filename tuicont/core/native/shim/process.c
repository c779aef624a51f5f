/* One process that the shim has made: its pipes or its terminal, and what comes out of them. */
#include "keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DRAIN_MAX = 1 << 20, DRAIN_WAIT_MS = 20 };

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

struct process *process_new(void) {
    struct process *p = calloc(1, sizeof *p);
    if (!p) return 0;
    p->pidfd = p->input = p->output[0] = p->output[1] = p->slave = -1;
    p->birth.channel = p->birth.plan = p->birth.console = -1;
    return p;
}

void process_free(struct process *p) {
    close_fd(&p->pidfd);
    if (p->input != p->output[0]) close_fd(&p->input);
    close_fd(&p->output[0]);
    close_fd(&p->output[1]);
    close_fd(&p->slave);
    close_fd(&p->birth.channel);
    close_fd(&p->birth.plan);
    close_fd(&p->birth.console);
    free(p);
}

/* The slave is kept open too, or the master reads EIO whenever nobody in the container has it open. */
void process_take_terminal(struct process *p, int master) {
    p->input = p->output[0] = master;
    p->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

void process_close_input(struct process *p) {
    if (p->terminal) {
        if (p->input >= 0 && write(p->input, "\4", 1) < 0) return; /* ^D: a terminal has no other end of file */
    } else {
        close_fd(&p->input);
    }
}

/* Read once; returns whether there may be more. */
bool process_read(struct keeper *k, struct process *p, int stream) {
    char buffer[OUTPUT_MAX];
    ssize_t length = read(p->output[stream], buffer, sizeof buffer);
    if (length > 0) {
        if (p == k->init) log_write(stream + 1, buffer, length, realtime_ns());
        clients_output(k, p, stream + 1, buffer, length);
        return true;
    }
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (!p->terminal) close_fd(&p->output[stream]);
    return false;
}

/* Take what an ended process has left in its pipes: at most 1 MiB, which is all that a pipe can hold. */
void process_drain(struct keeper *k, struct process *p) {
    close_fd(&p->slave);
    for (int stream = 0; stream < 2; stream++) {
        int budget = DRAIN_MAX / OUTPUT_MAX;
        if (p->output[stream] < 0) continue;
        do
            while (budget-- > 0 && process_read(k, p, stream));
        /* what is written to a terminal arrives at its master a moment later */
        while (p->terminal && budget > 0 && poll(&(struct pollfd){p->output[stream], POLLIN, 0}, 1, DRAIN_WAIT_MS) == 1 &&
               process_read(k, p, stream));
    }
}
