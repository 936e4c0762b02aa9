#include "link_msg.h"

void link_put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)(value >> 8);
}

void link_put_u32(uint8_t *at, uint32_t value) {
    link_put_u16(at, (uint16_t)(value & 0xFFFFu));
    link_put_u16(at + 2, (uint16_t)(value >> 16));
}

uint16_t link_get_u16(const uint8_t *at) {
    return (uint16_t)(at[0] | ((uint32_t)at[1] << 8));
}

uint32_t link_get_u32(const uint8_t *at) {
    return link_get_u16(at) | ((uint32_t)link_get_u16(at + 2) << 16);
}

int16_t link_get_i16(const uint8_t *at) {
    int32_t value = link_get_u16(at);
    return (int16_t)(value >= 0x8000 ? value - 0x10000 : value);
}

static int8_t get_i8(const uint8_t *at) {
    int32_t value = at[0];
    return (int8_t)(value >= 0x80 ? value - 0x100 : value);
}

size_t link_put_hello(uint8_t *at, const link_hello_t *m) {
    at[0] = m->protocol;
    at[1] = m->features;
    link_put_u16(at + 2, m->fs_hz);
    link_put_u32(at + 4, m->spec_hash);
    link_put_u32(at + 8, m->model_hash);
    link_put_u16(at + 12, m->block_samples);
    link_put_u16(at + 14, m->window_samples);
    for (size_t i = 0; i < LINK_ENGINE_CHARS; i++) {
        at[16 + i] = (uint8_t)m->engine[i];
    }
    return LINK_HELLO_BYTES;
}

int link_get_hello(const uint8_t *at, size_t n, link_hello_t *m) {
    if (n != LINK_HELLO_BYTES) {
        return 0;
    }
    m->protocol = at[0];
    m->features = at[1];
    m->fs_hz = link_get_u16(at + 2);
    m->spec_hash = link_get_u32(at + 4);
    m->model_hash = link_get_u32(at + 8);
    m->block_samples = link_get_u16(at + 12);
    m->window_samples = link_get_u16(at + 14);
    for (size_t i = 0; i < LINK_ENGINE_CHARS; i++) {
        m->engine[i] = (char)(at[16 + i] & 0x7Fu);
    }
    return 1;
}

size_t link_put_beat(uint8_t *at, uint16_t event, const ecg_beat_t *beat) {
    link_put_u16(at, event);
    link_put_u32(at + 2, beat->r_sample);
    link_put_u16(at + 6, beat->rr_prev_samples);
    link_put_u16(at + 8, beat->rr_next_samples);
    for (size_t i = 0; i < ECG_CLASS_COUNT; i++) {
        at[10 + i] = (uint8_t)beat->logits[i];
    }
    at[14] = beat->aami_class;
    at[15] = beat->confidence_q8;
    at[16] = beat->flags;
    at[17] = beat->sqi;
    return LINK_BEAT_BYTES;
}

int link_get_beat(const uint8_t *at, size_t n, uint16_t *event, ecg_beat_t *beat) {
    if (n != LINK_BEAT_BYTES) {
        return 0;
    }
    *event = link_get_u16(at);
    beat->r_sample = link_get_u32(at + 2);
    beat->rr_prev_samples = link_get_u16(at + 6);
    beat->rr_next_samples = link_get_u16(at + 8);
    for (size_t i = 0; i < ECG_CLASS_COUNT; i++) {
        beat->logits[i] = get_i8(at + 10 + i);
    }
    beat->aami_class = at[14];
    beat->confidence_q8 = at[15];
    beat->flags = at[16];
    beat->sqi = at[17];
    return 1;
}

size_t link_put_condition(uint8_t *at, uint16_t event, uint32_t sample, uint8_t conditions) {
    link_put_u16(at, event);
    link_put_u32(at + 2, sample);
    at[6] = conditions;
    return LINK_CONDITION_BYTES;
}

int link_get_condition(const uint8_t *at, size_t n, uint16_t *event, uint32_t *sample, uint8_t *conditions) {
    if (n != LINK_CONDITION_BYTES) {
        return 0;
    }
    *event = link_get_u16(at);
    *sample = link_get_u32(at + 2);
    *conditions = at[6];
    return 1;
}

size_t link_put_status(uint8_t *at, const link_status_t *m) {
    link_put_u32(at, m->received);
    link_put_u32(at + 4, m->processed);
    link_put_u32(at + 8, m->accept_until);
    link_put_u16(at + 12, m->events_next);
    link_put_u16(at + 14, m->events_sent);
    at[16] = m->flags;
    at[17] = m->poll;
    link_put_u16(at + 18, m->bad_frames);
    link_put_u16(at + 20, m->lost_frames);
    link_put_u16(at + 22, m->repeated_blocks);
    link_put_u16(at + 24, m->refused_blocks);
    return LINK_STATUS_BYTES;
}

int link_get_status(const uint8_t *at, size_t n, link_status_t *m) {
    if (n != LINK_STATUS_BYTES) {
        return 0;
    }
    m->received = link_get_u32(at);
    m->processed = link_get_u32(at + 4);
    m->accept_until = link_get_u32(at + 8);
    m->events_next = link_get_u16(at + 12);
    m->events_sent = link_get_u16(at + 14);
    m->flags = at[16];
    m->poll = at[17];
    m->bad_frames = link_get_u16(at + 18);
    m->lost_frames = link_get_u16(at + 20);
    m->repeated_blocks = link_get_u16(at + 22);
    m->refused_blocks = link_get_u16(at + 24);
    return 1;
}

size_t link_put_error(uint8_t *at, const link_error_t *m) {
    at[0] = m->code;
    link_put_u32(at + 1, m->detail);
    return LINK_ERROR_BYTES;
}

int link_get_error(const uint8_t *at, size_t n, link_error_t *m) {
    if (n != LINK_ERROR_BYTES) {
        return 0;
    }
    m->code = at[0];
    m->detail = link_get_u32(at + 1);
    return 1;
}

size_t link_put_config(uint8_t *at, const link_config_t *m) {
    at[0] = m->op;
    at[1] = m->flags;
    link_put_u32(at + 2, m->value);
    return LINK_CONFIG_BYTES;
}

int link_get_config(const uint8_t *at, size_t n, link_config_t *m) {
    if (n != LINK_CONFIG_BYTES) {
        return 0;
    }
    m->op = at[0];
    m->flags = at[1];
    m->value = link_get_u32(at + 2);
    return 1;
}

size_t link_put_ack(uint8_t *at, const link_ack_t *m) {
    link_put_u16(at, m->events_expected);
    at[2] = m->flags;
    at[3] = m->poll;
    return LINK_ACK_BYTES;
}

int link_get_ack(const uint8_t *at, size_t n, link_ack_t *m) {
    if (n != LINK_ACK_BYTES) {
        return 0;
    }
    m->events_expected = link_get_u16(at);
    m->flags = at[2];
    m->poll = at[3];
    return 1;
}

size_t link_put_live(uint8_t *at, const link_live_t *m) {
    link_put_u32(at, m->taken);
    link_put_u32(at + 4, m->lost);
    link_put_u16(at + 8, m->events_first);
    link_put_u16(at + 10, m->events_lost);
    link_put_u16(at + 12, m->late_max_us);
    link_put_u16(at + 14, m->ring_max);
    at[16] = m->flags;
    at[17] = m->ring_size;
    at[18] = m->sqi;
    at[19] = m->conditions;
    return LINK_LIVE_BYTES;
}

int link_get_live(const uint8_t *at, size_t n, link_live_t *m) {
    if (n != LINK_LIVE_BYTES) {
        return 0;
    }
    m->taken = link_get_u32(at);
    m->lost = link_get_u32(at + 4);
    m->events_first = link_get_u16(at + 8);
    m->events_lost = link_get_u16(at + 10);
    m->late_max_us = link_get_u16(at + 12);
    m->ring_max = link_get_u16(at + 14);
    m->flags = at[16];
    m->ring_size = at[17];
    m->sqi = at[18];
    m->conditions = at[19];
    return 1;
}
