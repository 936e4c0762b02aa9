/* script.h - reads a fuzz input as a list of operations, and draws ECG-like samples for them, so that small
 * inputs reach deep states. Host only. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes not yet read. */
typedef struct {
    const uint8_t *at;
    size_t left;
} script_t;

/* The next byte or number (little-endian); 0 where the input has ended. */
uint8_t script_u8(script_t *s);
uint16_t script_u16(script_t *s);
uint32_t script_u32(script_t *s);

/* Reads one operation and draws its samples: beats of any height, width and interval, lines, ramps, noise,
 * missing and saturated stretches, single values. Writes at most `room` to x, returns how many. */
size_t script_samples(script_t *s, int16_t *x, size_t room);

#endif
