/* fuzz_device.c - the firmware's main loop, link and signal chain with trace, behind a port that the fuzzer
 * feeds. Input: operations: raw bytes, frames with a good CRC around any payload, commands and samples near
 * what the device waits for, damaged and repeated frames. Oracles: the sanitizers; every frame that the
 * device sends is well formed; an event that is sent again is the same, and event numbers have no gaps;
 * credits and buffers are kept to; the main loop comes to rest. */
#include <string.h>

#include "app.h"
#include "ecg_params.h"
#include "fuzz_check.h"
#include "link_crc.h"
#include "pipeline_invariants.h"
#include "port.h"
#include "script.h"

#define WIRE_BYTES 1024u
/* One input feeds no more samples than this, and the loop turns no oftener: it always ends. */
#define SAMPLES_MAX 8192u
#define STEPS_MAX 200000u
/* Events whose content is remembered: more than are ever unconfirmed. */
#define EVENTS_KEPT 1024u

static app_t app;
static script_t script;
static uint8_t wire[WIRE_BYTES]; /* bytes under way to the device */
static size_t wire_at, wire_fill;
static uint8_t repeated[LINK_TX_BYTES]; /* the last frame made */
static size_t repeated_bytes;
static uint8_t seq;
static size_t rx_bytes;
static uint32_t fed;                    /* samples given so far */
static link_parser_t host;              /* reads what the device sends */
static uint16_t event_crc[EVENTS_KEPT]; /* of the event with this number modulo EVENTS_KEPT */
static uint32_t events_seen;            /* numbers below were seen in this session */
static bool adc_there;
static adc_ring_t *adc_ring; /* where the ADC's samples go while it runs, else NULL */

static void put_wire(const uint8_t *bytes, size_t n) {
    size_t room = WIRE_BYTES - wire_fill;
    n = n < room ? n : room;
    memcpy(wire + wire_fill, bytes, n);
    wire_fill += n;
}

static void put_frame(uint8_t type, uint8_t session, const uint8_t *payload, size_t n) {
    link_tx_t tx;
    memcpy(&tx.bytes[LINK_TX_PAYLOAD], payload, n);
    repeated_bytes = link_frame_close(&tx, type, session, seq++, n);
    memcpy(repeated, tx.bytes, repeated_bytes);
    put_wire(repeated, repeated_bytes);
}

static void put_raw(void) {
    uint8_t count = script_u8(&script);
    for (uint32_t i = 0; i < count && script.left > 0; i++) {
        uint8_t byte = script_u8(&script);
        put_wire(&byte, 1);
    }
}

static void put_any_frame(uint8_t session) {
    uint8_t payload[LINK_PAYLOAD_MAX] = {0};
    uint8_t type = script_u8(&script);
    size_t n = script_u8(&script) % (LINK_PAYLOAD_MAX + 1u);
    for (size_t i = 0; i < n; i++) {
        payload[i] = script_u8(&script);
    }
    put_frame(type, session, payload, n);
}

static void put_command(uint8_t session, uint8_t op) {
    uint8_t payload[LINK_CONFIG_BYTES] = {0};
    uint8_t flags = script_u8(&script);
    link_config_t m = {.op = op, .flags = flags & 1u, .value = app.link.received};
    if (op == LINK_OP_START || op == LINK_OP_LIVE || op == LINK_OP_RAILS || (flags & 2u) != 0) {
        m.value = script_u32(&script);
    }
    put_frame(LINK_MSG_CONFIG, session, payload, link_put_config(payload, &m));
}

static void put_block(uint8_t session, int32_t offset) {
    uint8_t payload[LINK_PAYLOAD_MAX] = {0};
    int16_t x[LINK_BLOCK_SAMPLES];
    size_t room = SAMPLES_MAX - fed < LINK_BLOCK_SAMPLES ? SAMPLES_MAX - fed : LINK_BLOCK_SAMPLES;
    size_t n = script_samples(&script, x, room);
    fed += (uint32_t)n;
    link_put_u32(payload, app.link.received + (uint32_t)offset);
    link_put_u16(payload + 4, (uint16_t)(app.link.events.cursor_no));
    for (size_t i = 0; i < n; i++) {
        link_put_u16(payload + LINK_SAMPLES_BYTES + 2u * i, (uint16_t)((uint32_t)x[i] & 0xFFFFu));
    }
    put_frame(LINK_MSG_SAMPLES, session, payload, LINK_SAMPLES_BYTES + 2u * n);
}

static void put_ack(uint8_t session) {
    uint8_t payload[LINK_ACK_BYTES] = {0};
    uint8_t choice = script_u8(&script);
    link_ack_t m = {.flags = choice & 3u, .poll = script_u8(&script)};
    m.events_expected =
        (uint16_t)((choice & 4u) != 0 ? app.link.events.cursor_no : app.link.events.tail_no + choice / 64u);
    put_frame(LINK_MSG_ACK, session, payload, link_put_ack(payload, &m));
}

static void put_damaged(void) {
    uint8_t at = script_u8(&script);
    uint8_t change = script_u8(&script);
    if (repeated_bytes > 0) {
        repeated[at % repeated_bytes] ^= change;
        put_wire(repeated, repeated_bytes);
    }
}

/* The ADC's timer fires: often before the main loop comes to it again, so that the ring overflows. */
static void put_adc(void) {
    int16_t x[2u * ADC_RING_ENTRIES];
    size_t room = SAMPLES_MAX - fed < sizeof x / sizeof x[0] ? SAMPLES_MAX - fed : sizeof x / sizeof x[0];
    size_t n = script_samples(&script, x, room);
    fed += (uint32_t)n;
    for (size_t i = 0; i < n && adc_ring != NULL; i++) {
        int32_t counts =
            x[i] + (1 << 13); /* out of the converter's range, too: a port may hand on anything */
        if (x[i] == INT16_MIN) {
            adc_ring_put_lead_off(adc_ring);
        } else {
            adc_ring_put(adc_ring, (uint16_t)counts);
        }
    }
}

static void put_adc_trouble(void) {
    uint32_t skipped = script_u8(&script);
    uint32_t late_us = script_u32(&script);
    skipped = skipped < SAMPLES_MAX - fed ? skipped : SAMPLES_MAX - fed;
    fed += skipped;
    if (adc_ring != NULL) {
        adc_ring_skip(adc_ring, skipped);
        adc_ring_late(adc_ring, late_us);
    }
}

/* Makes the bytes, or the samples of the ADC, of one operation. */
static void next_operation(void) {
    uint8_t op = script_u8(&script);
    uint8_t session = (op & 0x80u) != 0 ? (uint8_t)(op >> 4) : app.link.session;
    wire_at = wire_fill = 0;
    switch (op % 16u) {
    case 0:
        put_raw();
        break;
    case 1:
        put_any_frame(session);
        break;
    case 2:
        put_command((uint8_t)(1u + op / 64u), LINK_OP_START);
        break;
    case 3:
        put_block(session, (int32_t)script_u8(&script) - 128);
        break;
    case 4:
        put_ack(session);
        break;
    case 5:
        put_command(session, script_u8(&script));
        break;
    case 6:
        put_damaged();
        break;
    case 7:
        put_command(session, LINK_OP_FLUSH);
        break;
    case 8:
        put_command((uint8_t)(1u + op / 64u), LINK_OP_LIVE);
        break;
    case 9:
        put_adc_trouble();
        break;
    case 10:
    case 11:
        put_adc();
        break;
    default:
        put_block(session, 0);
        break;
    }
}

/* Forgets the events of a session that has ended; called before each byte, so never too late. */
static void watch_sessions(void) {
    if (app.link.start_due || app.link.session == 0) {
        events_seen = 0;
    }
}

/* The rails that a session's first sample met are those of all its samples. */
static void check_rails(void) {
    static int16_t low;
    static int16_t high;
    static uint8_t session;
    const ecg_input_t *input = &app.pipeline.input;
    if (app.link.session != session || app.link.start_due || app.link.processed == app.link.first) {
        session = app.link.session;
        low = high = 0;
    } else if (low == high) {
        low = input->rail_low;
        high = input->rail_high;
    } else {
        fuzz_check(low == input->rail_low && high == input->rail_high, "rails stay within a session");
    }
}

/* An event's number is one seen before, or the next. */
static void check_event(const link_frame_t *f) {
    uint32_t number = events_seen + (uint16_t)(link_get_u16(f->payload) - (uint16_t)events_seen);
    if (number - events_seen >= 0x8000u) {
        number -= 0x10000u;
    }
    uint16_t crc = link_crc16(LINK_CRC_START, f->payload, f->payload_bytes);
    fuzz_check(number <= events_seen || app.link.live, "no event is left out");
    if (number >= events_seen) {
        event_crc[number % EVENTS_KEPT] = crc;
        events_seen = number + 1u;
    }
    fuzz_check(event_crc[number % EVENTS_KEPT] == crc, "an event sent again is the same");
}

static void check_frame(const link_frame_t *f) {
    link_hello_t hello;
    link_status_t status;
    link_error_t error;
    link_live_t live;
    uint32_t sample;
    uint16_t event;
    uint8_t conditions;
    switch (f->type) {
    case LINK_MSG_HELLO:
        fuzz_check(link_get_hello(f->payload, f->payload_bytes, &hello) == 1, "hello");
        break;
    case LINK_MSG_STATUS:
        fuzz_check(link_get_status(f->payload, f->payload_bytes, &status) == 1, "status");
        fuzz_check(status.received - status.processed <= app.identity.window_samples, "credits kept to");
        break;
    case LINK_MSG_ERROR:
        fuzz_check(link_get_error(f->payload, f->payload_bytes, &error) == 1, "error");
        fuzz_check(error.code != LINK_ERROR_PIPELINE, "the chain has no error");
        break;
    case LINK_MSG_CONDITION:
        fuzz_check(link_get_condition(f->payload, f->payload_bytes, &event, &sample, &conditions) == 1,
                   "conditions");
        fuzz_check((conditions & ~ECG_CONDITION_ALL) == 0, "conditions that have a name");
        fuzz_check(sample - app.link.first < app.link.processed - app.link.first,
                   "conditions of a sample pushed");
        check_event(f);
        break;
    case LINK_MSG_LIVE:
        fuzz_check(app.link.live && link_get_live(f->payload, f->payload_bytes, &live) == 1, "live");
        fuzz_check(live.lost <= live.taken && live.ring_max <= ADC_RING_ENTRIES, "counters of live mode");
        break;
    case LINK_MSG_SAMPLES:
        fuzz_check(app.link.live && f->payload_bytes > LINK_SAMPLES_BYTES && f->payload_bytes % 2u == 0,
                   "samples for display");
        break;
    default:
        fuzz_check(f->type == LINK_MSG_BEAT || f->type == LINK_MSG_TRACE, "type of a frame");
        check_event(f);
        break;
    }
}

size_t port_rx_bytes(void) {
    return rx_bytes;
}

/* One byte at a time, so that a new session is noticed before its first event. */
size_t port_read(uint8_t *dst, size_t max) {
    watch_sessions();
    if (wire_at == wire_fill || max == 0) {
        return 0;
    }
    *dst = wire[wire_at++];
    return 1;
}

void port_write(const uint8_t *src, size_t n) {
    link_frame_t f = {0};
    int frames = 0;
    for (size_t i = 0; i < n; i++) {
        int got = link_parser_push(&host, src[i], &f);
        fuzz_check(got >= 0 && (got == 0 || i + 1 == n), "one good frame per call");
        frames += got;
    }
    fuzz_check(frames == 1, "one frame per call");
    check_frame(&f);
}

void port_idle(void) {
    if (wire_at == wire_fill && script.left > 0) {
        next_operation();
    }
}

bool port_alive(void) {
    return wire_at < wire_fill || script.left > 0;
}

bool port_has_adc(void) {
    return adc_there;
}

bool port_adc_start(adc_ring_t *ring, uint16_t fs_hz) {
    fuzz_check(adc_there && fs_hz == ECG_FS_HZ, "an ADC that is there is started");
    adc_ring = ring;
    return true;
}

void port_adc_stop(void) {
    adc_ring = NULL;
}

void port_adc_poll(void) {
}

void port_led(bool on) {
    (void)on;
}

int port_init(int argc, char **argv) {
    (void)argc;
    (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint32_t steps = 0;
    script.at = data;
    script.left = size;
    wire_at = wire_fill = repeated_bytes = 0;
    seq = 0;
    fed = events_seen = 0;
    adc_ring = NULL;
    uint8_t port = script_u8(&script);
    adc_there = (port & 0x80u) != 0;
    rx_bytes = 66u + 16u * (port & 0x7Fu);
    link_parser_init(&host);
    app_init(&app);
    while (port_alive()) {
        app_step(&app);
        check_pipeline(&app.pipeline);
        check_rails();
        fuzz_check(app.link.received - app.link.processed <= app.identity.window_samples, "credits");
        fuzz_check(app.link.events.used <= LINK_EVENT_BYTES, "room for events");
        fuzz_check(++steps < STEPS_MAX, "the main loop comes to rest");
    }
    return 0;
}
