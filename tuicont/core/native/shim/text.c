/* Numbers and times as text, and text of bounded length put together piece by piece. */
#include "shim.h"

#include <string.h>

void text_add(struct text *t, const char *piece) {
    size_t length = strlen(piece);
    if (t->used + length + 1 > t->room) {
        t->cut = true;
        return;
    }
    memcpy(t->data + t->used, piece, length + 1);
    t->used += length;
}

/* With at least `digits` digits. */
void text_number(struct text *t, uint64_t number, int digits) {
    char reversed[24], forward[24];
    int count = 0;
    do
        reversed[count++] = '0' + number % 10;
    while ((number /= 10) || count < digits);
    for (int i = 0; i < count; i++) forward[i] = reversed[count - 1 - i];
    forward[count] = 0;
    text_add(t, forward);
}

/* RFC 3339 to the second, without the zone. The calendar counts years from March, so that a leap day is the
 * last of its year, and in eras of 400 years. */
void text_date(struct text *t, uint64_t second) {
    uint64_t days = second / 86400 + 719468; /* since 0000-03-01 */
    uint64_t era = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
    uint64_t clock = second % 86400;
    text_number(t, era * 400 + year + (month >= 10), 4);
    text_add(t, "-");
    text_number(t, month < 10 ? month + 3 : month - 9, 2);
    text_add(t, "-");
    text_number(t, of_year - (153 * month + 2) / 5 + 1, 2);
    text_add(t, "T");
    text_number(t, clock / 3600, 2);
    text_add(t, ":");
    text_number(t, clock / 60 % 60, 2);
    text_add(t, ":");
    text_number(t, clock % 60, 2);
}

/* The number at the start of `text`; `end` is set behind it. */
uint64_t parse_number(const char *text, const char **end) {
    uint64_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++) number = number * 10 + (*text - '0');
    *end = text;
    return number;
}
