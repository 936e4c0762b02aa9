/* port.h - what the main loop needs from a board: a byte stream to the host, somewhere to wait, and for live
 * mode an ADC and an LED. Each folder of firmware/ports implements these functions once (boards without an
 * ADC take live mode's from src/port_no_adc.c). No clock: time is counted in samples. */
#ifndef PORT_H
#define PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adc_ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets up the byte stream. argc and argv come from main (0 and NULL on a board).
 * Returns 0, or the exit status + 1 for a program that should end here (only on a host). */
int port_init(int argc, char **argv);

/* Bytes that the port can hold back for the main loop while it works on a beat, so that none is lost without
 * flow control: at least 66, constant after port_init. The host is granted credits for no more than that. */
size_t port_rx_bytes(void);

/* Moves up to max received bytes to dst and returns how many, 0 if none is there. Never waits. */
size_t port_read(uint8_t *dst, size_t max);

/* Sends n bytes; waits until the port has taken them all. Bytes for a host that is gone are dropped. */
void port_write(const uint8_t *src, size_t n);

/* Called when there is nothing to do: may sleep until a byte comes, or return at once. */
void port_idle(void);

/* False when the main loop should end (only on a host: the client is gone, or the process was told to end).
 */
bool port_alive(void);

/* True if live mode is possible; constant after port_init. */
bool port_has_adc(void);

/* From now on takes a sample every 1/fs_hz s and puts it, or that an electrode is off, into the ring: from a
 * timer where there is one, else in port_adc_poll. Returns false, and does nothing, without an ADC. */
bool port_adc_start(adc_ring_t *ring, uint16_t fs_hz);

/* No sample is put into the ring after this returns. */
void port_adc_stop(void);

/* Called in every turn of the main loop: takes the samples that are due where no timer does. */
void port_adc_poll(void);

/* Lights the LED, or puts it out. */
void port_led(bool on);

#ifdef __cplusplus
}
#endif

#endif
