#include "link_device.h"

/* Least room for events that the ring must have before a sample is pushed: a beat and a change of the
 * conditions with their headers. */
#define PUSH_ROOM_BYTES (LINK_BEAT_BYTES + LINK_CONDITION_BYTES + 4u)

static void end_session(link_device_t *d) {
    link_events_init(&d->events);
    d->first = 0;
    d->received = 0;
    d->processed = 0;
    d->status_processed = 0;
    d->flush_at = 0;
    d->error.code = 0;
    d->error.detail = 0;
    d->repeated_blocks = 0;
    d->refused_blocks = 0;
    d->session = 0;
    d->poll = 0;
    d->status_flags = 0;
    d->status_due = false;
    d->error_due = false;
    d->nak_sent = false;
    d->rails_due = false;
    d->flush_wanted = false;
    d->live = false;
    d->live_due = false;
}

void link_device_init(link_device_t *d, const link_identity_t *identity) {
    d->identity = identity;
    link_parser_init(&d->parser);
    end_session(d);
    d->tx_seq = 0;
    d->hello_due = true;
    d->start_due = false;
}

void link_device_error(link_device_t *d, uint8_t code, uint32_t detail) {
    d->error.code = code;
    d->error.detail = detail;
    d->error_due = true;
}

/* Names the sample that is waited for, once until it comes: the host goes back to it. */
static void ask_again(link_device_t *d, uint8_t code) {
    if (!d->nak_sent) {
        d->nak_sent = true;
        link_device_error(d, code, d->received);
    }
}

static void take_start(link_device_t *d, const link_config_t *m, uint8_t session) {
    bool trace = (m->flags & LINK_START_TRACE) != 0;
    if (session == 0) {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, m->op);
        return;
    }
    if (trace && (d->identity->features & LINK_FEATURE_TRACE) == 0) {
        link_device_error(d, LINK_ERROR_UNSUPPORTED, m->op);
        return;
    }
    if (session != d->session) { /* else a repeated command, or its answer was lost */
        end_session(d);
        d->session = session;
        d->first = m->value;
        d->received = m->value;
        d->processed = m->value;
        d->status_processed = m->value;
        d->status_flags = trace ? LINK_STATUS_TRACE : 0u;
        d->start_due = true;
    }
    d->status_due = true;
}

static void take_live(link_device_t *d, const link_config_t *m, uint8_t session) {
    if (session == 0) {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, m->op);
        return;
    }
    if ((d->identity->features & LINK_FEATURE_LIVE) == 0) {
        link_device_error(d, LINK_ERROR_UNSUPPORTED, m->op);
        return;
    }
    if (session != d->session) {
        end_session(d);
        d->session = session;
        d->start_due = true;
        link_live_begin(d, m);
    }
    d->status_due = true;
}

static void take_rails(link_device_t *d, const link_config_t *m, uint8_t session) {
    uint8_t bytes[4];
    if (session != d->session || session == 0) {
        link_device_error(d, LINK_ERROR_NO_SESSION, d->session);
    } else if (d->live || d->received != d->first) {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, m->op);
    } else {
        link_put_u32(bytes, m->value);
        d->rail_low = link_get_i16(bytes);
        d->rail_high = link_get_i16(bytes + 2);
        d->rails_due = true;
        d->status_flags |= (uint8_t)LINK_STATUS_RAILS;
        d->status_due = true;
    }
}

static void take_flush(link_device_t *d, const link_config_t *m, uint8_t session) {
    if (session != d->session || session == 0) {
        link_device_error(d, LINK_ERROR_NO_SESSION, d->session);
    } else if ((d->status_flags & LINK_STATUS_FLUSHED) != 0 && (d->live || m->value == d->flush_at)) {
        d->status_due = true;
        d->live_due = d->live;
    } else if (!d->live && m->value != d->received) {
        ask_again(d, LINK_ERROR_GAP);
    } else {
        d->flush_at = m->value;
        d->flush_wanted = true;
        d->status_due = true;
    }
}

static void take_config(link_device_t *d, const link_frame_t *f) {
    link_config_t m;
    if (!link_get_config(f->payload, f->payload_bytes, &m)) {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, 256u + f->type);
    } else if (m.op == LINK_OP_HELLO) {
        d->hello_due = true;
    } else if (m.op == LINK_OP_START) {
        take_start(d, &m, f->session);
    } else if (m.op == LINK_OP_LIVE) {
        take_live(d, &m, f->session);
    } else if (m.op == LINK_OP_RAILS) {
        take_rails(d, &m, f->session);
    } else if (m.op == LINK_OP_FLUSH) {
        take_flush(d, &m, f->session);
    } else if (m.op == LINK_OP_RESET) {
        end_session(d);
        d->start_due = false;
        d->hello_due = true;
    } else {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, m.op);
    }
}

static void confirm_events(link_device_t *d, uint16_t expected) {
    (void)link_events_confirm(&d->events, expected); /* an old number confirms nothing */
}

static void take_samples(link_device_t *d, const link_frame_t *f) {
    uint32_t bytes = f->payload_bytes;
    if (bytes <= LINK_SAMPLES_BYTES || (bytes - LINK_SAMPLES_BYTES) % 2u != 0 ||
        (bytes - LINK_SAMPLES_BYTES) / 2u > LINK_BLOCK_SAMPLES) {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, 256u + f->type);
        return;
    }
    if (f->session != d->session || d->session == 0 || d->live || d->flush_wanted ||
        (d->status_flags & LINK_STATUS_FLUSHED) != 0) {
        link_device_error(d, LINK_ERROR_NO_SESSION, d->session);
        return;
    }
    uint32_t count = (bytes - LINK_SAMPLES_BYTES) / 2u;
    confirm_events(d, link_get_u16(f->payload + 4));
    /* How many samples of the block are known already; differences of numbers are modulo 2^32, and one above
     * 2^31 means that the block starts behind the sample waited for. */
    uint32_t known = d->received - link_get_u32(f->payload);
    if (known >= 0x80000000u) {
        d->refused_blocks++;
        ask_again(d, LINK_ERROR_GAP);
    } else if (known >= count) {
        d->repeated_blocks++;
    } else if (d->received - d->processed + (count - known) > d->identity->window_samples) {
        d->refused_blocks++;
        link_device_error(d, LINK_ERROR_OVERRUN, d->processed + d->identity->window_samples);
    } else {
        const uint8_t *at = f->payload + LINK_SAMPLES_BYTES + 2u * known;
        for (uint32_t i = known; i < count; i++, at += 2) {
            d->queue[d->received % LINK_QUEUE_SAMPLES] = link_get_i16(at);
            d->received++;
        }
        d->nak_sent = false;
    }
}

static void take_ack(link_device_t *d, const link_frame_t *f) {
    link_ack_t m;
    if (!link_get_ack(f->payload, f->payload_bytes, &m)) {
        link_device_error(d, LINK_ERROR_BAD_CONFIG, 256u + f->type);
        return;
    }
    if (f->session == d->session) {
        confirm_events(d, m.events_expected);
        if ((m.flags & LINK_ACK_RESEND) != 0) {
            link_events_rewind(&d->events);
        }
    }
    if ((m.flags & LINK_ACK_POLL) != 0) { /* answered in any session: this is how a host notices a reset */
        d->poll = m.poll;
        d->nak_sent = false;
        d->status_due = true;
    }
}

void link_device_receive(link_device_t *d, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        link_frame_t f;
        int got = link_parser_push(&d->parser, bytes[i], &f);
        if (got < 0 && d->session != 0) {
            ask_again(d, LINK_ERROR_BAD_FRAME);
        }
        if (got <= 0) {
            continue;
        }
        if (f.type == LINK_MSG_SAMPLES) {
            take_samples(d, &f);
        } else if (f.type == LINK_MSG_ACK) {
            take_ack(d, &f);
        } else if (f.type == LINK_MSG_CONFIG) {
            take_config(d, &f);
        } else {
            link_device_error(d, LINK_ERROR_BAD_CONFIG, 256u + f.type);
        }
    }
}

static size_t put_hello(const link_device_t *d, uint8_t *payload) {
    const link_identity_t *id = d->identity;
    link_hello_t m = {.protocol = LINK_PROTOCOL_VERSION,
                      .features = id->features,
                      .fs_hz = id->fs_hz,
                      .spec_hash = id->spec_hash,
                      .model_hash = id->model_hash,
                      .block_samples = (uint16_t)LINK_BLOCK_SAMPLES,
                      .window_samples = id->window_samples};
    for (size_t i = 0; i < LINK_ENGINE_CHARS; i++) {
        m.engine[i] = id->engine[i];
    }
    if (m.block_samples > m.window_samples) {
        m.block_samples = m.window_samples;
    }
    return link_put_hello(payload, &m);
}

static size_t put_status(link_device_t *d, uint8_t *payload) {
    link_status_t m = {.received = d->received,
                       .processed = d->processed,
                       .accept_until = d->processed + d->identity->window_samples,
                       .events_next = d->events.next_no,
                       .events_sent = d->events.cursor_no,
                       .flags = d->status_flags,
                       .poll = d->poll,
                       .bad_frames = d->parser.bad_frames,
                       .lost_frames = d->parser.lost_frames,
                       .repeated_blocks = d->repeated_blocks,
                       .refused_blocks = d->refused_blocks};
    d->status_processed = d->processed;
    return link_put_status(payload, &m);
}

/* A status is due on its own when the host may need credits: half of the window, or all that there was, is
 * done. */
static bool credits_due(const link_device_t *d) {
    uint32_t done = d->processed - d->status_processed;
    return done > 0 && !d->live && (done >= d->identity->window_samples / 2u || d->received == d->processed);
}

size_t link_device_output(link_device_t *d, const uint8_t **wire) {
    uint8_t *payload = &d->tx.bytes[LINK_TX_PAYLOAD];
    uint8_t type = 0;
    size_t n;
    if (d->hello_due) {
        d->hello_due = false;
        type = LINK_MSG_HELLO;
        n = put_hello(d, payload);
    } else if (d->error_due) {
        d->error_due = false;
        type = LINK_MSG_ERROR;
        n = link_put_error(payload, &d->error);
    } else if (d->status_due || (d->session != 0 && credits_due(d))) {
        d->status_due = false;
        type = LINK_MSG_STATUS;
        n = put_status(d, payload);
    } else {
        n = link_events_next(&d->events, payload, &type);
        if (n == 0 && d->live) {
            n = link_live_output(d, payload, &type);
        }
        if (n == 0) {
            return 0;
        }
    }
    n = link_frame_close(&d->tx, type, d->session, d->tx_seq++, n);
    /* Only a hello needs the delimiter in front: it may come after a boot message. */
    size_t skip = type == LINK_MSG_HELLO ? 0u : 1u;
    *wire = &d->tx.bytes[skip];
    return n - skip;
}

int link_device_take_start(link_device_t *d, uint32_t *first_sample, bool *trace) {
    if (!d->start_due) {
        return 0;
    }
    d->start_due = false;
    *first_sample = d->processed;
    *trace = (d->status_flags & LINK_STATUS_TRACE) != 0;
    return 1;
}

int link_device_take_rails(link_device_t *d, int16_t *low, int16_t *high) {
    if (!d->rails_due || d->start_due) {
        return 0;
    }
    d->rails_due = false;
    *low = d->rail_low;
    *high = d->rail_high;
    return 1;
}

bool link_device_start_pending(const link_device_t *d) {
    return d->start_due || d->session == 0;
}

bool link_device_has_room(const link_device_t *d) {
    return LINK_EVENT_BYTES - d->events.used >= PUSH_ROOM_BYTES;
}

int link_device_take_sample(link_device_t *d, int16_t *x) {
    if (d->start_due || d->received == d->processed) {
        return 0;
    }
    *x = d->queue[d->processed % LINK_QUEUE_SAMPLES];
    d->processed++;
    bool off = *x == INT16_MIN;
    if (off != ((d->status_flags & LINK_STATUS_LEAD_OFF) != 0)) {
        d->status_flags ^= (uint8_t)LINK_STATUS_LEAD_OFF;
        d->status_due = true;
    }
    return 1;
}

int link_device_put_beat(link_device_t *d, const ecg_beat_t *beat) {
    uint8_t payload[LINK_BEAT_BYTES];
    size_t n = link_put_beat(payload, d->events.next_no, beat);
    return link_events_put(&d->events, LINK_MSG_BEAT, payload, n);
}

int link_device_put_condition(link_device_t *d, uint32_t sample, uint8_t conditions) {
    uint8_t payload[LINK_CONDITION_BYTES];
    size_t n = link_put_condition(payload, d->events.next_no, sample, conditions);
    return link_events_put(&d->events, LINK_MSG_CONDITION, payload, n);
}

static uint8_t least_width(const int32_t *values, uint8_t count) {
    uint8_t width = 1;
    for (uint8_t i = 0; i < count; i++) {
        if (values[i] < INT16_MIN || values[i] > INT16_MAX) {
            return 4;
        }
        if (values[i] < INT8_MIN || values[i] > INT8_MAX) {
            width = 2;
        }
    }
    return width;
}

int link_device_put_trace(link_device_t *d, uint32_t sample, uint8_t stage, uint16_t offset,
                          const int32_t *values, uint8_t count) {
    uint8_t payload[LINK_PAYLOAD_MAX];
    uint8_t *item = payload + LINK_TRACE_BYTES;
    size_t n = LINK_TRACE_ITEM_BYTES;
    if (count == 0 || count > LINK_TRACE_ITEM_VALUES) {
        return 0;
    }
    item[0] = stage;
    item[1] = least_width(values, count);
    item[2] = count;
    link_put_u16(item + 3, offset);
    for (uint8_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)values[i];
        for (uint8_t k = 0; k < item[1]; k++) {
            item[n++] = (uint8_t)(bits & 0xFFu);
            bits >>= 8;
        }
    }
    if (link_events_extend(&d->events, sample, item, n)) {
        return 1;
    }
    link_put_u16(payload, d->events.next_no);
    link_put_u32(payload + 2, sample);
    d->events.last_sample = sample;
    return link_events_put(&d->events, LINK_MSG_TRACE, payload, LINK_TRACE_BYTES + n);
}

bool link_device_flush_wanted(const link_device_t *d) {
    return d->flush_wanted && !d->start_due && d->received == d->processed;
}

void link_device_flushed(link_device_t *d) {
    d->flush_wanted = false;
    d->status_flags |= (uint8_t)LINK_STATUS_FLUSHED;
    d->status_due = true;
    d->live_due = d->live;
}
