/* Who started the shim had a shell with settings that children inherit: a container has what its specification says, else
 * what any process has. What can be taken back is; what a process can never take back (no_new_privs, a filter of system
 * calls, a Landlock domain, capabilities that are gone, locked securebits) is the container's too. */
#include "keeper.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67 /* Linux 6.4 */
#endif

enum { IOPRIO_PROCESS = 1, TIMER_SLACK_NS = 50000, STACK = 8 << 20, FILES = 1 << 20 };

/* The scheduler, processors and memory nodes, and the place in the order of who is killed for its memory. */
static void forget_priorities(void) {
    unsigned char every[128];
    struct sched_param none = {0};
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    memset(every, 0xff, sizeof every);
    syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
    syscall(SYS_setpriority, PRIO_PROCESS, 0, 0);
    syscall(SYS_ioprio_set, IOPRIO_PROCESS, 0, 0);
    syscall(SYS_sched_setaffinity, 0, sizeof every, every);
    syscall(SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, 0, 0);
    if (score < 0) return;
    write(score, "0", 1);
    close(score);
}

/* The shim's own, as it must not end by the caller's: of processor time, of its log's size, of its clients. They are those
 * of a container's too where its specification says nothing. A hard limit goes up where we may raise it. */
static void forget_limits(void) {
    for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit64 now, wanted = {RLIM64_INFINITY, RLIM64_INFINITY};
        if (syscall(SYS_prlimit64, 0, resource, 0, &now) < 0) continue;
        if (resource == RLIMIT_STACK) wanted.rlim_cur = STACK; /* an unlimited one changes where memory is mapped */
        if (resource == RLIMIT_NOFILE) wanted.rlim_cur = wanted.rlim_max = now.rlim_max > FILES ? now.rlim_max : FILES;
        if (syscall(SYS_prlimit64, 0, resource, &wanted, 0) == 0) continue;
        if (now.rlim_max < wanted.rlim_cur) wanted.rlim_cur = now.rlim_max;
        wanted.rlim_max = now.rlim_max;
        syscall(SYS_prlimit64, 0, resource, &wanted, 0);
    }
}

static void forget_flags(void) {
    static const struct {
        int option;
        unsigned long value;
    } flags[] = {
        {PR_SET_SECUREBITS, 0},      {PR_SET_TIMERSLACK, TIMER_SLACK_NS}, {PR_SET_THP_DISABLE, 0},
        {PR_SET_MEMORY_MERGE, 0},    {PR_SET_IO_FLUSHER, 0},              {PR_MCE_KILL, PR_MCE_KILL_CLEAR},
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) syscall(SYS_prctl, flags[i].option, flags[i].value, 0, 0, 0);
    syscall(SYS_personality, 0 /* PER_LINUX */);
}

void forget_the_caller(void) {
    forget_priorities();
    forget_limits();
    forget_flags();
}
