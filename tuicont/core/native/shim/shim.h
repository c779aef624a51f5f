/* What the shim's two sides share: the keeper (keeper.h) and the children it makes (child.h). */
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

/* plan.c: a cursor over a plan. A read beyond the end yields zeroes and sets `bad`. */
struct cursor {
    const unsigned char *at, *end;
    bool bad;
};
struct plan {
    struct plan_head head;
    const char *clone_into, *exit_path, *log_path, *exec_id;
    struct cursor enter;
    unsigned char text[PLAN_TEXT_MAX];
};
struct plan_body {
    struct birth_report *report;
    struct trace_record *trace; /* 0: nobody wants to know */
    uint32_t operations;
    struct cursor at;
};
int plan_read(struct plan *plan, int fd);
int plan_map(struct plan_body *plan, int fd);
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

/* message.c: packets with a descriptor along (-1: none). */
ssize_t send_packet(int socket, const void *data, size_t length, int fd, int flags);
ssize_t receive_packet(int socket, void *data, size_t room, int *fd, int flags);

uint64_t monotonic_ns(void);
uint64_t realtime_ns(void);

/* ops.c: write "0" into a v1 directory's tasks. */
int enter_cgroup(const char *directory);

/* reaper.c */
int reaper_main(int argc, char **argv);

#endif
