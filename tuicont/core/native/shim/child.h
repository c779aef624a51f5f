/* A child on its way to its command: what it holds, and the operations. It runs in a copy of the shim's memory and
 * knows nothing of the keeper but the channel that leads to it. */
#ifndef CHILD_H
#define CHILD_H

#include "shim.h"

struct child {
    uint32_t flags;  /* of its plan */
    int plan;        /* the file, in whose head it writes its report */
    int channel;     /* to the shim, closed on execution */
    int stdio[3];    /* its ends; -1: /dev/null */
    int init;        /* pidfd of the container's init, for EnterNamespaces */
    int executable;  /* the shim's own, for the reaper */
    int root, null, empty;
    int parent; /* the directory that something was made in last, to make the next in; -1: none */
    const char *parent_path;
    size_t parent_length;
    bool made; /* whether make_target has just made what it answered with */
    int *slots; /* trees that were opened, as many as there are operations */
    uint32_t slot_count;
    bool directory_refused; /* to root */
    bool filtered; /* by seccomp: from here on no system call is certain */
};

/* ops.c: does not return. */
__attribute__((noreturn)) void child_live(struct child *me);

/* The operations. Each returns 0 or -errno. */
typedef int operation(struct child *me, struct cursor *c);
operation op_set_propagation, op_mount_root, op_open_tree, op_pivot_root, op_mount, op_place_tree,
    op_set_mount_attributes, op_unmount, op_mask, op_read_only_path;             /* ops_mount.c */
operation op_make_node, op_make_symlink, op_make_directory, op_change_directory; /* ops_path.c */
operation op_set_sysctl, op_set_oom_score_adj;                                   /* ops_path.c */
operation op_set_rlimit, op_join_session_keyring, op_set_no_new_privileges, op_limit_bounding_set, op_set_identity,
    op_set_capabilities, op_install_seccomp, op_set_umask; /* ops_identity.c */
operation op_open_terminal, op_connect_stdio;              /* ops_stdio.c */
operation op_execute;                                      /* ops_execute.c */

/* Device numbers as the kernel has them in mknod(2) and stat(2) (include/linux/kdev_t.h). */
static inline dev_t device_number(unsigned major, unsigned minor) {
    return (minor & 0xff) | (dev_t)major << 8 | (dev_t)(minor & ~0xffu) << 12;
}
static inline unsigned device_major(dev_t device) { return device >> 8 & 0xfff; }

/* resolve.c: paths that stay inside the container's root. Each returns a descriptor or -errno; that of
 * resolve_parent stays `me`'s own. */
int resolve(struct child *me, const char *path, int flags, uint64_t how);
int resolve_parent(struct child *me, const char *path, const char **name);
void forget_parent(struct child *me);
int make_target(struct child *me, const char *path, bool directory, uint64_t how);
int open_null(struct child *me, int flags);

#endif
