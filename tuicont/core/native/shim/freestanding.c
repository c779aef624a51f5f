/* The few functions of a C library that the shim needs, straight over the system calls. A static C library
 * asks the processor what it can do before main runs; in a virtual machine each such question is an exit to
 * the hypervisor, and all of them cost ten times what starting the shim does (0.5 ms of 0.55 measured). It
 * would also be most of a shim's memory. Prototypes and structures are the C library's headers'. */
#include "shim.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

enum { KERNEL_SIGSET = 8 };

int main(int argc, char **argv);
static int last_error;
char **environ;

int *__errno_location(void) { return &last_error; }

static __attribute__((used, noreturn)) void begin(long *stack) {
    int argc = stack[0];
    char **argv = (char **)(stack + 1);
    environ = argv + argc + 1;
    _exit(main(argc, argv));
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall begin\n");

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result = number;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tb begin\n");

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#endif

static long checked(long result) {
    if (result >= 0 || result < -4095) return result;
    last_error = -result;
    return -1;
}

#define CALL(name, a, b, c, d, e, f) \
    checked(call(SYS_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))
#define CALL1(name, a) CALL(name, a, 0, 0, 0, 0, 0)
#define CALL2(name, a, b) CALL(name, a, b, 0, 0, 0, 0)
#define CALL3(name, a, b, c) CALL(name, a, b, c, 0, 0, 0)
#define CALL4(name, a, b, c, d) CALL(name, a, b, c, d, 0, 0)
#define CALL5(name, a, b, c, d, e) CALL(name, a, b, c, d, e, 0)

long syscall(long number, ...) {
    long values[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) values[i] = va_arg(list, long);
    va_end(list);
    return checked(call(number, values[0], values[1], values[2], values[3], values[4], values[5]));
}

void _exit(int code) {
    for (;;) call(SYS_exit_group, code, 0, 0, 0, 0, 0);
}

/* files */
int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    int mode = flags & O_CREAT ? va_arg(list, int) : 0;
    va_end(list);
    return CALL4(openat, AT_FDCWD, path, flags, mode);
}
int fcntl(int fd, int command, ...) {
    va_list list;
    va_start(list, command);
    long value = va_arg(list, long);
    va_end(list);
    return CALL3(fcntl, fd, command, value);
}
int ioctl(int fd, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    long value = va_arg(list, long);
    va_end(list);
    return CALL3(ioctl, fd, request, value);
}
int close(int fd) { return CALL1(close, fd); }
ssize_t read(int fd, void *data, size_t length) { return CALL3(read, fd, data, length); }
ssize_t write(int fd, const void *data, size_t length) { return CALL3(write, fd, data, length); }
off_t lseek(int fd, off_t offset, int whence) { return CALL3(lseek, fd, offset, whence); }
int ftruncate(int fd, off_t length) { return CALL2(ftruncate, fd, length); }
int dup2(int from, int to) { return from == to ? to : (int)CALL3(dup3, from, to, 0); }
int pipe2(int fds[2], int flags) { return CALL2(pipe2, fds, flags); }
int fstat(int fd, struct stat *status) { return CALL2(fstat, fd, status); }
int stat(const char *path, struct stat *status) { return CALL4(newfstatat, AT_FDCWD, path, status, 0); }
int fstatat(int fd, const char *path, struct stat *status, int flags) {
    return CALL4(newfstatat, fd, path, status, flags);
}
int fstatfs(int fd, struct statfs *status) { return CALL2(fstatfs, fd, status); }
int rename(const char *from, const char *to) { return CALL5(renameat2, AT_FDCWD, from, AT_FDCWD, to, 0); }
int unlink(const char *path) { return CALL3(unlinkat, AT_FDCWD, path, 0); }
int mkdirat(int fd, const char *path, mode_t mode) { return CALL3(mkdirat, fd, path, mode); }
int mknodat(int fd, const char *path, mode_t mode, dev_t device) { return CALL4(mknodat, fd, path, mode, device); }
int symlinkat(const char *target, int fd, const char *path) { return CALL3(symlinkat, target, fd, path); }
int fchown(int fd, uid_t uid, gid_t gid) { return CALL3(fchown, fd, uid, gid); }
int fchownat(int fd, const char *path, uid_t uid, gid_t gid, int flags) {
    return CALL5(fchownat, fd, path, uid, gid, flags);
}
int chdir(const char *path) { return CALL1(chdir, path); }
int fchdir(int fd) { return CALL1(fchdir, fd); }
mode_t umask(mode_t mask) { return CALL1(umask, mask); }
int poll(struct pollfd *fds, nfds_t count, int milliseconds) {
    struct timespec wait = {milliseconds / 1000, milliseconds % 1000 * 1000000l};
    return CALL5(ppoll, fds, count, milliseconds < 0 ? 0 : &wait, 0, KERNEL_SIGSET);
}

/* mounts and namespaces */
int mount(const char *source, const char *target, const char *fstype, unsigned long flags, const void *options) {
    return CALL5(mount, source, target, fstype, flags, options);
}
int umount2(const char *target, int flags) { return CALL2(umount2, target, flags); }
int unshare(int flags) { return CALL1(unshare, flags); }
int setns(int fd, int flags) { return CALL2(setns, fd, flags); }
int sethostname(const char *name, size_t length) { return CALL2(sethostname, name, length); }
int setdomainname(const char *name, size_t length) { return CALL2(setdomainname, name, length); }

/* processes */
int prctl(int option, ...) {
    long values[4];
    va_list list;
    va_start(list, option);
    for (int i = 0; i < 4; i++) values[i] = va_arg(list, long);
    va_end(list);
    return CALL5(prctl, option, values[0], values[1], values[2], values[3]);
}
int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *wanted, struct rlimit64 *now) {
    return CALL4(prlimit64, pid, resource, wanted, now);
}
pid_t setsid(void) { return CALL1(setsid, 0); }
pid_t getpid(void) { return CALL1(getpid, 0); }
int setpgid(pid_t pid, pid_t group) { return CALL2(setpgid, pid, group); }
int kill(pid_t pid, int number) { return CALL2(kill, pid, number); }
int execve(const char *path, char *const argv[], char *const envp[]) { return CALL3(execve, path, argv, envp); }
pid_t waitpid(pid_t pid, int *status, int options) { return CALL4(wait4, pid, status, options, 0); }
int waitid(idtype_t type, id_t id, siginfo_t *info, int options) { return CALL5(waitid, type, id, info, options, 0); }
int sigemptyset(sigset_t *set) {
    *(uint64_t *)set = 0;
    return 0;
}
int sigfillset(sigset_t *set) {
    *(uint64_t *)set = ~0ull;
    return 0;
}
int sigaddset(sigset_t *set, int number) {
    *(uint64_t *)set |= 1ull << (number - 1);
    return 0;
}
int sigprocmask(int how, const sigset_t *set, sigset_t *before) {
    return CALL4(rt_sigprocmask, how, set, before, KERNEL_SIGSET);
}
int sigwaitinfo(const sigset_t *set, siginfo_t *info) { return CALL4(rt_sigtimedwait, set, info, 0, KERNEL_SIGSET); }
int signalfd(int fd, const sigset_t *set, int flags) { return CALL4(signalfd4, fd, set, KERNEL_SIGSET, flags); }
int clock_gettime(clockid_t clock, struct timespec *now) { return CALL2(clock_gettime, clock, now); }

/* sockets */
int socket(int domain, int type, int protocol) { return CALL3(socket, domain, type, protocol); }
int socketpair(int domain, int type, int protocol, int fds[2]) { return CALL4(socketpair, domain, type, protocol, fds); }
int bind(int fd, const struct sockaddr *address, socklen_t length) { return CALL3(bind, fd, address, length); }
int listen(int fd, int backlog) { return CALL2(listen, fd, backlog); }
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    return CALL4(accept4, fd, address, length, flags);
}
int shutdown(int fd, int how) { return CALL2(shutdown, fd, how); }
ssize_t send(int fd, const void *data, size_t length, int flags) { return CALL(sendto, fd, data, length, flags, 0, 0); }
ssize_t recv(int fd, void *data, size_t length, int flags) { return CALL(recvfrom, fd, data, length, flags, 0, 0); }
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) { return CALL3(sendmsg, fd, message, flags); }
ssize_t recvmsg(int fd, struct msghdr *message, int flags) { return CALL3(recvmsg, fd, message, flags); }

/* memory maps; the allocator is in memory.c */
void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    return (void *)CALL(mmap, at, length, protection, flags, fd, offset);
}
int munmap(void *at, size_t length) { return CALL2(munmap, at, length); }
