/* The operations of a plan by their numbers, with the fields of each in the order in which they are packed.
 * Made by `python -m tuicont.core.runtime.ops.header` (make native) from the classes there: change those. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

enum operation_code {
    OP_ENTER_CGROUP = 1, /* directory */
    OP_SET_PROPAGATION = 2, /* path, flags */
    OP_UNSHARE = 3, /* flags */
    OP_MOUNT_ROOT = 4, /* cwd, source, target, fstype, options, flags */
    OP_OPEN_TREE = 5, /* slot, source, recursive */
    OP_PIVOT_ROOT = 6, /* path */
    OP_MOUNT = 7, /* source, target, fstype, options, flags */
    OP_PLACE_TREE = 8, /* slot, target, attributes, recursive */
    OP_SET_MOUNT_ATTRIBUTES = 9, /* target, attributes, recursive, propagation */
    OP_MAKE_NODE = 10, /* path, mode, major, minor, uid, gid */
    OP_MAKE_SYMLINK = 11, /* target, path */
    OP_MAKE_DIRECTORY = 12, /* path, mode */
    OP_MASK = 13, /* path */
    OP_READ_ONLY_PATH = 14, /* path */
    OP_SET_HOSTNAME = 15, /* name */
    OP_SET_DOMAINNAME = 16, /* name */
    OP_SET_SYSCTL = 17, /* path, value */
    OP_BRING_LOOPBACK_UP = 18, /* no fields */
    OP_SET_RLIMIT = 19, /* resource, soft, hard */
    OP_SET_OOM_SCORE_ADJ = 20, /* value */
    OP_OPEN_TERMINAL = 21, /* rows, cols, console */
    OP_CONNECT_STDIO = 22, /* no fields */
    OP_JOIN_SESSION_KEYRING = 23, /* name */
    OP_SET_NO_NEW_PRIVILEGES = 24, /* no fields */
    OP_LIMIT_BOUNDING_SET = 25, /* mask */
    OP_SET_IDENTITY = 26, /* uid, gid, groups */
    OP_SET_CAPABILITIES = 27, /* effective, permitted, inheritable, ambient */
    OP_INSTALL_SECCOMP = 28, /* filter, flags */
    OP_SET_UMASK = 29, /* mask */
    OP_CHANGE_DIRECTORY = 30, /* path, turn */
    OP_ENTER_NAMESPACES = 31, /* flags */
    OP_EXECUTE = 32, /* args, env */
    OP_AWAIT_START = 33, /* no fields */
    OP_UNMOUNT = 34, /* path */
    OPERATION_CODES
};

#endif
