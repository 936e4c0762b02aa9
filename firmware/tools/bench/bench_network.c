/* bench_network.c - measuring image of one network: inputs come in, one after the other as they lie in the
 * arena, outputs go out. bench_network.h is written for the network by host_tools/costs. */
#include "bench_network.h"
#include "bench_io.h"
#include "board.h"

_Alignas(8) static int8_t arena[BENCH_ARENA_BYTES];
static int8_t outputs[BENCH_OUTPUT_BYTES];

/* Where the inputs lie in the arena. */
static const struct {
    uint32_t offset;
    uint32_t bytes;
} inputs[] = BENCH_INPUTS;

static int read_inputs(void) {
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        if (bench_read(arena + inputs[i].offset, inputs[i].bytes) != inputs[i].bytes) {
            return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    bench_open();
    while (read_inputs()) {
        insncount_enter_network();
        BENCH_INVOKE(arena, outputs);
        insncount_leave();
        bench_write(outputs, sizeof outputs);
    }
    return 0;
}
