/* Memory and strings: a small allocator, and the str- and mem-functions that the shim and the compiler use. */
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Blocks of powers of two from an arena that is never given back, which is all that a shim with a few clients
 * needs; larger ones are maps of their own. Before each block is its size. */
enum { ARENA = 24 * 1024, SMALLEST = 6, CLASSES = 6, HEAD = 16 };

static char arena[ARENA] __attribute__((aligned(16)));
static size_t arena_used;
static void *unused[CLASSES];

static size_t *head_of(void *block) { return (size_t *)((char *)block - HEAD); }

static int class_of(size_t size) {
    int class = 0;
    while (class < CLASSES && ((size_t)1 << (class + SMALLEST)) < size) class++;
    return class;
}

void *malloc(size_t size) {
    int class = class_of(size + HEAD);
    size_t room = (size_t)1 << (class + SMALLEST);
    char *memory;
    if (size > PTRDIFF_MAX - HEAD) return 0;
    if (class < CLASSES && unused[class]) {
        void *block = unused[class];
        unused[class] = *(void **)block;
        return block;
    }
    if (class < CLASSES && arena_used + room <= ARENA) {
        memory = arena + arena_used;
        arena_used += room;
    } else {
        room = size + HEAD;
        memory = mmap(0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return 0;
    }
    *(size_t *)memory = room;
    return memory + HEAD;
}

void free(void *block) {
    if (!block) return;
    if ((char *)block >= arena && (char *)block < arena + ARENA) {
        int class = class_of(*head_of(block));
        *(void **)block = unused[class];
        unused[class] = block;
    } else {
        munmap(head_of(block), *head_of(block));
    }
}

void *calloc(size_t count, size_t size) {
    size_t all;
    void *block;
    if (__builtin_mul_overflow(count, size, &all) || !(block = malloc(all))) return 0;
    return memset(block, 0, all);
}

void *realloc(void *block, size_t size) {
    size_t room = block ? *head_of(block) - HEAD : 0;
    void *grown;
    if (block && size <= room) return block;
    if (!(grown = malloc(size))) return 0;
    if (block) memcpy(grown, block, room);
    free(block);
    return grown;
}

char *strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : 0;
}

void *memcpy(void *to, const void *from, size_t length) {
    void *start = to;
#if defined(__x86_64__)
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
#else
    for (char *out = to; length--; out++, from = (const char *)from + 1) *out = *(const char *)from;
#endif
    return start;
}

void *memmove(void *to, const void *from, size_t length) {
    char *out = to;
    const char *in = from;
    if (out <= in || out >= in + length) return memcpy(to, from, length);
    while (length--) out[length] = in[length];
    return to;
}

void *memset(void *to, int value, size_t length) {
    void *start = to;
#if defined(__x86_64__)
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(value) : "memory");
#else
    for (char *out = to; length--; out++) *out = value;
#endif
    return start;
}

void *memchr(const void *data, int value, size_t length) {
    for (const unsigned char *at = data; length--; at++)
        if (*at == (unsigned char)value) return (void *)at;
    return 0;
}

size_t strlen(const char *text) {
    const char *at = text;
    while (*at) at++;
    return at - text;
}

char *strchrnul(const char *text, int value) {
    while (*text && *text != (char)value) text++;
    return (char *)text;
}

char *strchr(const char *text, int value) {
    char *at = strchrnul(text, value);
    return *at == (char)value ? at : 0;
}

char *strrchr(const char *text, int value) {
    char *found = 0;
    for (; *text; text++)
        if (*text == (char)value) found = (char *)text;
    return found;
}

int strncmp(const char *a, const char *b, size_t length) {
    for (; length && *a == *b; a++, b++, length--)
        if (!*a) return 0;
    return length ? (unsigned char)*a - (unsigned char)*b : 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, (size_t)-1); }

char *strstr(const char *text, const char *part) {
    size_t length = strlen(part);
    for (; *text; text++)
        if (!strncmp(text, part, length)) return (char *)text;
    return 0;
}

size_t strspn(const char *text, const char *accepted) {
    const char *at = text;
    while (*at && strchr(accepted, *at)) at++;
    return at - text;
}

size_t strcspn(const char *text, const char *rejected) {
    const char *at = text;
    while (*at && !strchr(rejected, *at)) at++;
    return at - text;
}
