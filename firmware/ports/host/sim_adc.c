#define _POSIX_C_SOURCE 200809L

#include "sim_adc.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adc_scale.h"
#include "port.h"

static sim_adc_options_t options;
static int16_t *samples;
static uint64_t n_samples;
static adc_ring_t *ring; /* NULL while no acquisition runs */
static double period_s;
static double start_s;
static uint64_t taken;

static double now_s(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int fail(const char *path, const char *why) {
    (void)fprintf(stderr, "emulator: %s: %s\n", path, why);
    return 4;
}

int sim_adc_open(const sim_adc_options_t *wanted) {
    options = *wanted;
    FILE *file = fopen(options.path, "rb");
    long bytes = -1;
    if (file == NULL) {
        return fail(options.path, strerror(errno));
    }
    if (fseek(file, 0, SEEK_END) == 0) {
        bytes = ftell(file);
    }
    rewind(file);
    if (bytes < (long)sizeof *samples || (samples = malloc((size_t)bytes)) == NULL) {
        (void)fclose(file);
        return fail(options.path, "no samples");
    }
    n_samples = fread(samples, sizeof *samples, (size_t)bytes / sizeof *samples, file);
    (void)fclose(file);
    return n_samples > 0 ? 0 : fail(options.path, "cannot be read");
}

/* The front end and the converter: volts within the supply become counts. The inverse of adc_scale for every
 * value in range, see board_profile.h. */
static uint16_t convert(int16_t adu) {
    int64_t den = (int64_t)ADC_SCALE_DEN;
    int64_t num = (int64_t)ADC_SCALE_NUM;
    int64_t scaled = (adu < 0 ? -(int64_t)adu : adu) * den;
    int64_t counts = (scaled + num / 2) / num;
    counts = ADC_SCALE_MID + (adu < 0 ? -counts : counts);
    counts = counts<0 ? 0 : counts>(1 << BOARD_ADC_BITS) - 1 ? (1 << BOARD_ADC_BITS) - 1 : counts;
    return (uint16_t)counts;
}

static void take_one(void) {
    int16_t x = taken < n_samples || options.loop ? samples[taken % n_samples] : INT16_MIN;
    taken++;
    if (x == INT16_MIN) {
        adc_ring_put_lead_off(ring);
    } else {
        adc_ring_put(ring, convert(x));
    }
}

bool port_has_adc(void) {
    return samples != NULL;
}

bool port_adc_start(adc_ring_t *to, uint16_t fs_hz) {
    if (samples == NULL) {
        return false;
    }
    ring = to;
    taken = 0;
    period_s = options.speed > 0 ? 1.0 / (fs_hz * options.speed) : 0;
    start_s = now_s();
    return true;
}

void port_adc_stop(void) {
    ring = NULL;
}

/* The timer's interrupts since the last call; a main loop that was held up finds its ring full, as on a
 * board. */
void port_adc_poll(void) {
    if (ring == NULL) {
        return;
    }
    if (options.speed > 0) {
        uint64_t due = (uint64_t)((now_s() - start_s) / period_s);
        while (taken < due) {
            take_one();
        }
        return;
    }
    while (adc_ring_waiting(ring) < ADC_RING_ENTRIES && (options.loop || taken < n_samples)) {
        take_one();
    }
}

void port_led(bool on) {
    if (options.led) {
        (void)fprintf(stderr, "led %s\n", on ? "on" : "off");
    }
}

int sim_adc_wait_ms(int longest) {
    if (ring == NULL || (options.speed <= 0 && !options.loop && taken >= n_samples)) {
        return longest;
    }
    double wait_ms = options.speed > 0 ? 1e3 * (start_s + period_s * (double)(taken + 1) - now_s()) : 0;
    return wait_ms < 0 ? 0 : wait_ms > longest ? longest : (int)wait_ms + 1;
}
