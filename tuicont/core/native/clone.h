/* clone3(2) of a child that runs a function on a stack of its own, in its parent's memory.
 * glibc offers clone3 neither with a stack nor with CLONE_INTO_CGROUP; nothing but these lines is
 * specific to a processor. Used by the extension module (to start the shim) and by the shim. */
#ifndef TUICONT_CLONE_H
#define TUICONT_CLONE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifndef CLONE_CLEAR_SIGHAND
#define CLONE_CLEAR_SIGHAND 0x100000000ULL
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

struct tuicont_clone_args { /* struct clone_args, version 2 (Linux 5.7) */
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

/* The child ends with the function's result as its exit status. Returns the pid or -errno. */
static inline __attribute__((always_inline)) long tuicont_clone(struct tuicont_clone_args *args, int (*run)(void *),
                                                               void *argument) {
#if defined(__x86_64__)
    long result = SYS_clone3;
    register void *function __asm__("r8") = (void *)run;
    register void *data __asm__("r9") = argument;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r9, %%rdi\n\t"
                     "call *%%r8\n\t"
                     "mov %%eax, %%edi\n\t"
                     "mov $231, %%eax\n\t" /* exit_group */
                     "syscall\n\t"
                     "hlt\n"
                     "1:"
                     : "+a"(result)
                     : "D"(args), "S"(sizeof *args), "r"(function), "r"(data)
                     : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long result __asm__("x0") = (long)args;
    register long size __asm__("x1") = sizeof *args;
    register long number __asm__("x8") = SYS_clone3;
    register void *function __asm__("x10") = (void *)run;
    register void *data __asm__("x11") = argument;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x0, x11\n\t"
                     "blr x10\n\t"
                     "mov x8, #94\n\t" /* exit_group */
                     "svc #0\n"
                     "1:"
                     : "+r"(result)
                     : "r"(size), "r"(number), "r"(function), "r"(data)
                     : "memory", "cc");
    return result;
#else
#error "tuicont runs on x86-64 and aarch64"
#endif
}

#endif
