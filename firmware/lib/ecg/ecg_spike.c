/* ecg_spike.c - see ecg_spike.h; reference: host_tools/reference/spike.py */
#include "ecg_spike.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"

#define MASK (ECG_SPIKE_RING - 1u)
#define NEAR ECG_SPIKE_NEAR_SAMPLES
#define FAR ECG_SPIKE_FAR_SAMPLES

ECG_COLD void ecg_spike_prime(ecg_spike_t *s, int16_t x) {
    for (uint32_t i = 0; i < ECG_SPIKE_RING; i++) {
        s->ring[i] = x;
    }
    s->jumps = 0;
}

/* The sample `age` before the newest. */
static int32_t back(const ecg_spike_t *s, uint32_t age) {
    return s->ring[(s->index - 1u - age) & MASK];
}

/* Highest minus lowest of the samples from age `first` to before `end`. */
ECG_COLD static int32_t range(const ecg_spike_t *s, uint32_t first, uint32_t end) {
    int32_t low = back(s, first);
    int32_t high = low;
    for (uint32_t age = first + 1u; age < end; age++) {
        low = ecg_min(low, back(s, age));
        high = ecg_max(high, back(s, age));
    }
    return high - low;
}

/* Whether what stands out by `height` at age FAR stands out of all its surroundings. */
ECG_COLD static bool stands_out(const ecg_spike_t *s, int32_t height) {
    int32_t low = back(s, 0);
    int32_t high = low;
    for (uint32_t age = 0; age <= 2u * FAR; age++) {
        if (age + NEAR <= FAR || age >= FAR + NEAR) {
            low = ecg_min(low, back(s, age));
            high = ecg_max(high, back(s, age));
        }
    }
    return height * 2 > (high - low) * ECG_SPIKE_RATIO_HALVES;
}

/* Draws a straight line through a spike; a large one rings after it. */
ECG_COLD static void take_out(ecg_spike_t *s) {
    int32_t height = 0;
    for (uint32_t age = FAR + 1u - NEAR; age < FAR + NEAR; age++) {
        height = ecg_max(height, ecg_abs(back(s, age) - back(s, FAR + NEAR)));
    }
    uint32_t first = height > ECG_SPIKE_LARGE_ADU ? 0u : FAR - NEAR - 1u;
    uint32_t width = FAR + NEAR + 1u - first;
    int32_t after = back(s, first);
    int32_t rise = back(s, first + width) - after;
    for (uint32_t i = 1; i < width; i++) {
        int32_t value = after + ecg_floor_divide(rise * (int32_t)i, (int32_t)width);
        s->ring[(s->index - 1u - first - i) & MASK] = (int16_t)value;
    }
}

/* Whether the signal, which has risen by `height`, is still on both sides, or was stuck before. */
ECG_COLD static bool is_step(const ecg_spike_t *s, int32_t height) {
    bool stuck = back(s, FAR + NEAR) == back(s, FAR + NEAR + 1u);
    bool still = ecg_abs(back(s, 0) - back(s, FAR)) * ECG_SPIKE_STEP_RATIO <= height;
    if (height <= ECG_SPIKE_MINIMUM_ADU || (!stuck && !still)) { /* nearly always: spares a closer look */
        return false;
    }
    int32_t before = range(s, FAR + NEAR, 2u * FAR + NEAR + 1u);
    return before == 0 || ecg_max(before, range(s, 0, FAR + 1u)) * ECG_SPIKE_STEP_RATIO <= height;
}

ECG_COLD ecg_spike_code_t ecg_spike_look(ecg_spike_t *s, bool jumped) {
    bool looked_at = (s->jumps >> (FAR - 1u) & 1u) != 0;
    s->jumps = (uint16_t)((((uint32_t)s->jumps << 1) | (jumped ? 1u : 0u)) & ((1u << FAR) - 1u));
    if (!looked_at) {
        return ECG_SPIKE_NONE;
    }
    int32_t middle = back(s, FAR);
    int32_t before = middle - back(s, FAR + NEAR);
    int32_t after = middle - back(s, FAR - NEAR);
    bool above = before > ECG_SPIKE_MINIMUM_ADU && after > ECG_SPIKE_MINIMUM_ADU;
    bool below = before < -ECG_SPIKE_MINIMUM_ADU && after < -ECG_SPIKE_MINIMUM_ADU;
    if ((above || below) && stands_out(s, ecg_min(ecg_abs(before), ecg_abs(after)))) {
        take_out(s);
        return ECG_SPIKE_OUT;
    }
    return is_step(s, ecg_abs(before)) ? ECG_SPIKE_STEP : ECG_SPIKE_NONE;
}
