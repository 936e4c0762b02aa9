/* adc_ring.h - the samples between the timer that takes them and the main loop that works them off.
 *
 * One producer (a timer interrupt, a timer task, or the main loop itself) and one consumer (the main loop).
 * Memory order: the producer writes an entry and then publishes it by storing `head` with release; the
 * consumer loads `head` with acquire and then reads the entry. The other way round `tail` frees an entry:
 * stored with release after the entry was read, loaded with acquire before it is overwritten. Each index is
 * written by one side only, so nothing is ever locked and no interrupt is held back.
 *
 * Time never slips: a sample that finds the ring full is lost, but counted, and the next one that finds room
 * brings an entry that says how many are missing before it. The consumer hands these on as "no sample". */
#ifndef ADC_RING_H
#define ADC_RING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct adc_ring adc_ring_t;

/* An entry: an ADC count, or one of these. */
#define ADC_COUNT_MAX 0x7FFFu      /* largest count: converters have at most 15 bits */
#define ADC_ENTRY_LEAD_OFF 0x8000u /* a sample was due while an electrode was off */
#define ADC_ENTRY_GAP 0x8000u      /* this plus n, n = 1..ADC_GAP_MAX: n samples are missing here */
#define ADC_GAP_MAX 0x4000u        /* a power of two: no division in an interrupt */

/* ---- producer; the only functions that a timer interrupt may call */

/* A sample was taken: `counts`, or that an electrode is off. A reading out of the converter's range, as a
 * differential input gives it below 0 (two's complement), counts as that end of the range. */
void adc_ring_put(adc_ring_t *ring, uint16_t counts);
void adc_ring_put_lead_off(adc_ring_t *ring);
/* This many samples were due and could not be taken in time (a sampler without an interrupt). */
void adc_ring_skip(adc_ring_t *ring, uint32_t samples);
/* A sample was taken so many microseconds after its time. */
void adc_ring_late(adc_ring_t *ring, uint32_t late_us);

#ifdef __cplusplus
}
#else

#include <stdatomic.h>
#include <stdbool.h>

#include "board_profile.h"

/* Entries: 0.36 s at 360 Hz, far more than the longest turn of the main loop (a beat through the network, a
 * frame through the UART). A board without an ADC keeps none. Divides 2^32: the indices wrap. */
#if BOARD_HAS_ADC
#define ADC_RING_ENTRIES 128u
#else
#define ADC_RING_ENTRIES 1u
#endif

struct adc_ring {
    _Atomic uint32_t head;        /* entries written so far, modulo 2^32; producer */
    _Atomic uint32_t tail;        /* entries read so far; consumer */
    _Atomic uint32_t late_max_us; /* largest lateness since init; producer */
    uint32_t pending_gap;         /* samples lost since the newest entry; producer only */
    uint16_t entries[ADC_RING_ENTRIES];
};

/* While no producer runs. */
void adc_ring_init(adc_ring_t *ring);

/* ---- consumer */

/* True: *entry is the next one. False: none is there. */
bool adc_ring_get(adc_ring_t *ring, uint16_t *entry);
/* Entries that wait, 0..ADC_RING_ENTRIES. */
uint32_t adc_ring_waiting(const adc_ring_t *ring);
/* Largest lateness since init, us, at most 65535. */
uint16_t adc_ring_late_max_us(const adc_ring_t *ring);

#endif
#endif
