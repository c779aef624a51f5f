/* The records of ended execs: each a file `exec-ID`, so that its code outlives its session. One goes when its session has
 * taken the word of its end, and the oldest go when there are many, as nobody may ever ask. */
#include "keeper.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RECORDS_MAX = 64 };

struct record {
    struct record *next; /* the one before it */
    uint64_t number;
    char id[EXEC_ID_MAX];
};

static void name_record(char name[EXEC_ID_MAX + 8], const char *id) {
    struct text t = {name, EXEC_ID_MAX + 8, 0, false};
    text_add(&t, "exec-");
    text_add(&t, id);
}

static void drop(struct record **at) {
    struct record *r = *at;
    char name[EXEC_ID_MAX + 8];
    name_record(name, r->id);
    unlink(name);
    *at = r->next;
    free(r);
}

/* Returns its number, 0 when none was written. */
uint64_t record_add(struct keeper *k, const struct process *p) {
    struct record *r = malloc(sizeof *r);
    char name[EXEC_ID_MAX + 8];
    int kept = 0;
    name_record(name, p->id);
    if (!r || exit_record(name, &p->exit) < 0) {
        free(r);
        return 0;
    }
    *r = (struct record){k->records, ++k->record_number, {0}};
    memcpy(r->id, p->id, sizeof r->id);
    k->records = r;
    for (struct record **at = &k->records; *at; kept++) {
        if (kept < RECORDS_MAX) at = &(*at)->next;
        else drop(at);
    }
    return r->number;
}

/* The word was taken. */
void record_drop(struct keeper *k, uint64_t number) {
    for (struct record **at = &k->records; *at; at = &(*at)->next)
        if ((*at)->number == number) {
            drop(at);
            return;
        }
}

void records_remove(struct keeper *k) {
    while (k->records) drop(&k->records);
}
