/* Live mode's share of the link. The queue, which a replay fills with the host's samples, holds those for
 * display: sample number display_step * i lies at queue[i % LINK_QUEUE_SAMPLES], i from display_sent to
 * display_put - 1. */
#include "link_device.h"

/* Samples for display are sent in blocks of this much time: few frames, and a picture that moves. */
#define DISPLAY_BLOCKS_PER_SECOND 10u

bool link_device_is_live(const link_device_t *d) {
    return d->live;
}

bool link_device_live_ending(const link_device_t *d) {
    return d->flush_wanted || (d->status_flags & LINK_STATUS_FLUSHED) != 0;
}

void link_live_begin(link_device_t *d, const link_config_t *m) {
    d->live = true;
    d->live_due = true;
    d->status_flags = LINK_STATUS_LIVE;
    d->display_step = (uint16_t)(m->value > UINT16_MAX ? UINT16_MAX : m->value);
    d->display_put = 0;
    d->display_sent = 0;
    d->live_status = (link_live_t){0};
    d->live_status.ring_size = d->identity->adc_ring_size;
}

static void put_for_display(link_device_t *d, int16_t x) {
    if (d->display_step == 0 || (d->processed % d->display_step) != 0) {
        return;
    }
    d->queue[d->display_put % LINK_QUEUE_SAMPLES] = x;
    d->display_put++;
    if (d->display_put - d->display_sent > LINK_QUEUE_SAMPLES) {
        d->display_sent++; /* the oldest makes room */
    }
}

void link_device_live_sample(link_device_t *d, int16_t x) {
    put_for_display(d, x);
    d->processed++;
    d->received = d->processed;
    if ((x == INT16_MIN) != ((d->live_status.flags & LINK_LIVE_LEAD_OFF) != 0)) {
        d->live_status.flags ^= (uint8_t)LINK_LIVE_LEAD_OFF;
        d->status_flags ^= (uint8_t)LINK_STATUS_LEAD_OFF;
        d->live_due = true;
    }
    if (d->processed % d->identity->fs_hz == 0) {
        d->live_due = true;
    }
}

void link_device_live_counters(link_device_t *d, uint32_t lost, uint16_t late_max_us, uint16_t ring_max) {
    d->live_status.lost = lost;
    d->live_status.late_max_us = late_max_us;
    d->live_status.ring_max = ring_max;
}

void link_device_live_signal(link_device_t *d, uint8_t sqi, bool lead_off, uint8_t conditions) {
    d->live_status.sqi = sqi;
    d->live_status.conditions = conditions;
    if (lead_off != ((d->live_status.flags & LINK_LIVE_NO_SIGNAL) != 0)) {
        d->live_status.flags ^= (uint8_t)LINK_LIVE_NO_SIGNAL;
        d->live_due = true;
    }
}

void link_device_live_beat(link_device_t *d, const ecg_beat_t *beat) {
    while (link_device_put_beat(d, beat) == 0) {
        (void)link_events_confirm(&d->events, (uint16_t)(d->events.tail_no + 1u));
        d->live_status.events_lost++;
    }
}

void link_device_live_condition(link_device_t *d, uint32_t sample, uint8_t conditions) {
    while (link_device_put_condition(d, sample, conditions) == 0) {
        (void)link_events_confirm(&d->events, (uint16_t)(d->events.tail_no + 1u));
        d->live_status.events_lost++;
    }
}

static size_t put_display(link_device_t *d, uint8_t *payload) {
    uint32_t waiting = d->display_put - d->display_sent;
    uint32_t count = waiting < LINK_BLOCK_SAMPLES ? waiting : LINK_BLOCK_SAMPLES;
    uint8_t *at = payload + LINK_SAMPLES_BYTES;
    link_put_u32(payload, d->display_sent * d->display_step);
    link_put_u16(payload + 4, d->display_step);
    for (uint32_t i = 0; i < count; i++, at += 2) {
        link_put_u16(at, (uint16_t)d->queue[d->display_sent % LINK_QUEUE_SAMPLES]);
        d->display_sent++;
    }
    return LINK_SAMPLES_BYTES + 2u * count;
}

/* Ends of a session included: what is left for display goes out with the flush. */
static bool display_due(const link_device_t *d) {
    uint32_t waiting = d->display_put - d->display_sent;
    uint32_t block = d->display_step == 0
                         ? 1u
                         : d->identity->fs_hz / (DISPLAY_BLOCKS_PER_SECOND * (uint32_t)d->display_step);
    bool ending = (d->status_flags & LINK_STATUS_FLUSHED) != 0;
    return waiting > 0 && (ending || waiting >= block || waiting >= LINK_BLOCK_SAMPLES);
}

size_t link_live_output(link_device_t *d, uint8_t *payload, uint8_t *type) {
    if (d->live_due) {
        d->live_due = false;
        d->live_status.taken = d->processed;
        d->live_status.events_first = d->events.tail_no;
        *type = LINK_MSG_LIVE;
        return link_put_live(payload, &d->live_status);
    }
    if (!display_due(d)) {
        return 0;
    }
    *type = LINK_MSG_SAMPLES;
    return put_display(d, payload);
}
