/* The keeper's own types: the processes it has made, the clients it serves, and the one value that holds them all. A file
 * below may call those above it in this list, and none the other way. */
#ifndef KEEPER_H
#define KEEPER_H

#include "shim.h"

enum { EXEC_ID_MAX = 80 };

struct exit_status {
    int code, signal;
    uint64_t time_ns;
};

struct client {
    struct client *next;
    int fd;
    struct process *process; /* whose output it gets */
    bool stdin, waiting, engine; /* engine: the one that started the container */
    uint64_t record;             /* of the exec whose end it was told, until it has taken that */
    char *pending; /* output packets that its socket had no room for, each behind its length */
    size_t pending_size;
    char *held; /* input that the process had no room for */
    size_t held_size, held_sent;
};

/* What a child becomes: the process itself, or an OCI runtime that makes one for us to adopt, or one that lets the init go
 * on which it has made before. */
enum child_kind { COMMAND, CREATOR, STARTER };

/* Of a process that has not executed its command yet. */
struct birth {
    enum child_kind kind;
    bool at_work; /* the runtime has executed */
    int channel; /* to the child: GO and START go, what it says comes, end of file when it has executed or died */
    int plan;    /* the file, in whose head the child writes its report */
    int console; /* where a runtime sends the terminal */
    uint32_t flags;
    uint32_t awaits;      /* GO or START while the child waits for that, else 0 */
    struct client *asker; /* who hears what becomes of it; 0: nobody is left */
    uint64_t patience, deadline; /* nanoseconds; the deadline by CLOCK_MONOTONIC, 0 while nobody is to blame but the asker */
};

struct process {
    struct process *next;
    pid_t pid;
    int pidfd, input, output[2], slave;
    uint64_t start_time;
    enum process_state state;
    bool terminal, stdin_open;
    struct birth birth;
    struct exit_status exit;
    char id[EXEC_ID_MAX];
};

struct keeper {
    struct process *init, *execs;
    struct client *clients;
    char *exit_path;
    struct record *records; /* of ended execs, the newest first */
    uint64_t record_number; /* of the newest */
    unsigned sessions_max, clients_max;
    int root;          /* keeps the root file system of the init beyond its end */
    bool entered;      /* whether the next child is born in the init's pid namespace */
    bool output_held;  /* until somebody attaches, or the engine that started it is gone */
    bool released, stillborn; /* why the loop ends: there is nothing to keep any more, or nothing came to be */
};

/* caller.c */
void forget_the_caller(void);

/* log.c */
int log_open(const char *path, uint64_t max_size, uint32_t max_files);
void log_write(int stream, const char *data, size_t length, uint64_t now_ns);

/* clients.c: who is told what. */
struct client *client_add(struct keeper *k, int fd);
void client_send(struct client *c, const void *packet, size_t length);
void client_send_process(struct client *c, uint32_t type, const struct process *p);
void client_send_failed(struct client *c, const struct packet_failed *failure);
void client_refuse_session(struct client *c, unsigned open);
void client_send_exited(struct client *c, const struct process *p);
void client_flush(struct client *c);
void clients_output(struct keeper *k, const struct process *p, int stream, const char *data, size_t length);
void clients_exited(struct keeper *k, const struct process *p, uint64_t record);
bool client_took_all(const struct client *c);
bool clients_block(const struct keeper *k, const struct process *p);
unsigned clients_count(const struct keeper *k);
void clients_sweep(struct keeper *k);

/* process.c: one process, its pipes or its terminal. */
struct process *process_new(void);
void process_free(struct process *p);
void process_take_terminal(struct process *p, int master);
void process_close_input(struct process *p);
bool process_read(struct keeper *k, struct process *p, int stream);
void process_drain(struct keeper *k, struct process *p);

/* records.c: what ended execs leave. */
uint64_t record_add(struct keeper *k, const struct process *p);
void record_drop(struct keeper *k, uint64_t number);
void records_remove(struct keeper *k);

/* ends.c: what remains of a process when it has ended. */
int exit_record(const char *path, const struct exit_status *status);
void hold_root(struct keeper *k);
void remove_files(struct keeper *k);
void release_output(struct keeper *k);
void end_init(struct keeper *k, int status);
bool end_is_told(const struct keeper *k);
void end_exec(struct keeper *k, struct process *p, int status);

/* adoption.c: what an OCI runtime leaves. */
int adoption_prepare(struct process *p);
pid_t adoption_pid(const struct process *p);
int adoption_take(struct process *p);
void adoption_forget(struct process *p);
uint64_t read_start_time(pid_t pid, pid_t *parent);

/* births.c: making a child. */
int birth_begin(struct keeper *k, const struct plan *plan, int plan_fd, enum child_kind kind, struct client *asker,
                struct packet_failed *failure);
bool birth_let_go(struct process *p, uint32_t type);
void birth_cancel(struct process *p);
void births_abandon(struct keeper *k, const struct client *c);

/* outcomes.c: what becomes of a child. */
bool birth_hear(struct keeper *k, struct process *p);
int births_expire(struct keeper *k);
void reap(struct keeper *k);

/* requests.c: what clients ask for. */
bool handle_request(struct keeper *k, struct client *c);
void feed_held(struct client *c);

/* server.c */
int serve(struct keeper *k, int listener);

#endif
