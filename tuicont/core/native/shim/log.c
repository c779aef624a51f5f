/* The log of the init's output, in the format of the Kubernetes container runtime interface: time, stream,
 * F or P (a part of a line), text. Rotated by size. A log that cannot be written never stops a container:
 * what does not fit is dropped. */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    int fd;
    char *path;
    uint64_t size, max_size;
    uint32_t max_files;
} the_log; /* without a path it is not kept */

static int create(void) {
    return open(the_log.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Its directory is made with it: most containers that live short never write a line. */
static int open_file(void) {
    if ((the_log.fd = create()) < 0 && errno == ENOENT) {
        char *name = strrchr(the_log.path, '/');
        if (name) {
            *name = 0;
            mkdirat(AT_FDCWD, the_log.path, 0700);
            *name = '/';
            the_log.fd = create();
        }
    }
    if (the_log.fd < 0) return -errno;
    off_t end = lseek(the_log.fd, 0, SEEK_END);
    the_log.size = end > 0 ? end : 0;
    return 0;
}

int log_open(const char *path, uint64_t max_size, uint32_t max_files) {
    if (!*path) return 0;
    if (!(the_log.path = strdup(path))) return -ENOMEM;
    the_log.fd = -1;
    the_log.max_size = max_size;
    the_log.max_files = max_files ? max_files : 1;
    return 0;
}

static void name_file(char name[4096], uint32_t number) {
    struct text t = {name, 4096, 0, false};
    text_add(&t, the_log.path);
    if (!number) return;
    text_add(&t, ".");
    text_number(&t, number, 1);
}

/* log → log.1 → log.2 …; the last is dropped. */
static void rotate(void) {
    close(the_log.fd);
    for (uint32_t i = the_log.max_files - 1; i > 0; i--) {
        char from[4096], to[4096];
        name_file(from, i - 1);
        name_file(to, i);
        rename(from, to);
    }
    if (the_log.max_files == 1) unlink(the_log.path);
    open_file();
}

static void flush(const char *data, size_t length) {
    if (the_log.fd < 0 && open_file() < 0) return;
    if (the_log.max_size && the_log.size && the_log.size + length > the_log.max_size) rotate();
    if (the_log.fd < 0) return;
    ssize_t written = write(the_log.fd, data, length);
    if (written == (ssize_t)length) the_log.size += length;
    else if (written > 0 && ftruncate(the_log.fd, the_log.size) < 0) the_log.size += written; /* no torn lines */
}

void log_write(int stream, const char *data, size_t length, uint64_t now_ns) {
    char buffer[OUTPUT_MAX + 4096], prefix[64];
    struct text t = TEXT(prefix);
    size_t used = 0, head;
    if (!the_log.path) return;
    text_date(&t, now_ns / 1000000000);
    text_add(&t, ".");
    text_number(&t, now_ns % 1000000000, 9);
    text_add(&t, stream == 1 ? "Z stdout P " : "Z stderr P ");
    head = t.used;
    while (length) {
        const char *end = memchr(data, '\n', length);
        size_t text = end ? (size_t)(end - data) : length;
        if (used + head + text + 1 > sizeof buffer) {
            flush(buffer, used);
            used = 0;
        }
        prefix[head - 2] = end ? 'F' : 'P';
        memcpy(buffer + used, prefix, head);
        memcpy(buffer + used + head, data, text);
        used += head + text;
        buffer[used++] = '\n';
        data += text + (end != 0);
        length -= text + (end != 0);
    }
    flush(buffer, used);
}
