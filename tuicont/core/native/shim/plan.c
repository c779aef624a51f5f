/* Reading a plan. Knows its layout and nothing of what the operations mean. */
#include "shim.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const void *take(struct cursor *c, size_t length) {
    const void *here = c->at;
    if (c->bad || (size_t)(c->end - c->at) < length) {
        c->bad = true;
        return 0;
    }
    c->at += length;
    return here;
}

uint32_t take_u32(struct cursor *c) {
    uint32_t value = 0;
    const void *here = take(c, sizeof value);
    if (here) memcpy(&value, here, sizeof value);
    return value;
}

uint64_t take_int(struct cursor *c) {
    uint64_t value = 0;
    const void *here = take(c, sizeof value);
    if (here) memcpy(&value, here, sizeof value);
    return value;
}

const void *take_bytes(struct cursor *c, uint32_t *length) {
    *length = take_u32(c);
    return take(c, *length);
}

const char *take_string(struct cursor *c) {
    uint32_t length = take_u32(c);
    const char *text = take(c, (size_t)length + 1);
    if (text && text[length] == 0) return text;
    c->bad = true;
    return "";
}

int plan_map(struct plan *plan, int fd, off_t offset) {
    struct stat status;
    struct cursor c;
    const void *head;
    if (fstat(fd, &status) < 0) return -errno;
    if (status.st_size < offset + (off_t)sizeof plan->head) return -EBADMSG;
    plan->size = status.st_size - offset;
    plan->memory = mmap(0, plan->size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, offset);
    if (plan->memory == MAP_FAILED) return -errno;
    c = (struct cursor){plan->memory, (unsigned char *)plan->memory + plan->size, false};
    if ((head = take(&c, sizeof plan->head))) memcpy(&plan->head, head, sizeof plan->head);
    plan->clone_into = take_string(&c);
    plan->exit_path = take_string(&c);
    plan->log_path = take_string(&c);
    plan->exec_id = take_string(&c);
    plan->enter = c;
    for (uint32_t i = 0; i < plan->head.enter_count && !c.bad; i++) take_string(&c);
    plan->body = c;
    /* an operation takes at least its code */
    if (c.bad || plan->head.magic != PLAN_MAGIC || plan->head.operations > (size_t)(c.end - c.at) / sizeof(uint32_t)) {
        plan_unmap(plan);
        return -EBADMSG;
    }
    return 0;
}

void plan_unmap(struct plan *plan) {
    munmap(plan->memory, plan->size);
    plan->memory = 0;
}
