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

#define PLAN_MAGIC 0x32504354u
#define SOCKET_NAME "shim.sock"

/* PLAN_STEP: each operation waits for GO. PLAN_LATER: the operations are not there yet, GO says when. PLAN_BORN: the
 * asker wants to hear of the process before it has done anything. PLAN_ADOPT: what is executed is an OCI runtime; when
 * it has ended with 0, the process whose pid it has left in NAME.pid, which has come to us as an orphan, takes its place,
 * with the terminal that was sent to the socket NAME.tty. NAME is "init", or "exec-" and the exec's id. */
enum plan_flag {
    PLAN_TRACE = 1,
    PLAN_STEP = 2,
    PLAN_STDIN = 4,
    PLAN_REAPER = 8,
    PLAN_TERMINAL = 16,
    PLAN_HOLD = 32,
    PLAN_LATER = 64,
    PLAN_BORN = 128,
    PLAN_ADOPT = 256
};

/* How far a birth is, written by the child while it carries the plan out: `index` and `code` of the operation it is at
 * (index -1: none yet), `error` the errno of one that failed, `executing` whether it is about to become its command. */
struct birth_report {
    int32_t index, code, error, executing;
};

/* A plan is a file in memory: its head, then the strings clone_into, exit_path, log_path and exec_id, then `enter_count`
 * strings (v1 directories for the shim itself); at `body` `operations` operations; at `trace` (a multiple of 8; 0: none)
 * room for as many trace records. A string is its length (u32), its bytes and a NUL; an integer 64 bits; a list its
 * length (u32) and its strings. What is before `body` is read once, when the birth begins; `patience_ms` is how long a
 * birth may take that waits for nobody (0: for ever). */
struct plan_head {
    uint32_t magic, flags;
    uint64_t clone_flags, log_max_size;
    uint32_t log_max_files, enter_count, operations, patience_ms;
    uint64_t body, trace;
    struct birth_report report;
};
enum { PLAN_TEXT_MAX = 20 * 1024 };

struct trace_record { /* CLOCK_MONOTONIC; `ended` is 0 for an execution that succeeded */
    uint32_t index;
    int32_t error;
    uint64_t began, ended;
};

/* Packets (SOCK_SEQPACKET). From a client: */
enum request_type { ATTACH = 1, EXEC, INPUT, INPUT_END, RESIZE, START, RELEASE, STATE, GO };
enum { WITH_STDIN = 1 };

/* From the shim: */
enum reply_type { STARTED = 32, FAILED, BORN, OUTPUT, EXITED, STEPPED, CREATED };

/* Between a child and its shim beside STEPPED and GO: its terminal's master, and that it waits for START. */
enum channel_type { TERMINAL = 64, AWAITS_START };

/* Where a start failed. */
enum stage {
    AT_PLAN = 1,
    AT_SHIM_CGROUP,
    AT_SOCKET,
    AT_LOG,
    AT_PIPES,
    AT_CLONE,
    AT_OPERATION,
    AT_SILENT_DEATH,
    AT_STATE, /* the container is not in the state for it: ESRCH ended, EBUSY being born, EALREADY started */
    AT_DEADLINE,
    AT_RUNTIME, /* an OCI runtime has ended with `code`, or by `signal` */
    AT_ADOPTION, /* of what it was to leave */
    AT_SESSIONS  /* `code` of them are open, and no more are taken */
};

enum process_state { BEING_BORN, WAITING, RUNNING, ENDED };

struct packet_head {
    uint32_t type, flags; /* flags: WITH_STDIN of ATTACH, 1 or 2 of OUTPUT */
};
struct packet_resize {
    uint32_t type, flags, rows, cols;
};
struct packet_process { /* BORN, CREATED, STARTED: carries a pidfd of the process; `time` is CLOCK_MONOTONIC */
    uint32_t type, state;
    int32_t pid, reserved;
    uint64_t start_time, time;
};
struct packet_failed {
    uint32_t type, stage;
    int32_t index, code, error, signal;
    uint32_t operations, reserved;
};
struct packet_exited {
    uint32_t type, flags;
    int32_t code, signal;
    uint64_t time_ns;
};
struct packet_stepped { /* operation `index` comes next */
    uint32_t type, flags;
    int32_t index, code;
};

enum { INPUT_MAX = 32 * 1024, OUTPUT_MAX = 16 * 1024 };

#endif
