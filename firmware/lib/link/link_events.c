#include "link_device.h"

#define EVENT_HEADER_BYTES 2u

void link_events_init(link_events_t *e) {
    e->tail = 0;
    e->cursor = 0;
    e->head = 0;
    e->used = 0;
    e->last = 0;
    e->tail_no = 0;
    e->cursor_no = 0;
    e->next_no = 0;
    e->last_sample = 0;
    e->last_open = false;
}

/* Position n bytes further on in the ring; at < LINK_EVENT_BYTES, n <= LINK_EVENT_BYTES. */
static uint16_t ahead(uint16_t at, size_t n) {
    size_t to = at + n;
    return (uint16_t)(to >= LINK_EVENT_BYTES ? to - LINK_EVENT_BYTES : to);
}

static size_t event_bytes(const link_events_t *e, uint16_t at) {
    return EVENT_HEADER_BYTES + e->bytes[at];
}

static void append(link_events_t *e, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        e->bytes[e->head] = bytes[i];
        e->head = ahead(e->head, 1);
    }
    e->used = (uint16_t)(e->used + n);
}

int link_events_confirm(link_events_t *e, uint16_t expected) {
    uint16_t confirmed = (uint16_t)(expected - e->tail_no);
    uint16_t kept = (uint16_t)(e->next_no - e->tail_no);
    if (confirmed > kept) {
        return 0;
    }
    while (e->tail_no != expected) {
        size_t n = event_bytes(e, e->tail);
        if (e->cursor_no == e->tail_no) { /* confirmed from an earlier sending: no need to send it again */
            e->cursor = ahead(e->tail, n);
            e->cursor_no++;
        }
        e->tail = ahead(e->tail, n);
        e->tail_no++;
        e->used = (uint16_t)(e->used - n);
    }
    return 1;
}

void link_events_rewind(link_events_t *e) {
    e->cursor = e->tail;
    e->cursor_no = e->tail_no;
    e->last_open = false;
}

size_t link_events_next(link_events_t *e, uint8_t *payload, uint8_t *type) {
    if (e->cursor_no == e->next_no) {
        return 0;
    }
    size_t n = e->bytes[e->cursor];
    *type = e->bytes[ahead(e->cursor, 1)];
    for (size_t i = 0; i < n; i++) {
        payload[i] = e->bytes[ahead(e->cursor, EVENT_HEADER_BYTES + i)];
    }
    e->cursor = ahead(e->cursor, EVENT_HEADER_BYTES + n);
    e->cursor_no++;
    if (e->cursor_no == e->next_no) {
        e->last_open = false; /* on the wire: must not change any more */
    }
    return n;
}

int link_events_put(link_events_t *e, uint8_t type, const uint8_t *payload, size_t n) {
    uint8_t header[EVENT_HEADER_BYTES] = {(uint8_t)n, type};
    if (n == 0 || n > LINK_PAYLOAD_MAX || EVENT_HEADER_BYTES + n > LINK_EVENT_BYTES - e->used) {
        return 0;
    }
    e->last = e->head;
    e->last_open = type == LINK_MSG_TRACE;
    append(e, header, EVENT_HEADER_BYTES);
    append(e, payload, n);
    e->next_no++;
    return 1;
}

int link_events_extend(link_events_t *e, uint32_t sample, const uint8_t *bytes, size_t n) {
    if (!e->last_open || e->last_sample != sample || n > LINK_EVENT_BYTES - (size_t)e->used ||
        e->bytes[e->last] + n > LINK_PAYLOAD_MAX) {
        return 0;
    }
    append(e, bytes, n);
    e->bytes[e->last] = (uint8_t)(e->bytes[e->last] + n);
    return 1;
}
