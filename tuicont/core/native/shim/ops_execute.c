/* The last operation: execute the container's command. */
#include "child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char **take_list(struct cursor *c, const char **to, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) *to++ = take_string(c);
    *to++ = 0;
    return to;
}

static const char *path_of(const char *const *env) {
    for (; *env; env++)
        if (!strncmp(*env, "PATH=", 5)) return *env + 5;
    return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* Execute it, or under the reaper only see that it could be: the reaper's own failure would come too late. The reaper
 * begins with every signal blocked, so that none is lost that comes before it looks. */
static int attempt(struct child *me, const char *path, const char **argv, const char **env) {
    struct stat status;
    sigset_t none;
    if (me->executable < 0) {
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, 0);
        execve(path, (char *const *)argv, (char *const *)env);
        return -errno;
    }
    if (stat(path, &status) < 0) return -errno;
    if (!S_ISREG(status.st_mode)) return -EACCES;
    if (syscall(SYS_faccessat2, AT_FDCWD, path, X_OK, AT_EACCESS) < 0) return -errno;
    argv[-1] = path;
    argv[-2] = "tuicont-init";
    syscall(SYS_execveat, me->executable, "", argv - 2, env, AT_EMPTY_PATH);
    return -errno;
}

int op_execute(struct child *me, struct cursor *c) {
    uint32_t count = take_u32(c), env_count;
    struct cursor ahead = *c;
    const char **argv, **env, *path, *end;
    char candidate[4096];
    int error, last = -ENOENT;
    if (count == 0) return -EBADMSG;
    for (uint32_t i = 0; i < count && !ahead.bad; i++) take_string(&ahead);
    env_count = take_u32(&ahead);
    if (ahead.bad || env_count > (size_t)(ahead.end - ahead.at)) return -EBADMSG;
    if (!(argv = malloc((count + env_count + 4) * sizeof *argv))) return -ENOMEM;
    argv += 2; /* room for the reaper's own two */
    env = take_list(c, argv, count);
    take_u32(c);
    take_list(c, env, env_count);
    if (c->bad) return -EBADMSG;
    if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return -errno;
    if (strchr(argv[0], '/')) return attempt(me, argv[0], argv, env);
    if (!*argv[0]) return -ENOENT;
    for (path = path_of(env);; path = end + 1) {
        size_t length, name = strlen(argv[0]);
        end = strchrnul(path, ':');
        length = end - path;
        if (length + name + 2 <= sizeof candidate) {
            memcpy(candidate, path, length);
            if (length) candidate[length++] = '/';
            memcpy(candidate + length, argv[0], name + 1);
            error = attempt(me, candidate, argv, env);
            if (error != -ENOENT && error != -ENOTDIR) {
                if (error != -EACCES) return error;
                last = error; /* as execvp(3): go on looking, and say EACCES if nothing is found */
            }
        }
        if (!*end) return last;
    }
}
