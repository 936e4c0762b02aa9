/* sim_adc.h - the emulator's front end and ADC: the samples of a file, on the clock of this machine.
 * The file holds int16 in the byte order of this machine: adu at the spec's rate, INT16_MIN = lead off. */
#ifndef SIM_ADC_H
#define SIM_ADC_H

#include <stdbool.h>

/* What follows the last sample: lead off for ever, or the file again. */
typedef struct {
    const char *path; /* NULL: no ADC */
    double speed; /* multiple of real time; 0 = as fast as the ring is emptied, and nothing after the end */
    bool loop;
    bool led; /* the LED's changes as lines on stderr */
} sim_adc_options_t;

/* Returns 0, or the exit status after a line on stderr. */
int sim_adc_open(const sim_adc_options_t *options);

/* Milliseconds until the next sample, at most `longest`. */
int sim_adc_wait_ms(int longest);

#endif
