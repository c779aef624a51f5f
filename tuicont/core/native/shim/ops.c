/* Carrying out a plan: the table of operations, the simple ones, timing and single-stepping. */
#include "shim.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

uint64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

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

static int op_enter_cgroup(struct birth *b, struct cursor *c) { return enter_cgroup(take_string(c)); }

static int op_unshare(struct birth *b, struct cursor *c) { return unshare(take_int(c)) < 0 ? -errno : 0; }

static int op_set_hostname(struct birth *b, struct cursor *c) {
    const char *name = take_string(c);
    return sethostname(name, strlen(name)) < 0 ? -errno : 0;
}

static int op_set_domainname(struct birth *b, struct cursor *c) {
    const char *name = take_string(c);
    return setdomainname(name, strlen(name)) < 0 ? -errno : 0;
}

static int op_bring_loopback_up(struct birth *b, struct cursor *c) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;
    if (fd < 0) return -errno;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    error = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
    close(fd);
    return error;
}

static int op_enter_namespaces(struct birth *b, struct cursor *c) {
    if (setns(b->init, take_int(c)) < 0) return -errno;
    b->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return b->root < 0 ? -errno : 0;
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
};

/* Wait until the engine says that this operation may be done; an engine that is gone cancels the birth. */
static int await_step(struct birth *b, int index, int code, uint64_t nanoseconds) {
    struct packet_stepped stepped = {STEPPED, 0, index, code, nanoseconds};
    struct packet_head answer;
    if (send(FD_CONTROL, &stepped, sizeof stepped, MSG_NOSIGNAL) < 0) return -ECANCELED;
    return recv(FD_CONTROL, &answer, sizeof answer, 0) == sizeof answer && answer.type == STEP ? 0 : -ECANCELED;
}

/* The engine makes cgroups and the plan while the namespaces are made; an engine that is gone cancels. */
static int await_plan(struct birth *b) {
    struct packet_head answer;
    if (recv(FD_CONTROL, &answer, sizeof answer, 0) != sizeof answer || answer.type != STEP) return -ECANCELED;
    plan_unmap(b->plan);
    return plan_map(b->plan, FD_PLAN, LATER_OFFSET);
}

static int make_room(struct birth *b) {
    uint32_t operations = b->plan->head.operations;
    if (!(b->slots = malloc(operations * sizeof *b->slots + 1))) return -ENOMEM;
    memset(b->slots, 0xff, operations * sizeof *b->slots);
    if (b->plan->head.flags & PLAN_TRACE && !(b->trace = calloc(operations + 1, sizeof *b->trace))) return -ENOMEM;
    return 0;
}

/* In the child. Returns only when an operation failed, which `b` then names. */
int carry_out(struct birth *b) {
    struct cursor c;
    bool trace, step;
    uint64_t took = 0;
    umask(0); /* modes in a plan are exact */
    if (b->plan->head.flags & PLAN_LATER && (b->error = await_plan(b)) < 0) return -1;
    if ((b->error = make_room(b)) < 0) return -1;
    c = b->plan->body;
    trace = b->plan->head.flags & PLAN_TRACE;
    step = b->plan->head.flags & PLAN_STEP;
    for (uint32_t i = 0; i < b->plan->head.operations; i++) {
        uint32_t code = take_u32(&c);
        b->index = i;
        b->code = code;
        b->error = -EBADMSG;
        if (c.bad || code >= OPERATION_CODES || !table[code]) return -1;
        b->error = 0; /* an execution that succeeds leaves it so */
        if (step && !b->seccomp && (b->error = await_step(b, i, code, took)) < 0) return -1;
        if (trace) {
            b->began = monotonic_ns();
            b->trace[i] = (struct trace_record){i, 0, 0};
        }
        if (code == OP_EXECUTE && b->plan->head.flags & PLAN_REAPER && b->executable < 0) b->error = -EBADF;
        else b->error = table[code](b, &c);
        if (!b->error && c.bad) b->error = -EBADMSG;
        if (trace) {
            took = monotonic_ns() - b->began;
            b->trace[i] = (struct trace_record){i, -b->error, took};
        }
        if (b->error) return -1;
    }
    b->error = -EBADMSG; /* a plan ends with Execute */
    return -1;
}
