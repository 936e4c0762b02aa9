/* Where hooks.c stores the layers; set test_layers_count to 0 before an inference. */
#ifndef TEST_HOOKS_H
#define TEST_HOOKS_H

#include <stdint.h>

#define TEST_LAYERS_BYTES 65536u
extern int8_t test_layers[TEST_LAYERS_BYTES];
extern uint32_t test_layers_count;

#endif
