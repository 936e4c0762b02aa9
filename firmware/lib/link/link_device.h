/* link_device.h - the device's side of the link: everything between received bytes and samples, and between
 * beats and bytes to send. No input or output of its own, no clock, no heap; all memory is in link_device_t.
 *
 * The main loop
 *   1. gives it every received byte                        link_device_receive
 *   2. sends what it has to say, until that is nothing     link_device_output
 *   3. resets the signal chain when told to                link_device_take_start, link_device_take_rails
 *   4. pushes samples while there is room for their beats  link_device_has_room, link_device_take_sample
 *   5. hands over beats, conditions and trace              link_device_put_beat, _put_condition, _put_trace
 *   6. flushes the chain when told to                      link_device_flush_wanted, link_device_flushed
 * 1 and 2 never touch the signal chain, so a trace hook in the middle of a push may run them to make room. */
#ifndef LINK_DEVICE_H
#define LINK_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ecg_types.h"
#include "link_frame.h"
#include "link_msg.h"

/* Samples that can wait for the chain; the largest window a device can grant. */
#define LINK_QUEUE_SAMPLES 512u
/* Bytes for events not yet confirmed by the host, each with 2 bytes in front; 40 beats. */
#define LINK_EVENT_BYTES 768u
/* Window that fits a receive buffer of so many bytes while the main loop is busy: whole blocks of 264 bytes
 * on the wire (frame of 254, and 10 for acknowledgements in between), at least one sample. */
#define LINK_WINDOW_SAMPLES(rx_bytes)                                                                        \
    ((rx_bytes) / 264u * LINK_BLOCK_SAMPLES >= LINK_QUEUE_SAMPLES ? LINK_QUEUE_SAMPLES                       \
     : (rx_bytes) >= 264u                                         ? (rx_bytes) / 264u * LINK_BLOCK_SAMPLES   \
     : (rx_bytes) > 64u                                           ? ((rx_bytes) - 64u) / 2u                  \
                                                                  : 1u)

/* Who this firmware is; filled in once by the main loop, in flash. Fields as in link_hello_t. */
typedef struct {
    uint32_t spec_hash;
    uint32_t model_hash;
    uint16_t fs_hz;          /* Hz */
    uint16_t window_samples; /* 1..LINK_QUEUE_SAMPLES */
    uint8_t features;        /* LINK_FEATURE_* */
    uint8_t adc_ring_size;   /* samples that can wait in live mode, 0 without */
    char engine[LINK_ENGINE_CHARS];
} link_identity_t;

/* The events that the host has not confirmed, oldest first, in a ring of bytes:
 * each is its payload's length, its type, its payload. Owned by link_device.c. */
typedef struct {
    uint8_t bytes[LINK_EVENT_BYTES];
    uint16_t tail;        /* where the oldest event begins */
    uint16_t cursor;      /* where the next event to be sent begins */
    uint16_t head;        /* where the next event will be written */
    uint16_t used;        /* bytes from tail to head */
    uint16_t last;        /* where the newest event begins; meaningful while last_open */
    uint16_t tail_no;     /* number of the event at tail, modulo 2^16 */
    uint16_t cursor_no;   /* number of the event at cursor */
    uint16_t next_no;     /* number that the next event will get */
    uint32_t last_sample; /* sample of the newest event, a trace */
    bool last_open;       /* the newest event is a trace that may still grow */
} link_events_t;

/* Everything the link keeps. Owned by the caller, set up by link_device_init, read and written by
 * link_device.c and link_events.c only. */
typedef struct {
    const link_identity_t *identity;
    link_parser_t parser;
    link_tx_t tx;
    link_events_t events;
    int16_t queue[LINK_QUEUE_SAMPLES];
    uint32_t first;            /* number of the session's first sample */
    uint32_t received;         /* number of the next sample expected from the host */
    uint32_t processed;        /* number of the next sample to leave the queue; received - processed wait */
    uint32_t status_processed; /* `processed` in the last status */
    uint32_t flush_at;         /* number behind the last sample, while flush_wanted */
    link_error_t error;        /* to be sent, while error_due */
    uint16_t repeated_blocks;  /* as in link_status_t */
    uint16_t refused_blocks;   /* as in link_status_t */
    uint8_t session;           /* of the running replay, 0 = none */
    uint8_t tx_seq;            /* of the next frame */
    uint8_t poll;              /* number of the last poll */
    uint8_t status_flags;      /* LINK_STATUS_* */
    bool hello_due, status_due, error_due;
    bool nak_sent;                           /* the host was told about the gap at `received` */
    bool start_due, rails_due, flush_wanted; /* for the main loop */
    int16_t rail_low, rail_high;             /* adu, while rails_due */
    bool live;             /* the session acquires: the queue holds samples for display, see link_live.c */
    bool live_due;         /* a live status is to be sent */
    uint16_t display_step; /* every so many samples one for display, 0 = none */
    uint32_t display_put;  /* samples put into the queue for display so far */
    uint32_t display_sent; /* of these, sent */
    link_live_t live_status;
} link_device_t;

/* identity must outlive the link. The first output is a hello. */
void link_device_init(link_device_t *d, const link_identity_t *identity);

/* Takes n received bytes (n may be 0). Never blocks and never produces more than flags to be answered. */
void link_device_receive(link_device_t *d, const uint8_t *bytes, size_t n);

/* The next frame to send: returns its length in bytes and its place, valid until the next call of any
 * function of this header; 0 if there is nothing to say. The caller sends all of it before it asks again. */
size_t link_device_output(link_device_t *d, const uint8_t **wire);

/* 1: the host has started a session: reset the signal chain, its next sample has the number *first_sample,
 * trace it if *trace. 0: nothing happened. */
int link_device_take_start(link_device_t *d, uint32_t *first_sample, bool *trace);

/* 1: the host has told where the converter of its samples ends: *low and *high, adu. After
 * link_device_take_start, before the first sample is taken. 0: nothing happened. */
int link_device_take_rails(link_device_t *d, int16_t *low, int16_t *high);

/* True while no session runs or a start waits to be taken: what the chain still yields belongs to nobody. */
bool link_device_start_pending(const link_device_t *d);

/* True if one more beat and one more change of the conditions can be kept until they are confirmed. Ask
 * before each push and each flush. */
bool link_device_has_room(const link_device_t *d);

/* 1: *x is the next sample in order. 0: none is there. */
int link_device_take_sample(link_device_t *d, int16_t *x);

/* Queues a beat for the host. 1 = kept, 0 = no room: nothing was kept, give it again after output. */
int link_device_put_beat(link_device_t *d, const ecg_beat_t *beat);

/* The same for the conditions that hold from the pushing of this sample on. */
int link_device_put_condition(link_device_t *d, uint32_t sample, uint8_t conditions);

/* Queues `count` (1..LINK_TRACE_ITEM_VALUES) values of one stage, seen while the sample with this number was
 * pushed; `offset` is the index of the first one in the stage's array. 1 = kept, 0 = no room, as above. */
int link_device_put_trace(link_device_t *d, uint32_t sample, uint8_t stage, uint16_t offset,
                          const int32_t *values, uint8_t count);

/* True when the record has ended and every sample has left the queue: flush the chain, then say so. */
bool link_device_flush_wanted(const link_device_t *d);
void link_device_flushed(link_device_t *d);

/* Tells the host about an error; a later one replaces one that was not sent yet. */
void link_device_error(link_device_t *d, uint8_t code, uint32_t detail);

/* ---- live mode (link_live.c): the samples come from the board, not from the link */

/* True while the running session is one of live mode. Its start is told by link_device_take_start. */
bool link_device_is_live(const link_device_t *d);

/* True once the host has ended it: take no further samples, hand on those that were taken, then flush. */
bool link_device_live_ending(const link_device_t *d);

/* Instead of link_device_take_sample: the chain gets x as its next sample. Counts it, and keeps it for
 * display if the host wants it. Never fails: what finds no room for display is dropped, which the host sees.
 */
void link_device_live_sample(link_device_t *d, int16_t x);

/* The acquisition's own counters for the next live status, see link_live_t. */
void link_device_live_counters(link_device_t *d, uint32_t lost, uint16_t late_max_us, uint16_t ring_max);

/* The chain's judgement of the signal for the next live status, see ecg_pipeline_sqi, ecg_pipeline_lead_off,
 * ecg_pipeline_conditions. */
void link_device_live_signal(link_device_t *d, uint8_t sqi, bool lead_off, uint8_t conditions);

/* Instead of link_device_put_beat: where no room is left, the oldest unconfirmed event goes, counted. */
void link_device_live_beat(link_device_t *d, const ecg_beat_t *beat);
void link_device_live_condition(link_device_t *d, uint32_t sample, uint8_t conditions);

/* Used by link_device.c only. */
void link_live_begin(link_device_t *d, const link_config_t *m);
size_t link_live_output(link_device_t *d, uint8_t *payload, uint8_t *type);

/* link_events.c: the ring of unconfirmed events, used by link_device.c. */
void link_events_init(link_events_t *e);
/* Confirms every event below number `expected`. 1 = accepted (even if nothing was new), 0 = not a number in
 * use. */
int link_events_confirm(link_events_t *e, uint16_t expected);
/* The next event to send starts again at the oldest unconfirmed one. */
void link_events_rewind(link_events_t *e);
/* Copies the next event to send to `payload` (LINK_PAYLOAD_MAX bytes) and passes it. Returns its length, 0 =
 * none. */
size_t link_events_next(link_events_t *e, uint8_t *payload, uint8_t *type);
/* Appends an event. 1 = kept, 0 = no room. */
int link_events_put(link_events_t *e, uint8_t type, const uint8_t *payload, size_t n);
/* Appends bytes to the newest event, a trace of the same sample that was not sent yet. 1 = done, 0 = not
 * possible. */
int link_events_extend(link_events_t *e, uint32_t sample, const uint8_t *bytes, size_t n);

#endif
