/* What is on the wire between the engine and the shim. `wire.py` and `encode.py` hold the same numbers;
 * tests/unit/test_encode.py compares them. All integers are in the machine's own byte order. */
#ifndef PROTO_H
#define PROTO_H

#include <stdint.h>

#include "operations.h"

/* Descriptors of the shim (0, 1, 2 are /dev/null). FD_GUARD is closed when the birth is over: it holds the
 * container's lock, so that nobody takes a birth whose engine has died for a failed one. FD_SNAPSHOT is closed when the
 * root file system is unmounted, so that nobody mounts it a second time before. */
enum { FD_CONTROL = 3, FD_PLAN = 4, FD_RUN_DIR = 5, FD_GUARD = 6, FD_SNAPSHOT = 7 };

#define PLAN_MAGIC 0x31504354u
#define SOCKET_NAME "shim.sock"

enum plan_flag { PLAN_TRACE = 1, PLAN_STEP = 2, PLAN_STDIN = 4, PLAN_REAPER = 8, PLAN_TERMINAL = 16, PLAN_HOLD = 32, PLAN_LATER = 64 };

/* With PLAN_LATER the operations are not there yet: the child waits for STEP and then reads a whole plan at
 * LATER_OFFSET of the same file. What is there before it is never written again. */
enum { LATER_OFFSET = 65536 };

/* The head of a plan. After it come the strings clone_into, exit_path, log_path and exec_id, then
 * `enter_count` strings (v1 directories for the shim itself), then `operations` operations. A string is
 * its length (u32), its bytes and a NUL; an integer 64 bits; a list its length (u32) and its strings. */
struct plan_head {
    uint32_t magic, flags;
    uint64_t clone_flags, log_max_size;
    uint32_t log_max_files, enter_count, operations, reserved;
};

/* Packets (SOCK_SEQPACKET). From a client: */
enum request_type { ATTACH = 1, EXEC, INPUT, INPUT_END, RESIZE, WAIT, RELEASE, STATE, STEP };
enum { WITH_STDIN = 1 };

/* From the shim: */
enum reply_type { STARTED = 32, FAILED, TRACE, OUTPUT, EXITED, STEPPED, RELEASED };

/* Where a start failed. */
enum stage { AT_PLAN = 1, AT_SHIM_CGROUP, AT_SOCKET, AT_LOG, AT_PIPES, AT_CLONE, AT_OPERATION, AT_SILENT_DEATH };

struct packet_head {
    uint32_t type, flags; /* flags: WITH_STDIN of ATTACH, 1 or 2 of OUTPUT, the count of TRACE */
};
struct packet_resize {
    uint32_t type, flags, rows, cols;
};
struct packet_started { /* carries a pidfd of the process */
    uint32_t type, flags;
    int32_t pid, reserved;
    uint64_t start_time, nanoseconds;
};
struct packet_failed {
    uint32_t type, stage;
    int32_t index, code, error, signal;
};
struct packet_exited {
    uint32_t type, flags;
    int32_t code, signal;
    uint64_t time_ns;
};
struct packet_stepped { /* operation `index` comes next; the one before it took `nanoseconds` */
    uint32_t type, flags;
    int32_t index, code;
    uint64_t nanoseconds;
};
struct trace_record {
    uint32_t index;
    int32_t error;
    uint64_t nanoseconds;
};

enum { INPUT_MAX = 32 * 1024, OUTPUT_MAX = 16 * 1024 };

#endif
