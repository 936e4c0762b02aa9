/* replay_main.c - a fuzz target without a fuzzer: runs the inputs in the files named, and with --change N
 * SEED each of them N times more with bytes changed, put in, taken out. For any compiler with sanitizers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t state;

static uint32_t draw(uint32_t below) { /* xorshift32 */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

/* Runs a copy of its very size, so that the address sanitizer sees a read behind its end. */
static void run(const uint8_t *data, size_t n) {
    uint8_t *copy = malloc(n > 0 ? n : 1);
    if (copy == NULL) {
        exit(2);
    }
    memcpy(copy, data, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static size_t change(uint8_t *data, size_t n) {
    uint32_t at = draw((uint32_t)n + 1u);
    uint32_t kind = draw(4);
    if (kind == 0 && n < INPUT_BYTES) {
        memmove(data + at + 1, data + at, n - at);
        data[at] = (uint8_t)draw(256);
        return n + 1;
    }
    if (at == n) {
        return n;
    }
    if (kind == 1) {
        memmove(data + at, data + at + 1, n - at - 1);
        return n - 1;
    }
    data[at] = (uint8_t)(kind == 2 ? draw(256) : data[at] ^ (1u << draw(8)));
    return n;
}

int main(int argc, char **argv) {
    static uint8_t data[INPUT_BYTES], changed[INPUT_BYTES];
    unsigned long changes = 0, runs = 0;
    int first = 1;
    if (argc > 3 && strcmp(argv[1], "--change") == 0) {
        changes = strtoul(argv[2], NULL, 10);
        state = (uint32_t)strtoul(argv[3], NULL, 10) * 2654435761u + 1u;
        first = 4;
    }
    for (int i = first; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            (void)fprintf(stderr, "%s: cannot be read\n", argv[i]);
            return 2;
        }
        size_t n = fread(data, 1, sizeof data, file);
        (void)fclose(file);
        run(data, n);
        runs++;
        for (unsigned long k = 0; k < changes; k++, runs++) {
            size_t m = n;
            memcpy(changed, data, n);
            for (uint32_t times = 1u + draw(4); times > 0; times--) {
                m = change(changed, m);
            }
            run(changed, m);
        }
    }
    (void)printf("%lu\n", runs);
    return runs > 0 ? 0 : 2;
}
