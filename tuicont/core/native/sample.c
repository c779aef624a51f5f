/* Reading the counters of many cgroups in one call: pread and parsing without an interpreter between them.
 *
 * Knows four formats of text and nothing of controllers: which file has which key, and where its value goes in
 * a group's row, is said by the caller. A row begins with its time; the other places start as UNKNOWN, and what is
 * found is added, so that several files, and negative scales, may share a place. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UNKNOWN INT64_MIN
#define UNLIMITED ((uint64_t)1 << 62) /* v1 writes "no limit" as the largest number of whole pages */

enum { FORM_NUMBER, FORM_KEYED, FORM_DEVICES, FORM_PRESSURE };

struct tuicont_field {
    const char *key;
    int length;
    int slot;
    int64_t scale;
};

struct tuicont_source {
    int fd;
    int form;
    int count;
    const struct tuicont_field *fields;
};

struct tuicont_group {
    const struct tuicont_source *sources;
    int count;
    int slots;
    int64_t *row;
    int status;
};

static const char *take_number(const char *at, uint64_t *value) {
    uint64_t number = 0;
    while (*at >= '0' && *at <= '9') number = number * 10 + (uint64_t)(*at++ - '0');
    *value = number;
    return at;
}

static void add(int64_t *slot, uint64_t value, int64_t scale) {
    if (*slot == UNKNOWN) *slot = 0;
    *slot += (int64_t)value * scale;
}

static const struct tuicont_field *field_of(const struct tuicont_source *source, const char *key, long length) {
    for (int i = 0; i < source->count; i++) {
        const struct tuicont_field *field = &source->fields[i];
        if (field->length == length && !memcmp(field->key, key, (size_t)length)) return field;
    }
    return NULL;
}

/* "max" leaves the row as it is: no limit is the same as no number. */
static void take_single(const struct tuicont_source *source, const char *text, int64_t *row) {
    uint64_t value;
    if (*text < '0' || *text > '9') return;
    take_number(text, &value);
    if (value < UNLIMITED) add(&row[source->fields[0].slot], value, source->fields[0].scale);
}

static void take_keyed(const struct tuicont_source *source, const char *text, int64_t *row) {
    int left = source->count;
    while (*text && left) {
        const char *space = strchr(text, ' ');
        if (!space) return;
        const struct tuicont_field *field = field_of(source, text, space - text);
        uint64_t value;
        text = take_number(space + 1, &value);
        if (field) {
            left--;
            if (value < UNLIMITED) add(&row[field->slot], value, field->scale);
        }
        while (*text && *text != '\n') text++;
        if (*text) text++;
    }
}

/* v1 `8:0 Read 4096` and v2 `8:0 rbytes=4096 wbytes=…`, summed over the devices: a word that is a key, one
 * separator, a number. The sum is 0 when no device has been used yet. */
static void take_devices(const struct tuicont_source *source, const char *text, int64_t *row) {
    for (int i = 0; i < source->count; i++) add(&row[source->fields[i].slot], 0, 1);
    while (*text) {
        const char *end = text;
        while (*end && *end != ' ' && *end != '=' && *end != '\n') end++;
        const struct tuicont_field *field = *end && *end != '\n' ? field_of(source, text, end - text) : NULL;
        text = *end ? end + 1 : end;
        if (field) {
            uint64_t value;
            text = take_number(text, &value);
            add(&row[field->slot], value, field->scale);
        }
    }
}

/* `some avg10=0.12 avg60=… avg300=… total=345`: hundredths of a percent and microseconds, some then full. */
static void take_pressure(const struct tuicont_source *source, const char *text, int64_t *row) {
    for (int line = 0; line < 2 && *text; line++) {
        int64_t *slot = &row[source->fields[0].slot + (*text == 'f' ? 2 : 0)];
        const char *average = strstr(text, "avg10="), *total = strstr(text, "total=");
        if (!average || !total) return;
        uint64_t whole, hundredths = 0, micro;
        average = take_number(average + 6, &whole);
        if (*average == '.') take_number(average + 1, &hundredths);
        text = take_number(total + 6, &micro);
        add(&slot[0], whole * 100 + hundredths, 1);
        add(&slot[1], micro, 1);
        if (*text) text++;
    }
}

static void take(const struct tuicont_source *source, const char *text, int64_t *row) {
    switch (source->form) {
    case FORM_NUMBER: take_single(source, text, row); break;
    case FORM_KEYED: take_keyed(source, text, row); break;
    case FORM_DEVICES: take_devices(source, text, row); break;
    case FORM_PRESSURE: take_pressure(source, text, row); break;
    }
}

/* A file of a removed group reads as ENODEV; any other failing file (PSI that is switched off) is left out. */
static void sample_group(struct tuicont_group *group) {
    char text[16384];
    struct timespec now;
    for (int i = 1; i < group->slots; i++) group->row[i] = UNKNOWN;
    group->status = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    group->row[0] = now.tv_sec * 1000000000LL + now.tv_nsec;
    for (int i = 0; i < group->count; i++) {
        ssize_t size = pread(group->sources[i].fd, text, sizeof text - 1, 0);
        if (size < 0 && errno == ENODEV) {
            group->status = -ENODEV;
            return;
        }
        if (size < 0) continue;
        text[size] = 0;
        take(&group->sources[i], text, group->row);
    }
    for (int i = 1; i < group->slots; i++)
        if (group->row[i] < 0) group->row[i] = group->row[i] == UNKNOWN ? -1 : 0;
}

static void tuicont_sample(struct tuicont_group **groups, int count) {
    for (int i = 0; i < count; i++) sample_group(groups[i]);
}
