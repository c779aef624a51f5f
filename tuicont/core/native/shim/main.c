/* tuicont-shim: one container's keeper. It makes the container's init by a plan, keeps its pipes or its
 * terminal, its log and its exit status, and serves those who want to talk to it, until it is released.
 * Under the name tuicont-init it is the reaper inside a container instead. */
#include "keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* By a relative path, so that the length of run_dir does not matter. */
static int open_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_NAME};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;
    if (fd < 0) return -errno;
    umask(0177);
    error = bind(fd, (struct sockaddr *)&address, sizeof address);
    if (error < 0 && errno == EADDRINUSE && unlink(SOCKET_NAME) == 0) /* of a shim that was killed */
        error = bind(fd, (struct sockaddr *)&address, sizeof address);
    if (error < 0 || listen(fd, 64) < 0) return -errno;
    umask(0077);
    return fd;
}

static int failed(struct keeper *k, struct packet_failed *failure, int error) {
    failure->type = FAILED;
    failure->error = error;
    remove_files(k);
    send_packet(FD_CONTROL, failure, sizeof *failure, -1, 0);
    return 1;
}

static int enter_own_cgroup(const struct plan *plan) {
    struct cursor c = plan->enter;
    int error = 0;
    for (uint32_t i = 0; i < plan->head.enter_count && !error; i++) error = enter_cgroup(take_string(&c));
    return error;
}

/* An exec that was still being born when the container was released shall not come to life afterwards. */
static void end_births(const struct keeper *k) {
    for (struct process *p = k->execs; p; p = p->next)
        if (p->state == BEING_BORN) syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, 0, 0);
}

static int keep_container(void) {
    struct keeper keeper = {.root = -1}, *k = &keeper;
    struct packet_failed failure = {.index = -1};
    struct plan plan;
    struct client *engine;
    enum child_kind kind;
    int error, listener;
    prctl(PR_SET_NAME, "tuicont-shim");
    forget_the_caller();
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_DUMPABLE, 0);
    failure.stage = AT_PLAN;
    if ((error = plan_read(&plan, FD_PLAN)) < 0) return failed(k, &failure, -error);
    failure.stage = AT_SHIM_CGROUP;
    if ((error = enter_own_cgroup(&plan)) < 0) return failed(k, &failure, -error);
    failure.stage = AT_SOCKET;
    if (fchdir(FD_RUN_DIR) < 0) return failed(k, &failure, errno);
    close(FD_RUN_DIR);
    if ((listener = open_socket()) < 0) return failed(k, &failure, -listener);
    failure.stage = AT_LOG;
    if ((error = log_open(plan.log_path, plan.head.log_max_size, plan.head.log_max_files)) < 0)
        return failed(k, &failure, -error);
    if (!(engine = client_add(k, FD_CONTROL)) || !(k->exit_path = strdup(plan.exit_path)))
        return failed(k, &failure, ENOMEM);
    k->output_held = plan.head.flags & PLAN_HOLD;
    engine->waiting = engine->engine = true;
    kind = plan.head.flags & PLAN_ADOPT ? CREATOR : COMMAND;
    if (birth_begin(k, &plan, FD_PLAN, kind, engine, &failure) < 0) return failed(k, &failure, failure.error);
    error = serve(k, listener);
    end_births(k);
    if (error) remove_files(k); /* else it was released, and who did that removes the whole directory */
    return error || k->stillborn ? 1 : 0;
}

int main(int argc, char **argv) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, 0); /* the shim learns of what it needs by descriptors */
    if (argc > 0 && !strcmp(argv[0], "tuicont-init")) return reaper_main(argc, argv);
    return argc > 1 ? keep_container() : 1;
}
