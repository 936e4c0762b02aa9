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
    s->hum = 0;
    s->hum_seen = 0;
    s->hum_balance = 0;
}

/* The sample `age` before the newest. */
static inline int32_t back(const ecg_spike_t *s, uint32_t age) {
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

/* The sample that goes on: its mean with the one half a period of the mains before it, which lies between
 * two. */
ECG_COLD static int16_t without_hum(const ecg_spike_t *s) {
    static const uint8_t half_samples[2] = {ECG_HUM_50_HALF_SAMPLES, ECG_HUM_60_HALF_SAMPLES};
    static const int16_t part_q8[2] = {ECG_HUM_50_PART_Q8, ECG_HUM_60_PART_Q8};
    uint32_t age = ECG_SPIKE_DELAY_SAMPLES + half_samples[s->hum - 1u];
    int32_t part = part_q8[s->hum - 1u];
    int32_t half = back(s, age) * (256 - part) + back(s, age + 1u) * part;
    return (int16_t)ecg_shift_round(back(s, ECG_SPIKE_DELAY_SAMPLES) * 256 + half, 9);
}

/* Whether the sample ECG_SPIKE_FAR_SAMPLES before the newest is a spike, which is taken out, or a step. */
ECG_COLD static ecg_spike_code_t judge(ecg_spike_t *s) {
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

ecg_spike_code_t ecg_spike_look(ecg_spike_t *s, int16_t *y) {
    bool jumped = ecg_abs(back(s, 0) - back(s, NEAR)) > ECG_SPIKE_MINIMUM_ADU;
    uint32_t jumps = (uint32_t)s->jumps << 1 | (jumped ? 1u : 0u);
    s->jumps = (uint16_t)((jumps & ((1u << FAR) - 1u)) | (s->jumps & ECG_SPIKE_HUM));
    ecg_spike_code_t found = (jumps >> FAR & 1u) != 0 ? judge(s) : ECG_SPIKE_NONE;
    *y = s->hum != 0 ? without_hum(s) : ecg_spike_output(s);
    return found;
}

ECG_COLD void ecg_spike_look_for_hum(ecg_spike_t *s) {
    int32_t most = 0; /* of the second difference over half a period: four times the hum's amplitude */
    for (uint32_t age = 0; age < ECG_HUM_PHASES; age++) {
        int32_t bend =
            back(s, age) - 2 * back(s, age + ECG_HUM_SPAN_SAMPLES) + back(s, age + 2u * ECG_HUM_SPAN_SAMPLES);
        most = ecg_max(most, ecg_abs(bend));
    }
    bool seen = most >= ECG_HUM_MINIMUM_ADU;
    s->hum_seen = (uint8_t)ecg_clamp(s->hum_seen + (seen ? 1 : -2), 0, ECG_HUM_SEEN_MOST);
    if (seen) { /* a period later it is the same again */
        int32_t at_50 = ecg_abs(back(s, 0) - back(s, ECG_HUM_50_SAMPLES));
        int32_t at_60 = ecg_abs(back(s, 0) - back(s, ECG_HUM_60_SAMPLES));
        s->hum_balance = (int8_t)ecg_clamp(s->hum_balance + (at_60 < at_50 ? 1 : -1), -ECG_HUM_SEEN_MOST,
                                           ECG_HUM_SEEN_MOST);
    }
    if (s->hum_seen >= ECG_HUM_SEEN_ENOUGH) {
        s->hum = s->hum_balance > 0 ? 2 : 1;
        s->jumps |= ECG_SPIKE_HUM;
    } else if (s->hum_seen == 0) {
        s->hum = 0;
        s->hum_balance = 0;
        s->jumps &= ECG_SPIKE_HUM - 1u;
    }
}
