/* link_cobs.h - consistent overhead byte stuffing: removes the byte 0 from a frame's body, so that 0 can
 * end a frame and a receiver finds the next one after any garbage. Same output as the Python package cobs. */
#ifndef LINK_COBS_H
#define LINK_COBS_H

#include <stddef.h>
#include <stdint.h>

/* Longest encoding of n bytes: one code byte for each started group of 254, at least one. */
#define LINK_COBS_MAX(n) ((n) + ((n) / 254u) + 1u)

/* Encodes n bytes of src into dst (room for LINK_COBS_MAX(n)), without a delimiter. Returns the length,
 * 1..LINK_COBS_MAX(n). For n <= 254, src may be dst + 1: encoding in place. src may be NULL when n is 0. */
size_t link_cobs_encode(const uint8_t *src, size_t n, uint8_t *dst);

/* Decodes n bytes (no delimiter among them) into dst (room for n; dst may equal src). Returns the length,
 * 0..n-1, or -1: n is 0, a byte is 0, or a code points behind the end. */
int32_t link_cobs_decode(const uint8_t *src, size_t n, uint8_t *dst);

#endif
