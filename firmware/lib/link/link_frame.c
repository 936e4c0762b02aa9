#include "link_frame.h"

#include "link_cobs.h"
#include "link_crc.h"

#define FILL_TOO_LONG (LINK_BODY_MAX + 2u)

size_t link_frame_close(link_tx_t *tx, uint8_t type, uint8_t session, uint8_t seq, size_t payload_bytes) {
    uint8_t *body = &tx->bytes[2];
    size_t n = LINK_HEADER_BYTES + payload_bytes;
    if (payload_bytes > LINK_PAYLOAD_MAX) {
        return 0;
    }
    body[0] = type;
    body[1] = session;
    body[2] = seq;
    uint16_t crc = link_crc16(LINK_CRC_START, body, n);
    body[n++] = (uint8_t)(crc & 0xFFu);
    body[n++] = (uint8_t)(crc >> 8);
    tx->bytes[0] = 0;
    n = 1u + link_cobs_encode(body, n, &tx->bytes[1]);
    tx->bytes[n++] = 0;
    return n;
}

void link_parser_init(link_parser_t *p) {
    p->fill = 0;
    p->bad_frames = 0;
    p->lost_frames = 0;
    p->repeated_frames = 0;
    p->last_seq = 0;
    p->seq_known = 0;
}

/* Decodes what lies before a delimiter, in place. Returns the length of header and payload, or -1. */
static int32_t unpack_body(uint8_t *bytes, uint16_t fill) {
    if (fill > LINK_BODY_MAX + 1u) {
        return -1;
    }
    int32_t n = link_cobs_decode(bytes, fill, bytes);
    if (n < (int32_t)(LINK_HEADER_BYTES + LINK_CRC_BYTES)) {
        return -1;
    }
    n -= (int32_t)LINK_CRC_BYTES;
    uint16_t crc = link_crc16(LINK_CRC_START, bytes, (size_t)n);
    if (bytes[n] != (crc & 0xFFu) || bytes[n + 1] != (crc >> 8)) {
        return -1;
    }
    return n;
}

static void count_seq(link_parser_t *p, uint8_t seq) {
    uint8_t step = (uint8_t)(seq - p->last_seq);
    if (p->seq_known) {
        if (step == 0) {
            p->repeated_frames++;
        } else {
            p->lost_frames = (uint16_t)(p->lost_frames + step - 1u);
        }
    }
    p->last_seq = seq;
    p->seq_known = 1;
}

int link_parser_push(link_parser_t *p, uint8_t byte, link_frame_t *frame) {
    if (byte != 0) {
        if (p->fill <= LINK_BODY_MAX) {
            p->bytes[p->fill++] = byte;
        } else {
            p->fill = FILL_TOO_LONG;
        }
        return 0;
    }
    uint16_t fill = p->fill;
    p->fill = 0;
    if (fill == 0) {
        return 0;
    }
    int32_t n = unpack_body(p->bytes, fill);
    if (n < 0) {
        p->bad_frames++;
        return -1;
    }
    frame->type = p->bytes[0];
    frame->session = p->bytes[1];
    frame->seq = p->bytes[2];
    frame->payload = &p->bytes[LINK_HEADER_BYTES];
    frame->payload_bytes = (uint8_t)(n - (int32_t)LINK_HEADER_BYTES);
    count_seq(p, frame->seq);
    return 1;
}
