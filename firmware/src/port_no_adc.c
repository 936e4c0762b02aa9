/* Live mode's part of the port where there is no ADC (emulated boards): it can't be started. */
#include "board_profile.h"
#include "port.h"

#if !BOARD_HAS_ADC

bool port_has_adc(void) {
    return false;
}

bool port_adc_start(adc_ring_t *ring, uint16_t fs_hz) {
    (void)ring;
    (void)fs_hz;
    return false;
}

void port_adc_stop(void) {
}

void port_adc_poll(void) {
}

void port_led(bool on) {
    (void)on;
}

#endif
