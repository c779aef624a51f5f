/* Ends: the record of one, who is told, and what goes when. */
#include "keeper.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

void remove_files(struct keeper *k) {
    unlink(SOCKET_NAME);
    records_remove(k);
}

/* Keep the root file system of the init beyond its end. Unmounting an overlay syncs all of the disk below it, and an
 * end that waited for that would be told late. */
void hold_root(struct keeper *k) {
    char path[32];
    struct text t = TEXT(path);
    if (k->root >= 0) return;
    text_add(&t, "/proc/");
    text_number(&t, k->init->pid, 1);
    text_add(&t, "/root");
    k->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void ended(struct process *p, int status) {
    p->exit = (struct exit_status){
        .code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .time_ns = realtime_ns(),
    };
    p->state = ENDED;
}

static void tell_end_of_init(struct keeper *k) {
    process_drain(k, k->init);
    exit_record(k->exit_path, &k->init->exit); /* before anybody is told */
    clients_exited(k, k->init, 0);
    if (k->root >= 0) close(k->root); /* returns when it is unmounted */
    k->root = -1;
    close(FD_SNAPSHOT);
}

void end_init(struct keeper *k, int status) {
    ended(k->init, status);
    if (!k->output_held) tell_end_of_init(k);
}

bool end_is_told(const struct keeper *k) { return k->init->state == ENDED && !k->output_held; }

void release_output(struct keeper *k) {
    if (!k->output_held) return;
    k->output_held = false;
    if (k->init->state == ENDED) tell_end_of_init(k);
}

void end_exec(struct keeper *k, struct process *p, int status) {
    ended(p, status);
    process_drain(k, p);
    clients_exited(k, p, record_add(k, p));
}
