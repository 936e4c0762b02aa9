#include "link_cobs.h"

size_t link_cobs_encode(const uint8_t *src, size_t n, uint8_t *dst) {
    size_t code_at = 0; /* where the code byte of the open group will go */
    size_t out = 1;
    uint8_t code = 1;
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = src[i];
        if (code == 0xFF) { /* full group: the next byte opens another */
            dst[code_at] = code;
            code_at = out++;
            code = 1;
        }
        if (byte == 0) {
            dst[code_at] = code;
            code_at = out++;
            code = 1;
        } else {
            dst[out++] = byte;
            code++;
        }
    }
    dst[code_at] = code;
    return out;
}

int32_t link_cobs_decode(const uint8_t *src, size_t n, uint8_t *dst) {
    size_t in = 0;
    size_t out = 0;
    if (n == 0) {
        return -1;
    }
    while (in < n) {
        uint8_t code = src[in++];
        if (code == 0 || (size_t)(code - 1u) > n - in) {
            return -1;
        }
        for (uint8_t k = 1; k < code; k++) {
            if (src[in] == 0) {
                return -1;
            }
            dst[out++] = src[in++];
        }
        if (code != 0xFF && in < n) { /* the zero that ended this group */
            dst[out++] = 0;
        }
    }
    return (int32_t)out;
}
