/* The shim's own types, and what each file offers to the others. */
#ifndef SHIM_H
#define SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto.h"

/* plan.c: a plan in memory, and a cursor over it. A read beyond the end yields zeroes and sets `bad`. */
struct cursor {
    const unsigned char *at, *end;
    bool bad;
};
struct plan {
    void *memory;
    size_t size;
    struct plan_head head;
    const char *clone_into, *exit_path, *log_path, *exec_id;
    struct cursor enter, body;
};
int plan_map(struct plan *plan, int fd, off_t offset);
void plan_unmap(struct plan *plan);
uint32_t take_u32(struct cursor *c);
uint64_t take_int(struct cursor *c);
const char *take_string(struct cursor *c);
const void *take_bytes(struct cursor *c, uint32_t *length);

/* text.c: `cut` says that something did not fit. */
struct text {
    char *data;
    size_t room, used;
    bool cut;
};
#define TEXT(buffer) {buffer, sizeof buffer, 0, false}
void text_add(struct text *t, const char *piece);
void text_number(struct text *t, uint64_t number, int digits);
void text_date(struct text *t, uint64_t second);
uint64_t parse_number(const char *text, const char **end);

/* birth.c: one process made by a plan. The child runs in the shim's memory until it executes, so that
 * whatever it writes here is its report. */
struct birth {
    struct plan *plan;
    int stdio[3];        /* the child's ends; -1: /dev/null */
    int terminal_sender; /* where OpenTerminal sends the master and the slave */
    int init;            /* pidfd of the container's init, for EnterNamespaces */
    int executable;      /* the shim's own, for the reaper */
    int root, null, empty;
    int parent; /* the directory that something was made in last, to make the next in; -1: none */
    const char *parent_path;
    size_t parent_length;
    bool made; /* whether make_target has just made what it answered with */
    int *slots;
    const char **vectors;
    struct trace_record *trace;
    bool seccomp;
    int index, code, error; /* the operation that failed, or is to come */
    uint64_t began;
};
struct born {
    pid_t pid;
    int pidfd;
    uint64_t start_time, nanoseconds;
};
int give_birth(struct birth *birth, uint64_t clone_flags, struct born *born, struct packet_failed *failure);
int enter_cgroup(const char *directory);

/* ops.c and its siblings: the operations. Each returns 0 or -errno. */
typedef int operation(struct birth *b, struct cursor *c);
int carry_out(struct birth *b);
uint64_t monotonic_ns(void);
operation op_set_propagation, op_mount_root, op_open_tree, op_pivot_root, op_mount, op_place_tree,
    op_set_mount_attributes, op_mask, op_read_only_path;                          /* ops_mount.c */
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
 * resolve_parent stays `b`'s own. */
int resolve(struct birth *b, const char *path, int flags, uint64_t how);
int resolve_parent(struct birth *b, const char *path, const char **name);
void forget_parent(struct birth *b);
int make_target(struct birth *b, const char *path, bool directory, uint64_t how);
int open_null(struct birth *b, int flags);

/* log.c */
int log_open(const char *path, uint64_t max_size, uint32_t max_files);
void log_write(int stream, const char *data, size_t length, uint64_t now_ns);

/* process.c: the init and the execs, their pipes and their ends. */
struct exit_status {
    int code, signal;
    uint64_t time_ns;
};
struct client;
struct process {
    struct process *next;
    pid_t pid;
    int pidfd, input, output[2], slave;
    uint64_t start_time;
    bool terminal, stdin_open, exited;
    struct exit_status exit;
    char id[80];
};
extern struct process *init, *execs;
extern char *exit_path;
extern bool output_held;  /* until somebody attaches, or the engine that started it is gone */
extern bool exec_records; /* whether there are files of ended execs */
uint64_t realtime_ns(void);
int process_start(struct plan *plan, struct client *asker, struct process **made, struct born *born,
                  struct packet_failed *failure);
void process_free(struct process *p);
void process_close_input(struct process *p);
void process_drain(struct process *p);
bool process_read(struct process *p, int stream);
int exit_record(const char *path, const struct exit_status *status);
void hold_root(void);
void reap(void);
void release_output(void);

/* server.c: clients */
struct client {
    struct client *next;
    int fd;
    struct process *process; /* whose output it gets */
    bool stdin, waiting, engine; /* engine: the one that started the container */
    char *pending; /* output packets that its socket had no room for, each behind its length */
    size_t pending_size;
    char *held; /* input that the process had no room for */
    size_t held_size, held_sent;
};
extern struct client *clients;
struct client *client_add(int fd);
void client_send(struct client *c, const void *packet, size_t length);
void client_send_fd(struct client *c, const void *packet, size_t length, int fd);
void clients_output(struct process *p, int stream, const char *data, size_t length);
void clients_exited(struct process *p);
bool clients_block(const struct process *p);
int serve(int listener);

/* requests.c: what clients ask for */
bool handle_request(struct client *c);
void feed_held(struct client *c);
void send_started(struct client *c, const struct process *p, uint64_t nanoseconds);
void send_trace(struct client *c, const struct trace_record *trace, uint32_t count);
extern bool released;

/* reaper.c */
int reaper_main(int argc, char **argv);

#endif
