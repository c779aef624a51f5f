/* The init inside a container that asked for one: it runs the command as its child, passes signals on to it,
 * reaps whatever is orphaned, and ends as the command ended. argv: tuicont-init PATH ARG0 ARG…; all signals
 * are blocked, and it holds no descriptors but stdio. */
#include "shim.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int run_command(char **argv) {
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    ioctl(0, TIOCSPGRP, &(pid_t){getpid()}); /* fails where there is no terminal; SIGTTOU is still blocked */
    sigprocmask(SIG_SETMASK, &none, 0);
    execve(argv[1], argv + 2, environ);
    return errno == ENOENT ? 127 : 126;
}

/* Reap all that have ended. True once the command is among them. */
static bool reap_orphans(pid_t command, int *code) {
    bool ended = false;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != command) continue;
        *code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        ended = true;
    }
    return ended;
}

int reaper_main(int argc, char **argv) {
    sigset_t all;
    pid_t command;
    int code = 0;
    if (argc < 3) return 126;
    syscall(SYS_close_range, 3, ~0U, 0);
    prctl(PR_SET_NAME, "tuicont-init");
    sigfillset(&all);
    /* Not clone3: the container's seccomp filter, which holds for us too, answers it with ENOSYS. */
    command = syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (command == 0) _exit(run_command(argv));
    if (command < 0) return 126;
    for (;;) {
        int number = sigwaitinfo(&all, 0);
        if (number == SIGCHLD) {
            if (reap_orphans(command, &code)) return code;
        } else if (number > 0 && number != SIGTTIN && number != SIGTTOU) {
            kill(command, number);
        }
    }
}
