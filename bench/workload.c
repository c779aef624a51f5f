/* The whole contents of the benchmark's image: `true` ends at once, `rest` waits for a signal. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *name = argc > 0 ? strrchr(argv[0], '/') : 0;
    name = name ? name + 1 : argv[0];
    if (strcmp(name, "rest") == 0) pause();
    return 0;
}
