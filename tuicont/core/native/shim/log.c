/* The log of the init's output, in the format of the Kubernetes container runtime interface: time, stream,
 * F or P (a part of a line), text. Rotated by size. A log that cannot be written never stops a container:
 * what does not fit is dropped. */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
    int fd;
    char *path;
    uint64_t size, max_size;
    uint64_t max_files, kept; /* kept: that many more, if they are read */
    uint64_t oldest, next;    /* numbers of full files; next is 0 as long as they are not known */
} the_log; /* without a path it is not kept */
enum { KEPT_FILES = 256, KEPT_BYTES = 16 << 20 };

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
    the_log.kept = max_size ? KEPT_BYTES / max_size : 0;
    if (the_log.kept > KEPT_FILES) the_log.kept = KEPT_FILES;
    return 0;
}

static void name_file(char name[4096], uint64_t number) {
    struct text t = {name, 4096, 0, false};
    text_add(&t, the_log.path);
    text_add(&t, ".");
    text_number(&t, number, 1);
}

/* Which of the full files are there, when the first one is to be added. */
static void count_files(void) {
    struct entry {
        uint64_t inode, offset;
        uint16_t length;
        uint8_t type;
        char name[];
    }; /* getdents64(2) */
    _Alignas(8) char buffer[4096];
    char *slash = strrchr(the_log.path, '/');
    size_t base = strlen(slash + 1);
    long length;
    *slash = 0;
    int fd = open(the_log.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    the_log.next = the_log.oldest = 1;
    while (fd >= 0 && (length = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < length; at += ((struct entry *)(buffer + at))->length) {
            const char *name = ((struct entry *)(buffer + at))->name, *end;
            if (strncmp(name, slash + 1, base) || name[base] != '.') continue;
            uint64_t number = parse_number(name + base + 1, &end);
            if (*end || end - name - base > 10 || !number) continue;
            if (number >= the_log.next) {
                if (the_log.next == 1) the_log.oldest = number;
                the_log.next = number + 1;
            }
            if (number < the_log.oldest) the_log.oldest = number;
        }
    if (fd >= 0) close(fd);
}

/* Whether a reader that follows has it locked. */
static bool is_read(const char *name) {
    struct flock lock = {.l_type = F_WRLCK};
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool found = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0) close(fd);
    return found;
}

/* log → log.1, the next one → log.2 …; the oldest are dropped, but not those that were begun after one that is still
 * read, as far as they are not too many. */
static void rotate(void) {
    char name[4096];
    close(the_log.fd);
    if (!the_log.next) count_files();
    name_file(name, the_log.next);
    if (rename(the_log.path, name) == 0) the_log.next++;
    if (the_log.next - the_log.oldest > the_log.max_files + 2 * KEPT_FILES) /* a name that is not ours */
        the_log.oldest = the_log.next - the_log.max_files - KEPT_FILES;
    for (; the_log.next - the_log.oldest >= the_log.max_files; the_log.oldest++) {
        name_file(name, the_log.oldest);
        if (the_log.next - the_log.oldest < the_log.max_files + the_log.kept && is_read(name)) break;
        unlink(name);
    }
    open_file();
}

static void flush(const char *data, size_t length) {
    if (the_log.fd < 0 && open_file() < 0) return;
    if (the_log.max_size && the_log.size && the_log.size + length > the_log.max_size) rotate();
    if (the_log.fd < 0) return;
    ssize_t written = write(the_log.fd, data, length);
    if (written == (ssize_t)length) the_log.size += length;
    else if (written > 0) { /* no torn lines; somebody may have cut it since */
        off_t end = lseek(the_log.fd, 0, SEEK_END);
        if (end >= written && ftruncate(the_log.fd, end - written) < 0) the_log.size += written;
    }
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
