/* link_crc.h - CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, no reflection, no final xor.
 * Check value: "123456789" gives 0x29B1. Python's binascii.crc_hqx(data, 0xFFFF) is the same. */
#ifndef LINK_CRC_H
#define LINK_CRC_H

#include <stddef.h>
#include <stdint.h>

#define LINK_CRC_START 0xFFFFu

/* Continues a CRC over n bytes; pass LINK_CRC_START first. data may be NULL when n is 0. */
uint16_t link_crc16(uint16_t crc, const uint8_t *data, size_t n);

#endif
