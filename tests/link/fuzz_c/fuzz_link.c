/* Feeds the device's side of the link with random bytes, and with good frames whose bytes were changed, and
 * takes out whatever it answers. Built with the sanitizers; also checks what must hold in every state.
 *   fuzz_link SEED ROUNDS */
#include <stdio.h>
#include <stdlib.h>

#include "link_device.h"

static uint32_t state;

static uint32_t next_random(uint32_t below) { /* xorshift32 */
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % below;
}

static void check(int holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "fuzz_link: %s\n", what);
        exit(1);
    }
}

static size_t random_frame(link_device_t *d, link_tx_t *tx) {
    static uint8_t seq;
    uint8_t *payload = &tx->bytes[LINK_TX_PAYLOAD];
    uint8_t type = (uint8_t)(LINK_MSG_CONFIG + next_random(3));
    uint8_t session = next_random(8) == 0 ? (uint8_t)next_random(256) : d->session;
    size_t n = LINK_SAMPLES_BYTES + 2 * next_random(121);
    for (size_t i = 0; i < LINK_PAYLOAD_MAX; i++) {
        payload[i] = (uint8_t)next_random(256);
    }
    if (type == LINK_MSG_CONFIG) {
        n = LINK_CONFIG_BYTES;
        payload[0] = (uint8_t)next_random(8);
        link_put_u32(payload + 2, next_random(4) == 0 ? next_random(UINT32_MAX) : d->received);
    } else if (type == LINK_MSG_ACK) {
        n = LINK_ACK_BYTES;
        link_put_u16(payload, (uint16_t)(d->events.tail_no + next_random(4)));
    } else {
        link_put_u32(payload, d->received + next_random(5) - 2u);
        link_put_u16(payload + 4, (uint16_t)(d->events.tail_no + next_random(3)));
    }
    return link_frame_close(tx, type, session, seq++, n);
}

static void feed(link_device_t *d) {
    uint8_t bytes[600];
    link_tx_t tx;
    size_t n = 1 + next_random(600);
    if (next_random(4) == 0) {
        for (size_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)(next_random(6) == 0 ? 0 : next_random(256));
        }
        link_device_receive(d, bytes, n);
        return;
    }
    n = random_frame(d, &tx);
    if (next_random(5) == 0) {
        tx.bytes[next_random((uint32_t)n)] ^= (uint8_t)(1u << next_random(8));
    }
    link_device_receive(d, tx.bytes, next_random(9) == 0 ? next_random((uint32_t)n) : n);
}

static void drain(link_device_t *d) {
    static ecg_beat_t beat;
    int32_t values[LINK_TRACE_ITEM_VALUES];
    const uint8_t *wire;
    uint32_t first;
    bool trace;
    int16_t x;
    int16_t high;
    size_t n;
    (void)link_device_take_start(d, &first, &trace);
    (void)link_device_take_rails(d, &x, &high);
    for (uint32_t k = next_random(200); k > 0 && link_device_has_room(d) && link_device_take_sample(d, &x);
         k--) {
        if (next_random(20) == 0) {
            beat.r_sample = d->processed;
            check(link_device_put_beat(d, &beat) == 1, "a beat found no room that was promised");
            check(link_device_put_condition(d, d->processed, 1) == 1,
                  "conditions found no room that was promised");
        }
        if (next_random(8) == 0) {
            uint8_t count = (uint8_t)(1 + next_random(LINK_TRACE_ITEM_VALUES));
            for (uint8_t i = 0; i < count; i++) {
                values[i] = (int32_t)(next_random(UINT32_MAX) >> next_random(31));
            }
            (void)link_device_put_trace(d, d->processed, 1, 0, values, count);
        }
    }
    if (link_device_flush_wanted(d)) {
        link_device_flushed(d);
    }
    for (uint32_t k = next_random(10); k > 0 && (n = link_device_output(d, &wire)) > 0; k--) {
        check(n <= LINK_TX_BYTES && wire[n - 1] == 0, "a frame does not end with its delimiter");
    }
}

int main(int argc, char **argv) {
    static link_device_t device;
    static const link_identity_t identity = {.window_samples = 240, .features = LINK_FEATURE_TRACE};
    if (argc != 3) {
        return 2;
    }
    state = (uint32_t)strtoul(argv[1], NULL, 10) * 2654435761u + 1u;
    uint32_t good = 0;
    link_device_init(&device, &identity);
    for (unsigned long round = strtoul(argv[2], NULL, 10); round > 0; round--) {
        uint32_t received = device.received;
        feed(&device);
        good += device.received != received;
        check(device.received - device.processed <= identity.window_samples, "more samples than credits");
        check(device.events.used <= LINK_EVENT_BYTES, "more events than room");
        drain(&device);
    }
    (void)printf("%u\n", (unsigned)good);
    return good > 0 ? 0 : 1;
}
