/* fuzz_frame.c - framing: the parser on raw bytes, and frames made of the fuzzer's bytes.
 * Oracles: the sanitizers; a frame that the parser accepts, closed again, gives the same frame; a closed
 * frame behind any garbage is found; COBS decodes what it encoded, without a 0 in between. */
#include <string.h>

#include "fuzz_check.h"
#include "link_cobs.h"
#include "link_frame.h"
#include "link_msg.h"
#include "script.h"

#define COBS_BYTES_MAX 2048u

/* Closes a frame and parses it; checks that it comes back as it was. */
static void check_round_trip(link_parser_t *parser, const link_frame_t *sent) {
    link_tx_t tx;
    link_frame_t got;
    memcpy(&tx.bytes[LINK_TX_PAYLOAD], sent->payload, sent->payload_bytes);
    size_t n = link_frame_close(&tx, sent->type, sent->session, sent->seq, sent->payload_bytes);
    fuzz_check(n > 0 && n <= LINK_TX_BYTES && tx.bytes[0] == 0 && tx.bytes[n - 1] == 0, "length of a frame");
    fuzz_check(memchr(tx.bytes + 1, 0, n - 2) == NULL, "no delimiter inside a frame");
    (void)link_parser_push(parser, 0, &got); /* ends what was there, be it a frame */
    for (size_t i = 1; i + 1 < n; i++) {
        fuzz_check(link_parser_push(parser, tx.bytes[i], &got) <= 0, "a frame ends with its delimiter");
    }
    fuzz_check(link_parser_push(parser, 0, &got) == 1, "a closed frame is found");
    fuzz_check(got.type == sent->type && got.session == sent->session && got.seq == sent->seq &&
                   got.payload_bytes == sent->payload_bytes &&
                   memcmp(got.payload, sent->payload, sent->payload_bytes) == 0,
               "a frame comes back as it was");
}

/* Gives a payload to every decoder; those of its length read all of it. */
static void decode_all(const link_frame_t *f) {
    union {
        link_hello_t hello;
        link_status_t status;
        link_error_t error;
        link_config_t config;
        link_ack_t ack;
        ecg_beat_t beat;
    } m;
    uint16_t event;
    (void)link_get_hello(f->payload, f->payload_bytes, &m.hello);
    (void)link_get_status(f->payload, f->payload_bytes, &m.status);
    (void)link_get_error(f->payload, f->payload_bytes, &m.error);
    (void)link_get_config(f->payload, f->payload_bytes, &m.config);
    (void)link_get_ack(f->payload, f->payload_bytes, &m.ack);
    (void)link_get_beat(f->payload, f->payload_bytes, &event, &m.beat);
}

static void parse_raw(link_parser_t *parser, const uint8_t *data, size_t size) {
    uint8_t payload[LINK_PAYLOAD_MAX];
    link_parser_t other;
    link_parser_init(&other);
    for (size_t i = 0; i < size; i++) {
        link_frame_t f;
        int got = link_parser_push(parser, data[i], &f);
        fuzz_check(parser->fill <= LINK_BODY_MAX + 2u, "fill bounded");
        fuzz_check(got == 0 || data[i] == 0, "frames end with a delimiter only");
        if (got == 1) {
            fuzz_check(f.payload_bytes <= LINK_PAYLOAD_MAX, "length of a payload");
            decode_all(&f);
            memcpy(payload, f.payload, f.payload_bytes);
            f.payload = payload;
            check_round_trip(&other, &f);
        }
    }
}

static void check_cobs(const uint8_t *data, size_t size) {
    static uint8_t encoded[LINK_COBS_MAX(COBS_BYTES_MAX)];
    size_t n = size < COBS_BYTES_MAX ? size : COBS_BYTES_MAX;
    size_t length = link_cobs_encode(data, n, encoded);
    fuzz_check(length >= 1 && length <= LINK_COBS_MAX(n), "length of COBS");
    fuzz_check(memchr(encoded, 0, length) == NULL, "no 0 in COBS");
    fuzz_check(link_cobs_decode(encoded, length, encoded) == (int32_t)n, "COBS comes back");
    fuzz_check(memcmp(encoded, data, n) == 0, "COBS comes back as it was");
    /* Decoding what is none must fail or stay inside. */
    int32_t decoded = link_cobs_decode(data, n, encoded);
    fuzz_check(decoded >= -1 && decoded < (int32_t)(n > 0 ? n : 1), "length of decoded bytes");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    link_parser_t parser;
    script_t script = {data, size};
    link_frame_t sent;
    if (size == 0) {
        return 0; /* data may be NULL then */
    }
    link_parser_init(&parser);
    parse_raw(&parser, data, size);
    sent.type = script_u8(&script);
    sent.session = script_u8(&script);
    sent.seq = script_u8(&script);
    sent.payload = script.at;
    sent.payload_bytes = (uint8_t)(script.left < LINK_PAYLOAD_MAX ? script.left : LINK_PAYLOAD_MAX);
    check_round_trip(&parser, &sent); /* behind whatever half a frame is in the parser */
    check_cobs(data, size);
    return 0;
}
