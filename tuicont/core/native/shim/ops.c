/* Carrying out a plan: the table of operations, the simple ones, waiting to be let go on, timing. */
#include "child.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int enter_cgroup(const char *directory) {
    char path[4096];
    size_t length = strlen(directory);
    int fd, error;
    if (length + sizeof "/tasks" > sizeof path) return -ENAMETOOLONG;
    memcpy(path, directory, length);
    memcpy(path + length, "/tasks", sizeof "/tasks");
    if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0) return -errno;
    error = write(fd, "0", 1) < 0 ? -errno : 0;
    close(fd);
    return error;
}

static int op_enter_cgroup(struct child *me, struct cursor *c) { return enter_cgroup(take_string(c)); }

static int op_unshare(struct child *me, struct cursor *c) { return unshare(take_int(c)) < 0 ? -errno : 0; }

static int op_set_hostname(struct child *me, struct cursor *c) {
    const char *name = take_string(c);
    return sethostname(name, strlen(name)) < 0 ? -errno : 0;
}

static int op_set_domainname(struct child *me, struct cursor *c) {
    const char *name = take_string(c);
    return setdomainname(name, strlen(name)) < 0 ? -errno : 0;
}

static int op_bring_loopback_up(struct child *me, struct cursor *c) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
    if (fd < 0) return -errno;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    error = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
    close(fd);
    return error;
}

static int op_enter_namespaces(struct child *me, struct cursor *c) {
    if (setns(me->init, take_int(c)) < 0) return -errno;
    me->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return me->root < 0 ? -errno : 0;
}

/* Wait to be let go on. A shim that is gone, or that has given this birth up, cancels it. */
static int await(struct child *me, uint32_t type) {
    struct packet_head answer;
    return recv(me->channel, &answer, sizeof answer, 0) == sizeof answer && answer.type == type ? 0 : -ECANCELED;
}

static int op_await_start(struct child *me, struct cursor *c) {
    struct packet_head waits = {AWAITS_START, 0};
    if (send(me->channel, &waits, sizeof waits, MSG_NOSIGNAL) < 0) return -ECANCELED;
    return await(me, START);
}

static operation *const table[OPERATION_CODES] = {
    [OP_ENTER_CGROUP] = op_enter_cgroup,
    [OP_SET_PROPAGATION] = op_set_propagation,
    [OP_UNSHARE] = op_unshare,
    [OP_MOUNT_ROOT] = op_mount_root,
    [OP_OPEN_TREE] = op_open_tree,
    [OP_PIVOT_ROOT] = op_pivot_root,
    [OP_MOUNT] = op_mount,
    [OP_PLACE_TREE] = op_place_tree,
    [OP_SET_MOUNT_ATTRIBUTES] = op_set_mount_attributes,
    [OP_MAKE_NODE] = op_make_node,
    [OP_MAKE_SYMLINK] = op_make_symlink,
    [OP_MAKE_DIRECTORY] = op_make_directory,
    [OP_MASK] = op_mask,
    [OP_READ_ONLY_PATH] = op_read_only_path,
    [OP_SET_HOSTNAME] = op_set_hostname,
    [OP_SET_DOMAINNAME] = op_set_domainname,
    [OP_SET_SYSCTL] = op_set_sysctl,
    [OP_BRING_LOOPBACK_UP] = op_bring_loopback_up,
    [OP_SET_RLIMIT] = op_set_rlimit,
    [OP_SET_OOM_SCORE_ADJ] = op_set_oom_score_adj,
    [OP_OPEN_TERMINAL] = op_open_terminal,
    [OP_CONNECT_STDIO] = op_connect_stdio,
    [OP_JOIN_SESSION_KEYRING] = op_join_session_keyring,
    [OP_SET_NO_NEW_PRIVILEGES] = op_set_no_new_privileges,
    [OP_LIMIT_BOUNDING_SET] = op_limit_bounding_set,
    [OP_SET_IDENTITY] = op_set_identity,
    [OP_SET_CAPABILITIES] = op_set_capabilities,
    [OP_INSTALL_SECCOMP] = op_install_seccomp,
    [OP_SET_UMASK] = op_set_umask,
    [OP_CHANGE_DIRECTORY] = op_change_directory,
    [OP_ENTER_NAMESPACES] = op_enter_namespaces,
    [OP_EXECUTE] = op_execute,
    [OP_AWAIT_START] = op_await_start,
    [OP_UNMOUNT] = op_unmount,
};

static int await_step(struct child *me, const struct birth_report *at) {
    struct packet_stepped stepped = {STEPPED, 0, at->index, at->code};
    if (me->filtered) return 0;
    if (send(me->channel, &stepped, sizeof stepped, MSG_NOSIGNAL) < 0) return -ECANCELED;
    return await(me, GO);
}

static int carry_out_one(struct child *me, struct birth_report *at, struct cursor *c) {
    int error;
    if (c->bad || (uint32_t)at->code >= OPERATION_CODES || !table[at->code]) return -EBADMSG;
    if (me->flags & PLAN_STEP && (error = await_step(me, at)) < 0) return error;
    if (at->code == OP_EXECUTE && me->flags & PLAN_REAPER && me->executable < 0) return -EBADF;
    at->executing = at->code == OP_EXECUTE;
    error = table[at->code](me, c);
    return !error && c->bad ? -EBADMSG : error;
}

/* Returns only when an operation failed, which the report then names. */
static void carry_out(struct child *me, struct plan_body *plan) {
    struct birth_report *report = plan->report;
    for (uint32_t i = 0; i < plan->operations; i++) {
        uint64_t began = plan->trace ? monotonic_ns() : 0;
        report->code = take_u32(&plan->at);
        report->index = i;
        if (plan->trace) plan->trace[i] = (struct trace_record){i, 0, began, 0};
        report->error = -carry_out_one(me, report, &plan->at);
        if (plan->trace) plan->trace[i] = (struct trace_record){i, report->error, began, monotonic_ns()};
        if (report->error) return;
    }
    report->error = EBADMSG; /* a plan ends with Execute */
}

/* As docker run and the shells have it, for whoever only learns how it ended. */
static int exit_code(const struct birth_report *report) {
    if (report->code != OP_EXECUTE) return 125;
    return report->error == ENOENT ? 127 : 126;
}

void child_live(struct child *me) {
    struct plan_body plan;
    struct birth_report early = {.index = -1};
    int error = 0;
    prctl(PR_SET_NAME, "tuicont-birth"); /* what ps(1) shows of one that waits or hangs */
    umask(0);                            /* modes in a plan are exact */
    if (me->flags & (PLAN_LATER | PLAN_BORN)) error = await(me, GO);
    if (!error) error = plan_map(&plan, me->plan);
    if (!error && !(me->slots = malloc(plan.operations * sizeof *me->slots + 1))) error = -ENOMEM;
    if (error) {
        early.error = -error;
        syscall(SYS_pwrite64, me->plan, &early, sizeof early, offsetof(struct plan_head, report));
        _exit(exit_code(&early));
    }
    me->slot_count = plan.operations;
    memset(me->slots, 0xff, plan.operations * sizeof *me->slots);
    carry_out(me, &plan);
    _exit(exit_code(plan.report));
}
