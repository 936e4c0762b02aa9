/* Runs one of the generated networks: runner INDEX < arenas > results. The arena comes in whole, with the
 * inputs in it; the outputs and then the layers go out. The arena's memory is exactly as large as promised,
 * so that the address sanitizer sees every step beyond it. */
#include <stdio.h>
#include <stdlib.h>

#include "hooks.h"
#include "table.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        return 2;
    }
    const test_network_t *net = &test_networks[atoi(argv[1])];
    int8_t *arena = malloc(net->arena_bytes);
    int8_t *outputs = malloc(net->output_bytes);
    if (arena == NULL || outputs == NULL) {
        return 3;
    }
    while (fread(arena, 1, net->arena_bytes, stdin) == net->arena_bytes) {
        test_layers_count = 0;
        net->invoke(arena, outputs);
        fwrite(outputs, 1, net->output_bytes, stdout);
        fwrite(test_layers, 1, test_layers_count, stdout);
    }
    free(arena);
    free(outputs);
    return 0;
}
