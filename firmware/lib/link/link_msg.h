/* link_msg.h - the messages inside the frames: every byte, its unit and who writes it.
 * All numbers are little-endian. host_tools/link/messages.py is the same text in Python.
 *
 * Two reliable streams run over frames that may be lost, damaged or repeated:
 *   samples  host -> device, named by sample number (32 bit, wraps). The device takes a block only where the
 * one before ended; else it answers with an error that names the sample it waits for, and the host goes back
 * to there. The host never sends a sample at or behind status.accept_until: these are its credits. events
 * device -> host: beats, conditions and trace, numbered together (16 bit, wraps). The device keeps each event
 * until the host has confirmed it (samples.events_expected, ack.events_expected), and sends again from there
 * when asked to (LINK_ACK_RESEND). The device has no clock: whatever must happen after a silence, the host
 * asks for (LINK_ACK_POLL). */
#ifndef LINK_MSG_H
#define LINK_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "ecg_types.h"

#define LINK_PROTOCOL_VERSION 3u

/* Types (byte 0 of a body). */
#define LINK_MSG_HELLO 1u   /* device: who it is; at boot, and when asked to */
#define LINK_MSG_BEAT 2u    /* device: event */
#define LINK_MSG_TRACE 3u   /* device: event, intermediate values of the signal chain */
#define LINK_MSG_STATUS 4u  /* device: counters and credits */
#define LINK_MSG_ERROR 5u   /* device: something is wrong or missing */
#define LINK_MSG_CONFIG 6u  /* host: commands */
#define LINK_MSG_SAMPLES 7u /* host: samples to analyse (in live mode device: samples taken, for display) */
#define LINK_MSG_ACK 8u     /* host: confirms events, asks for a status */
#define LINK_MSG_LIVE 9u    /* device: state of the acquisition, in live mode */
#define LINK_MSG_CONDITION 10u /* device: event, what holds from a sample on, beat or no beat */

/* LINK_MSG_HELLO, 24 bytes. */
#define LINK_HELLO_BYTES 24u
#define LINK_ENGINE_CHARS 8u
#define LINK_FEATURE_TRACE 1u /* built with the trace hook */
#define LINK_FEATURE_LIVE 2u  /* has an ADC */
typedef struct {
    uint8_t protocol;               /*  0  LINK_PROTOCOL_VERSION */
    uint8_t features;               /*  1  LINK_FEATURE_* */
    uint16_t fs_hz;                 /*  2  sampling rate of the spec, Hz */
    uint32_t spec_hash;             /*  4  first 32 bits of the spec's SHA-256 */
    uint32_t model_hash;            /*  8  first 32 bits of the .tflite's SHA-256 */
    uint16_t block_samples;         /* 12  most samples in one block */
    uint16_t window_samples;        /* 14  most samples under way or waiting: accept_until - processed */
    char engine[LINK_ENGINE_CHARS]; /* 16  network engine, ASCII, filled up with 0 */
} link_hello_t;

/* LINK_MSG_BEAT, 18 bytes: event number, then ecg_beat_t field for field. */
#define LINK_BEAT_BYTES 18u
/*   0  event            u16
 *   2  r_sample         u32  samples, still with the filter delay
 *   6  rr_prev_samples  u16
 *   8  rr_next_samples  u16
 *  10  logits           i8[4]
 *  14  aami_class       u8
 *  15  confidence_q8    u8
 *  16  flags            u8   ECG_FLAG_*
 *  17  sqi              u8   signal-quality index, 0..100  */

/* LINK_MSG_CONDITION, 7 bytes. At the start of a session none holds. */
#define LINK_CONDITION_BYTES 7u
/*   0  event       u16
 *   2  sample      u32  number of the sample from whose pushing on they hold
 *   6  conditions  u8   ECG_CONDITION_*, all that hold  */

/* LINK_MSG_TRACE: 6 bytes, then items one behind the other up to the end of the payload. */
#define LINK_TRACE_BYTES 6u
/*   0  event   u16
 *   2  sample  u32  number of the sample that was being pushed */
#define LINK_TRACE_ITEM_BYTES 5u
/*   0  stage   u8   whose value, numbered by the signal chain
 *   1  width   u8   bytes per value: 1, 2 or 4, the least that holds all of them, two's complement
 *   2  count   u8   values in this item, 1..LINK_TRACE_ITEM_VALUES
 *   3  offset  u16  index of the first of them in the stage's array (long arrays take several items)
 *   5  values  count * width bytes */
#define LINK_TRACE_ITEM_VALUES 59u

/* LINK_MSG_STATUS, 26 bytes. Sent when half of the window has been worked off, when the queue has run empty,
 * when a flag changes, and as the answer to a poll. */
#define LINK_STATUS_BYTES 26u
#define LINK_STATUS_FLUSHED 1u  /* the end of the record was handled: no further event will come */
#define LINK_STATUS_LEAD_OFF 2u /* the last sample worked off was INT16_MIN */
#define LINK_STATUS_TRACE 4u    /* trace is on */
#define LINK_STATUS_LIVE 8u     /* samples come from the ADC: there are no credits */
#define LINK_STATUS_RAILS 16u   /* the host has told the rails of its samples */
typedef struct {
    uint32_t received;        /*  0  number of the next sample expected from the host */
    uint32_t processed;       /*  4  number of the next sample to be worked off */
    uint32_t accept_until;    /*  8  the host may send samples below this number */
    uint16_t events_next;     /* 12  number that the next event will get */
    uint16_t events_sent;     /* 14  number of the next event to be sent: all before are on the wire */
    uint8_t flags;            /* 16  LINK_STATUS_* */
    uint8_t poll;             /* 17  number of the last poll received */
    uint16_t bad_frames;      /* 18  received damaged, modulo 2^16 */
    uint16_t lost_frames;     /* 20  missing by seq, modulo 2^16 */
    uint16_t repeated_blocks; /* 22  sample blocks with nothing new, modulo 2^16 */
    uint16_t refused_blocks;  /* 24  sample blocks out of order or beyond the credits, modulo 2^16 */
} link_status_t;

/* LINK_MSG_ERROR, 5 bytes. */
#define LINK_ERROR_BYTES 5u
#define LINK_ERROR_GAP 1u       /* a block came too early; detail = sample waited for */
#define LINK_ERROR_BAD_FRAME 2u /* a damaged frame came; detail = sample waited for */
#define LINK_ERROR_OVERRUN 3u   /* the host sent beyond its credits; detail = accept_until */
#define LINK_ERROR_NO_SESSION                                                                                \
    4u /* samples for another session than the running one, or after its end; detail = it */
#define LINK_ERROR_BAD_CONFIG 5u  /* command or message not understood; detail = its op, or 256 + its type */
#define LINK_ERROR_UNSUPPORTED 6u /* this build cannot do that; detail = the op */
#define LINK_ERROR_PIPELINE                                                                                  \
    7u /* the signal chain returned an error; detail = its negative code, two's complement */
typedef struct {
    uint8_t code;    /* 0  LINK_ERROR_* */
    uint32_t detail; /* 1  see there */
} link_error_t;

/* LINK_MSG_CONFIG, 6 bytes. Every command may be repeated without harm. */
#define LINK_CONFIG_BYTES 6u
#define LINK_OP_HELLO 1u /* answer with hello */
#define LINK_OP_START                                                                                        \
    2u /* reset the chain; the frame's session begins; value = number of its first sample;                   \
          flags bit 0 = trace on. Answer: status. Ignored (but answered) in the same session. */
#define LINK_OP_FLUSH                                                                                        \
    3u /* end of the record; value = number behind the last sample. Answer: the last events, then            \
          a status with LINK_STATUS_FLUSHED; or LINK_ERROR_GAP */
#define LINK_OP_RESET 4u /* end the session without a flush. Answer: hello */
#define LINK_OP_LIVE                                                                                         \
    5u /* reset the chain and acquire from the ADC; the frame's session begins, its first sample is 0;       \
          value = step of the samples sent for display: 0 none, 1 all, n every n-th. LINK_OP_FLUSH (its      \
          value is ignored) ends it. Answer: status, live; or LINK_ERROR_UNSUPPORTED: no ADC */
#define LINK_OP_RAILS                                                                                        \
    6u /* where the converter of the replayed samples ends, see ecg_pipeline_set_rails: value = low rail,    \
          i16, in its lower half, high rail in its upper half. After the start, before the first sample.     \
          Answer: status with LINK_STATUS_RAILS; later, or in live mode, where the board's own rails hold,   \
          LINK_ERROR_BAD_CONFIG */
#define LINK_START_TRACE 1u
typedef struct {
    uint8_t op;     /* 0  LINK_OP_* */
    uint8_t flags;  /* 1  LINK_START_* */
    uint32_t value; /* 2  see there */
} link_config_t;

/* LINK_MSG_SAMPLES: 6 bytes, then 1..LINK_BLOCK_SAMPLES samples. */
#define LINK_SAMPLES_BYTES 6u
/*   0  first            u32    number of the first sample of the block
 *   4  events_expected  u16    as in ack
 *   6  samples          i16[]  in the spec's unit around the baseline; INT16_MIN = no sample, lead off */
#define LINK_BLOCK_SAMPLES 120u

/* The same from the device in live mode, for display; not sent again when lost, which `first` shows.
 *   0  first   u32    number of the first sample of the block
 *   4  step    u16    numbers go up by this from one sample to the next
 *   6  samples i16[]  as above */

/* LINK_MSG_LIVE, 20 bytes: once per second of samples, when a flag changes, and after the end. */
#define LINK_LIVE_BYTES 20u
#define LINK_LIVE_LEAD_OFF 1u  /* the newest sample was none: an electrode is off, or samples were lost */
#define LINK_LIVE_NO_SIGNAL 2u /* the lead is off: missing, flat or saturated, see ecg_quality.h */
typedef struct {
    uint32_t taken;        /*  0  number of the next sample, lost ones counted: time since the start */
    uint32_t lost;         /*  4  of these, samples lost to an overrun; the chain saw "no sample" for each */
    uint16_t events_first; /*  8  oldest event that is still kept; older ones cannot be sent again */
    uint16_t events_lost;  /* 10  events dropped unconfirmed to make room for newer ones, modulo 2^16 */
    uint16_t late_max_us;  /* 12  largest lateness of a sample since the start, microseconds */
    uint16_t ring_max;     /* 14  most samples that waited for the chain since the start */
    uint8_t flags;         /* 16  LINK_LIVE_* */
    uint8_t ring_size;     /* 17  samples that can wait before one is lost */
    uint8_t sqi;           /* 18  signal-quality index, 0..100: the last beat's, 0 while the lead is off */
    uint8_t conditions;    /* 19  ECG_CONDITION_* that hold, also where their event was dropped */
} link_live_t;

/* LINK_MSG_ACK, 4 bytes. */
#define LINK_ACK_BYTES 4u
#define LINK_ACK_RESEND 1u /* events are missing: send again from events_expected on */
#define LINK_ACK_POLL 2u   /* answer with a status that carries poll */
typedef struct {
    uint16_t events_expected; /* 0  number of the first event that the host does not have yet */
    uint8_t flags;            /* 2  LINK_ACK_* */
    uint8_t poll;             /* 3  number of this poll, chosen by the host */
} link_ack_t;

/* Little-endian fields. The caller guarantees the bytes. */
void link_put_u16(uint8_t *at, uint16_t value);
void link_put_u32(uint8_t *at, uint32_t value);
uint16_t link_get_u16(const uint8_t *at);
uint32_t link_get_u32(const uint8_t *at);
/* Two's complement, written out: C leaves the conversion of large unsigned numbers to the compiler. */
int16_t link_get_i16(const uint8_t *at);

/* Encoders write exactly LINK_..._BYTES to at and return that number. */
size_t link_put_hello(uint8_t *at, const link_hello_t *m);
size_t link_put_beat(uint8_t *at, uint16_t event, const ecg_beat_t *beat);
size_t link_put_condition(uint8_t *at, uint16_t event, uint32_t sample, uint8_t conditions);
size_t link_put_status(uint8_t *at, const link_status_t *m);
size_t link_put_error(uint8_t *at, const link_error_t *m);
size_t link_put_config(uint8_t *at, const link_config_t *m);
size_t link_put_ack(uint8_t *at, const link_ack_t *m);
size_t link_put_live(uint8_t *at, const link_live_t *m);

/* Decoders take a payload of n bytes. Return 1, or 0 if n is not the length of this message. */
int link_get_hello(const uint8_t *at, size_t n, link_hello_t *m);
int link_get_beat(const uint8_t *at, size_t n, uint16_t *event, ecg_beat_t *beat);
int link_get_condition(const uint8_t *at, size_t n, uint16_t *event, uint32_t *sample, uint8_t *conditions);
int link_get_status(const uint8_t *at, size_t n, link_status_t *m);
int link_get_error(const uint8_t *at, size_t n, link_error_t *m);
int link_get_config(const uint8_t *at, size_t n, link_config_t *m);
int link_get_ack(const uint8_t *at, size_t n, link_ack_t *m);
int link_get_live(const uint8_t *at, size_t n, link_live_t *m);

#endif
