/* Reading a plan. Knows its layout and nothing of what the operations mean. */
#include "shim.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* What is before the operations, for the shim: copied, so that whoever has the file cannot hurt it by changing that. */
int plan_read(struct plan *plan, int fd) {
    ssize_t length = syscall(SYS_pread64, fd, &plan->head, sizeof plan->head, 0l);
    struct cursor c;
    if (length < 0) return -errno;
    if (length != sizeof plan->head || plan->head.magic != PLAN_MAGIC || plan->head.body < sizeof plan->head ||
        plan->head.body > sizeof plan->head + sizeof plan->text)
        return -EBADMSG;
    length = syscall(SYS_pread64, fd, plan->text, plan->head.body - sizeof plan->head, sizeof plan->head);
    if (length < 0) return -errno;
    c = (struct cursor){plan->text, plan->text + length, false};
    plan->clone_into = take_string(&c);
    plan->exit_path = take_string(&c);
    plan->log_path = take_string(&c);
    plan->exec_id = take_string(&c);
    plan->enter = c;
    for (uint32_t i = 0; i < plan->head.enter_count && !c.bad; i++) take_string(&c);
    return c.bad ? -EBADMSG : 0;
}

/* The whole file, for the child, which writes its report there: if the file is cut meanwhile, it is the child that dies. */
int plan_map(struct plan_body *plan, int fd) {
    struct stat status;
    struct plan_head head;
    unsigned char *memory;
    size_t size;
    if (fstat(fd, &status) < 0) return -errno;
    size = status.st_size;
    if (size < sizeof head) return -EBADMSG;
    memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (memory == MAP_FAILED) return -errno;
    memcpy(&head, memory, sizeof head);
    /* an operation takes at least its code */
    if (head.body > size || head.operations > (size - head.body) / sizeof(uint32_t)) return -EBADMSG;
    if (head.trace % sizeof(uint64_t) || head.trace > size) return -EBADMSG;
    if (head.trace && head.operations > (size - head.trace) / sizeof *plan->trace) return -EBADMSG;
    plan->report = (struct birth_report *)(memory + offsetof(struct plan_head, report));
    plan->trace = head.trace ? (struct trace_record *)(memory + head.trace) : 0;
    plan->operations = head.operations;
    plan->at = (struct cursor){memory + head.body, memory + size, false};
    return 0;
}
