/* The two clocks. */
#include "shim.h"

#include <time.h>

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

uint64_t monotonic_ns(void) { return nanoseconds(CLOCK_MONOTONIC); }
uint64_t realtime_ns(void) { return nanoseconds(CLOCK_REALTIME); }
