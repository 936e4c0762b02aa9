#include "adc_ring.h"

#include "adc_scale.h"

_Static_assert((ADC_RING_ENTRIES & (ADC_RING_ENTRIES - 1u)) == 0, "the indices wrap at 2^32");

void adc_ring_init(adc_ring_t *ring) {
    atomic_store_explicit(&ring->head, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, 0, memory_order_relaxed);
    atomic_store_explicit(&ring->late_max_us, 0, memory_order_relaxed);
    ring->pending_gap = 0;
}

/* Appends the gap that is still to be told, then the entry, and publishes both at once. */
static void put(adc_ring_t *ring, uint16_t entry) {
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed); /* own index */
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint32_t gap = ring->pending_gap;
    uint32_t needed = 1u + gap / ADC_GAP_MAX + (gap % ADC_GAP_MAX != 0);
    if (ADC_RING_ENTRIES - (head - tail) < needed) {
        ring->pending_gap = gap + 1u;
        return;
    }
    while (gap > 0) {
        uint32_t n = gap < ADC_GAP_MAX ? gap : ADC_GAP_MAX;
        ring->entries[head++ % ADC_RING_ENTRIES] = (uint16_t)(ADC_ENTRY_GAP + n);
        gap -= n;
    }
    ring->pending_gap = 0;
    ring->entries[head++ % ADC_RING_ENTRIES] = entry;
    atomic_store_explicit(&ring->head, head, memory_order_release);
}

void adc_ring_put(adc_ring_t *ring, uint16_t counts) {
    put(ring, adc_clamp(counts));
}

void adc_ring_put_lead_off(adc_ring_t *ring) {
    put(ring, (uint16_t)ADC_ENTRY_LEAD_OFF);
}

void adc_ring_skip(adc_ring_t *ring, uint32_t samples) {
    ring->pending_gap += samples;
}

void adc_ring_late(adc_ring_t *ring, uint32_t late_us) {
    if (late_us > atomic_load_explicit(&ring->late_max_us, memory_order_relaxed)) {
        atomic_store_explicit(&ring->late_max_us, late_us, memory_order_relaxed);
    }
}

bool adc_ring_get(adc_ring_t *ring, uint16_t *entry) {
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed); /* own index */
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (head == tail) {
        return false;
    }
    *entry = ring->entries[tail % ADC_RING_ENTRIES];
    atomic_store_explicit(&ring->tail, tail + 1u, memory_order_release);
    return true;
}

uint32_t adc_ring_waiting(const adc_ring_t *ring) {
    return atomic_load_explicit(&ring->head, memory_order_acquire) -
           atomic_load_explicit(&ring->tail, memory_order_relaxed);
}

uint16_t adc_ring_late_max_us(const adc_ring_t *ring) {
    uint32_t late_us = atomic_load_explicit(&ring->late_max_us, memory_order_relaxed);
    return (uint16_t)(late_us > UINT16_MAX ? UINT16_MAX : late_us);
}
