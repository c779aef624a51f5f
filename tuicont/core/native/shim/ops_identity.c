/* Operations that decide what the process may do: limits, keyring, capabilities, identity, seccomp. The
 * system calls are made directly where the C library would change more than the calling thread. */
#include "child.h"

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long value) { return value < 0 ? -errno : 0; }

int op_set_rlimit(struct child *me, struct cursor *c) {
    int resource = take_int(c);
    uint64_t soft = take_int(c), hard = take_int(c);
    struct rlimit64 wanted = {soft, hard}, now;
    if (prlimit64(0, resource, &wanted, 0) == 0) return 0;
    if (errno != EPERM || prlimit64(0, resource, 0, &now) < 0) return -errno;
    return now.rlim_cur >= soft && now.rlim_max >= hard ? 0 : -EPERM;
}

int op_join_session_keyring(struct child *me, struct cursor *c) {
    const char *name = take_string(c);
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, *name ? name : 0) >= 0) return 0;
    return errno == ENOSYS || errno == EDQUOT ? 0 : -errno;
}

int op_set_no_new_privileges(struct child *me, struct cursor *c) { return result(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

int op_limit_bounding_set(struct child *me, struct cursor *c) {
    uint64_t mask = take_int(c);
    for (int capability = 0; capability < 64; capability++) {
        if (mask >> capability & 1) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return errno == EINVAL ? 0 : -errno; /* EINVAL: the last */
    }
    return 0;
}

/* Give the pipes or the terminal to the user, or it could not open /dev/stdout. */
static int own_stdio(uid_t uid) {
    struct stat status;
    for (int fd = 0; fd < 3; fd++) {
        if (fstat(fd, &status) < 0 || status.st_uid == uid) continue;
        if (S_ISCHR(status.st_mode) && device_major(status.st_rdev) >= 136 && device_major(status.st_rdev) < 144) {
            if (fchown(fd, uid, -1) < 0) return -errno;
        } else if (S_ISFIFO(status.st_mode) && fchown(fd, uid, -1) < 0) {
            return -errno;
        }
    }
    return 0;
}

int op_set_identity(struct child *me, struct cursor *c) {
    uid_t uid = take_int(c);
    gid_t gid = take_int(c);
    const char *text = take_string(c);
    gid_t groups[256];
    int count = 0, error;
    while (*text && count < 256) {
        const char *end;
        groups[count++] = parse_number(text, &end);
        if (end == text) return -EINVAL;
        text = *end == ',' ? end + 1 : end;
    }
    if (uid && (error = own_stdio(uid)) < 0) return error;
    if (uid && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -errno;
    if (syscall(SYS_setgroups, count, groups) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0 ||
        syscall(SYS_setresuid, uid, uid, uid) < 0)
        return -errno;
    return uid ? result(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0)) : 0;
}

int op_set_capabilities(struct child *me, struct cursor *c) {
    uint64_t effective = take_int(c), permitted = take_int(c), inheritable = take_int(c), ambient = take_int(c);
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{effective, permitted, inheritable},
                                             {effective >> 32, permitted >> 32, inheritable >> 32}};
    if (syscall(SYS_capset, &head, data) < 0) return -errno;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return -errno;
    for (int capability = 0; capability < 64; capability++)
        if (ambient >> capability & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0) return -errno;
    return 0;
}

int op_install_seccomp(struct child *me, struct cursor *c) {
    uint32_t length;
    const void *filter = take_bytes(c, &length);
    struct sock_fprog program = {.len = length / sizeof(struct sock_filter), .filter = (void *)filter};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (unsigned)take_int(c), &program) < 0) return -errno;
    me->filtered = true;
    return 0;
}

int op_set_umask(struct child *me, struct cursor *c) {
    umask(take_int(c));
    return 0;
}
