/* The link's functions behind plain bytes, for ctypes. */
#include <string.h>

#include "link_cobs.h"
#include "link_crc.h"
#include "link_device.h"
#include "link_frame.h"
#include "link_msg.h"

static link_parser_t parser;

void api_parser_reset(void);
size_t api_parse(const uint8_t *in, size_t n, uint8_t *out);
void api_counters(uint16_t *counters);
size_t api_frame(uint8_t type, uint8_t session, uint8_t seq, const uint8_t *payload, size_t n, uint8_t *out);
size_t api_again(uint8_t type, const uint8_t *payload, size_t n, uint8_t *out);
size_t api_link_bytes(void);
uint32_t api_window(uint32_t rx_bytes);

void api_parser_reset(void) {
    link_parser_init(&parser);
}

/* Each good frame becomes type, session, seq, length, payload. */
size_t api_parse(const uint8_t *in, size_t n, uint8_t *out) {
    size_t fill = 0;
    for (size_t i = 0; i < n; i++) {
        link_frame_t f;
        if (link_parser_push(&parser, in[i], &f) == 1) {
            out[fill++] = f.type;
            out[fill++] = f.session;
            out[fill++] = f.seq;
            out[fill++] = f.payload_bytes;
            memcpy(out + fill, f.payload, f.payload_bytes);
            fill += f.payload_bytes;
        }
    }
    return fill;
}

void api_counters(uint16_t *counters) {
    counters[0] = parser.bad_frames;
    counters[1] = parser.lost_frames;
    counters[2] = parser.repeated_frames;
}

size_t api_frame(uint8_t type, uint8_t session, uint8_t seq, const uint8_t *payload, size_t n, uint8_t *out) {
    link_tx_t tx;
    if (n > LINK_PAYLOAD_MAX) {
        return link_frame_close(&tx, type, session, seq, n);
    }
    memcpy(&tx.bytes[LINK_TX_PAYLOAD], payload, n);
    size_t wire = link_frame_close(&tx, type, session, seq, n);
    memcpy(out, tx.bytes + 1, wire - 1);
    return wire - 1;
}

/* Decodes a message and encodes it again: 0 if it was refused. */
size_t api_again(uint8_t type, const uint8_t *payload, size_t n, uint8_t *out) {
    link_hello_t hello;
    link_status_t status;
    link_error_t error;
    link_config_t config;
    link_ack_t ack;
    link_live_t live;
    ecg_beat_t beat;
    uint16_t event;
    uint32_t sample;
    uint8_t conditions;
    switch (type) {
    case LINK_MSG_HELLO:
        return link_get_hello(payload, n, &hello) ? link_put_hello(out, &hello) : 0;
    case LINK_MSG_STATUS:
        return link_get_status(payload, n, &status) ? link_put_status(out, &status) : 0;
    case LINK_MSG_ERROR:
        return link_get_error(payload, n, &error) ? link_put_error(out, &error) : 0;
    case LINK_MSG_CONFIG:
        return link_get_config(payload, n, &config) ? link_put_config(out, &config) : 0;
    case LINK_MSG_ACK:
        return link_get_ack(payload, n, &ack) ? link_put_ack(out, &ack) : 0;
    case LINK_MSG_LIVE:
        return link_get_live(payload, n, &live) ? link_put_live(out, &live) : 0;
    case LINK_MSG_BEAT:
        return link_get_beat(payload, n, &event, &beat) ? link_put_beat(out, event, &beat) : 0;
    case LINK_MSG_CONDITION:
        return link_get_condition(payload, n, &event, &sample, &conditions)
                   ? link_put_condition(out, event, sample, conditions)
                   : 0;
    default:
        return 0;
    }
}

size_t api_link_bytes(void) {
    return sizeof(link_device_t);
}

uint32_t api_window(uint32_t rx_bytes) {
    return LINK_WINDOW_SAMPLES(rx_bytes);
}
