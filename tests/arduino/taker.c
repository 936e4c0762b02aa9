/* The main loop's side of the ring, for ctypes. */
#include "adc_scale.h"
#include "live.h"
#include "port.h"

static live_t live;

void t_start(void);
uint32_t t_take(int16_t *x, uint32_t max);
uint32_t t_lost(void);
uint32_t t_late(void);
int32_t t_scale(uint32_t counts);

void t_start(void) {
    (void)live_start(&live);
}

uint32_t t_take(int16_t *x, uint32_t max) {
    uint32_t n = 0;
    while (n < max && live_take(&live, &x[n])) {
        n++;
    }
    return n;
}

uint32_t t_lost(void) {
    return live.lost;
}

uint32_t t_late(void) {
    return adc_ring_late_max_us(&live.ring);
}

int32_t t_scale(uint32_t counts) {
    return adc_scale((uint16_t)counts);
}
