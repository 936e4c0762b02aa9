#include "link_crc.h"

/* Remainders of the 16 values of a nibble: two look-ups per byte, 32 bytes of flash. */
static const uint16_t CRC_NIBBLE[16] = {0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7,
                                        0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF};

uint16_t link_crc16(uint16_t crc, const uint8_t *data, size_t n) {
    uint32_t c = crc;
    for (size_t i = 0; i < n; i++) {
        uint32_t byte = data[i];
        c = ((c << 4) & 0xFFFFu) ^ CRC_NIBBLE[((c >> 12) ^ (byte >> 4)) & 15u];
        c = ((c << 4) & 0xFFFFu) ^ CRC_NIBBLE[((c >> 12) ^ byte) & 15u];
    }
    return (uint16_t)c;
}
