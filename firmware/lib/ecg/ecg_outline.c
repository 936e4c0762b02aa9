/* ecg_outline.c - see ecg_outline.h; reference: host_tools/reference/outline.py */
#include "ecg_outline.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"
#include "ecg_likeness.h"
#include "ecg_params.h"

#define COUNT (ECG_OUTLINE_END_GRID - ECG_OUTLINE_FIRST_GRID)

static void heights(ecg_outline_t *o, const int16_t *window) {
    int32_t base = ecg_stretch_mean(window, ECG_WINDOW_SAMPLES);
    int32_t high = -65536;
    int32_t low = 65536;
    int32_t area = 0;
    int32_t steepest = 1;
    for (uint32_t k = ECG_OUTLINE_FIRST_GRID; k < ECG_OUTLINE_END_GRID; k++) {
        int32_t value = window[k] - base;
        high = ecg_max(high, value);
        low = ecg_min(low, value);
        area += ecg_abs(value);
        steepest = ecg_max(steepest, ecg_abs(window[k + 1] - window[k - 1]));
    }
    o->size = ecg_max(high - low, 1);
    o->polarity_q6 = (int16_t)ecg_floor_divide((high + low) * 64, o->size);
    o->area = ecg_max(area, 1);
    o->area_peak_q3 = (int16_t)ecg_floor_divide(area * 8, ecg_max(ecg_max(high, -low), 1));
    o->steepest = steepest;
    o->slope_q7 = (int16_t)ecg_floor_divide(ecg_min(steepest, o->size) * 128, o->size);
}

static void width(ecg_outline_t *o, const int16_t *window) {
    const int16_t *part = window + ECG_OUTLINE_FIRST_GRID;
    int shift = 0;
    while ((o->steepest >> shift) > 63) {
        shift += 1;
    }
    int32_t begin = -1;
    int32_t end = -1;
    int32_t energy = 0;
    int32_t moment = 0;
    int16_t energies[COUNT];
    for (int32_t k = 0; k < COUNT; k++) {
        int32_t slope = ecg_abs(part[k + 1] - part[k - 1]);
        if (5 * slope > o->steepest) {
            begin = begin < 0 ? k : begin;
            end = k;
        }
        int32_t e = ((slope >> shift) * (slope >> shift)) >> 2;
        energies[k] = (int16_t)e;
        energy += e;
        moment += e * k;
    }
    o->width = (int16_t)(end - begin + 1);
    energy = ecg_max(energy, 1);
    int32_t centre_q2 = ecg_floor_divide(moment * 4, energy);
    int32_t total_q4 = 0;
    for (int32_t k = 0; k < COUNT; k++) {
        int32_t d = 4 * k - centre_q2;
        total_q4 += energies[k] * d * d;
    }
    o->spread_q6 = (int16_t)ecg_isqrt((uint32_t)ecg_floor_divide(total_q4, energy) << 8);
}

ECG_COLD void ecg_outline_measure(ecg_outline_t *o, const int16_t *window) {
    heights(o, window);
    width(o, window);
}
