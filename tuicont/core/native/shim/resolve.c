/* Paths below the container's root, resolved so that no link in an image leads out of it (openat2(2)). Before
 * PivotRoot there is no such root, and paths are the host's. */
#include "child.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRIES_AT_ONCE = 32, PATIENCE_NS = 1000000000 };

int resolve(struct child *me, const char *path, int flags, uint64_t how) {
    struct open_how open_how = {.flags = (unsigned)flags | O_CLOEXEC};
    int fd, at_once = TRIES_AT_ONCE;
    uint64_t end = 0;
    if (me->root >= 0) open_how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | how;
    for (;;) {
        fd = syscall(SYS_openat2, me->root >= 0 ? me->root : AT_FDCWD, path, &open_how, sizeof open_how);
        if (fd >= 0 || errno != EAGAIN) return fd < 0 ? -errno : fd;
        /* A rename or a mount elsewhere raced with a "..". Where many are made, that takes patience. */
        if (at_once-- > 0) continue;
        if (!end) end = monotonic_ns() + PATIENCE_NS;
        if (monotonic_ns() > end) return -EAGAIN;
        poll(0, 0, 1);
    }
}

enum { LINKS_MAX = 5, ROOM = 4096 };

static int make_directories(struct child *me, const char *path, uint64_t how, int links);
static int make_file(struct child *me, const char *path, uint64_t how, int links);

/* `name` in `parent` is a link to something that is missing: make that, as an image means it whose
 * /etc/resolv.conf leads to /run. `directory` is the path that `parent` was reached by. */
static int make_linked(struct child *me, int parent, const char *directory, const char *name, bool file, uint64_t how,
                       int links) {
    char path[ROOM], link[ROOM];
    struct text t = TEXT(path);
    ssize_t length = syscall(SYS_readlinkat, parent, name, link, sizeof link - 1);
    if (length < 0) return errno == EINVAL ? -ENOENT : -errno; /* it was replaced meanwhile */
    if (!links) return -ELOOP;
    link[length] = 0;
    if (*link != '/') {
        text_add(&t, directory);
        text_add(&t, "/");
    }
    text_add(&t, link);
    if (t.cut) return -ENAMETOOLONG;
    return file ? make_file(me, path, how, links - 1) : make_directories(me, path, how, links - 1);
}

/* The nearest directory above the missing `path` that is there; `missing` is set to the first component in it that
 * is not. Nearly always that is the last one, so the search begins at the end. */
static int open_existing(struct child *me, char *path, uint64_t how, char **missing) {
    char *end = path + strlen(path);
    int fd = -ENOENT;
    while (fd == -ENOENT) {
        while (end > path && end[-1] == '/') end--;
        while (end > path && end[-1] != '/') end--;
        *missing = end;
        while (end > path && end[-1] == '/') end--;
        if (end == path) return resolve(me, me->root >= 0 || *path == '/' ? "/" : ".", O_PATH | O_DIRECTORY, 0);
        char after = *end;
        *end = 0;
        fd = resolve(me, path, O_PATH | O_DIRECTORY, how);
        *end = after;
    }
    return fd;
}

/* Make every missing directory of `path` itself; returns a descriptor of the last. */
static int make_directories(struct child *me, const char *path, uint64_t how, int links) {
    char prefix[ROOM], *start;
    size_t length = strlen(path);
    int fd = resolve(me, path, O_PATH | O_DIRECTORY, how), parent;
    if (fd != -ENOENT) return fd;
    if (length >= sizeof prefix) return -ENAMETOOLONG;
    memcpy(prefix, path, length + 1);
    if ((parent = open_existing(me, prefix, how, &start)) < 0) return parent;
    for (char *end; *(start += strspn(start, "/")); start = end) {
        end = start + strcspn(start, "/");
        char after = *end, name[256];
        *end = 0;
        text_add(&(struct text)TEXT(name), start);
        fd = mkdirat(parent, start, 0755) < 0 && errno != EEXIST ? -errno : resolve(me, prefix, O_PATH | O_DIRECTORY, how);
        if (fd == -ENOENT) {
            char before = *start;
            *start = 0;
            fd = make_linked(me, parent, prefix, name, false, how, links);
            *start = before;
        }
        close(parent);
        if (fd < 0) return fd;
        parent = fd;
        *end = after;
    }
    return parent;
}

/* The length of the path of the directory that `path` is in; `name` is what it is called there. Below 0 when it is
 * called nothing. */
static ssize_t split(const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..")) return -EINVAL;
    return slash ? slash - path : 0;
}

static int open_parent(struct child *me, const char *path, char directory[ROOM], const char **name, int links) {
    ssize_t length = split(path, name);
    if (length < 0) return length;
    if (length >= ROOM) return -ENAMETOOLONG;
    memcpy(directory, path, length);
    directory[length] = 0;
    if (length) return make_directories(me, directory, 0, links);
    return resolve(me, me->root >= 0 ? "/" : ".", O_PATH | O_DIRECTORY, 0);
}

/* Most of what a plan makes it makes beside what it made before (/dev/null, /dev/zero). Whatever mounts something forgets
 * the directory, but for a mount on what has just been made in it: that cannot hide it. */
void forget_parent(struct child *me) {
    if (me->parent >= 0) close(me->parent);
    me->parent = -1;
}

static bool is_parent(const struct child *me, const char *path, const char **name) {
    return me->parent >= 0 && split(path, name) == (ssize_t)me->parent_length &&
           !strncmp(path, me->parent_path, me->parent_length);
}

/* The directory that `path` is in, made if it is missing; `name` is set to the last component. */
int resolve_parent(struct child *me, const char *path, const char **name) {
    char directory[ROOM];
    if (is_parent(me, path, name)) return me->parent;
    forget_parent(me);
    me->parent = open_parent(me, path, directory, name, LINKS_MAX);
    me->parent_path = path;
    me->parent_length = strlen(directory);
    return me->parent;
}

static int make_file(struct child *me, const char *path, uint64_t how, int links) {
    const char *name;
    char directory[ROOM];
    int fd = resolve(me, path, O_PATH, how), parent;
    if (fd != -ENOENT) return fd;
    if ((parent = open_parent(me, path, directory, &name, links)) < 0) return parent;
    if (mknodat(parent, name, S_IFREG | 0644, 0) == 0) fd = resolve(me, path, O_PATH, how);
    else fd = errno == EEXIST ? make_linked(me, parent, directory, name, true, how, links) : -errno;
    close(parent);
    return fd;
}

/* What is at `path`, or else a new directory or an empty file. */
int make_target(struct child *me, const char *path, bool directory, uint64_t how) {
    const char *name;
    int fd;
    me->made = false;
    if (!directory) return make_file(me, path, how, LINKS_MAX);
    if (!is_parent(me, path, &name)) {
        fd = resolve(me, path, O_PATH | O_DIRECTORY, how);
        if (fd != -ENOENT) return fd;
    }
    /* Where no link is allowed, the way to its parent has to be looked at as well. */
    if (how || resolve_parent(me, path, &name) < 0 || mkdirat(me->parent, name, 0755) < 0)
        return make_directories(me, path, how, LINKS_MAX);
    me->made = true;
    fd = syscall(SYS_openat, me->parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The container's own /dev/null, and nothing that an image put in its place. */
int open_null(struct child *me, int flags) {
    struct stat status;
    /* openat2 refuses O_PATH with what has no meaning for it. */
    int harmless = flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK;
    int fd;
    if (me->root < 0) return -ENOENT; /* that would be the host's */
    fd = resolve(me, "/dev/null", flags | harmless, RESOLVE_NO_SYMLINKS);
    if (fd < 0) return fd;
    if (fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == device_number(1, 3)) return fd;
    close(fd);
    return -EBADF;
}
