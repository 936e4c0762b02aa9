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

/* Half a period of the hum that there is, samples, 8 fraction bits. */
ECG_COLD static uint32_t half_period_q8(const ecg_spike_t *s) {
    return s->hum == 1 ? ECG_HUM_50_HALF_Q8 : ECG_HUM_60_HALF_Q8;
}

/* The signal q8 / 256 samples before the sample of this age, between two. */
ECG_COLD ECG_NOINLINE static int32_t earlier(const ecg_spike_t *s, uint32_t age, uint32_t q8) {
    int32_t part = (int32_t)(q8 & 255u);
    age += q8 >> 8;
    return ecg_shift_round(back(s, age) * (256 - part) + back(s, age + 1u) * part, 8);
}

/* What hum there is in the sample of this age, with what else there was a period before; 0 where there is
 * none. */
ECG_COLD static int32_t hum_at(const ecg_spike_t *s, uint32_t age) {
    return s->hum == 0 ? 0 : earlier(s, age, 2u * half_period_q8(s));
}

/* The sample `age` before the newest, hum taken off: a spike is in it as it was, and once more a period
 * later. */
static inline int32_t clear(const ecg_spike_t *s, uint32_t age) {
    return s->hum == 0 ? back(s, age) : back(s, age) - hum_at(s, age);
}

/* The age from which on a spike at age FAR is not in `clear` a second time, a period later. */
ECG_COLD static uint32_t first_clear(const ecg_spike_t *s) {
    uint32_t period = half_period_q8(s) >> 7;
    return s->hum == 0 || period >= FAR + NEAR ? 0 : FAR + NEAR - period;
}

/* Whether what stands out by `height` at age FAR stands out of all its surroundings. */
ECG_COLD static bool stands_out(const ecg_spike_t *s, int32_t height) {
    uint32_t age = first_clear(s);
    int32_t low = clear(s, age);
    int32_t high = low;
    for (; age <= 2u * FAR; age++) {
        if (age + NEAR <= FAR || age >= FAR + NEAR) {
            low = ecg_min(low, clear(s, age));
            high = ecg_max(high, clear(s, age));
        }
    }
    return height * 2 > (high - low) * ECG_SPIKE_RATIO_HALVES;
}

/* Draws a straight line through a spike; a large one rings after it. */
ECG_COLD static void take_out(ecg_spike_t *s) {
    int32_t height = 0;
    for (uint32_t age = FAR + 1u - NEAR; age < FAR + NEAR; age++) {
        height = ecg_max(height, ecg_abs(clear(s, age) - clear(s, FAR + NEAR)));
    }
    uint32_t first = height > ECG_SPIKE_LARGE_ADU ? first_clear(s) : FAR - NEAR - 1u;
    uint32_t width = FAR + NEAR + 1u - first;
    int32_t after = clear(s, first);
    int32_t rise = clear(s, first + width) - after;
    for (uint32_t i = 1; i < width; i++) {
        int32_t line = after + ecg_floor_divide(rise * (int32_t)i, (int32_t)width);
        int32_t value = ecg_clamp(line + hum_at(s, first + i), INT16_MIN + 1, INT16_MAX);
        s->ring[(s->index - 1u - first - i) & MASK] = (int16_t)value;
    }
}

/* Whether the signal, which has risen by `height`, is still on both sides. */
ECG_COLD static bool is_step(const ecg_spike_t *s, int32_t height) {
    if (height <= ECG_SPIKE_MINIMUM_ADU ||
        ecg_abs(back(s, 0) - back(s, FAR)) * ECG_SPIKE_STEP_RATIO > height) {
        return false; /* nearly always: spares a closer look */
    }
    int32_t before = range(s, FAR + NEAR, 2u * FAR + NEAR + 1u);
    return ecg_max(before, range(s, 0, FAR + 1u)) * ECG_SPIKE_STEP_RATIO <= height;
}

/* Whether the sample ECG_SPIKE_FAR_SAMPLES before the newest is a spike, which is taken out, or a step. */
ECG_COLD static ecg_spike_code_t judge(ecg_spike_t *s) {
    int32_t middle = clear(s, FAR);
    int32_t before = middle - clear(s, FAR + NEAR);
    int32_t after = middle - clear(s, FAR - NEAR);
    bool above = before > ECG_SPIKE_MINIMUM_ADU && after > ECG_SPIKE_MINIMUM_ADU;
    bool below = before < -ECG_SPIKE_MINIMUM_ADU && after < -ECG_SPIKE_MINIMUM_ADU;
    if ((above || below) && stands_out(s, ecg_min(ecg_abs(before), ecg_abs(after)))) {
        take_out(s);
        return ECG_SPIKE_OUT;
    }
    return is_step(s, ecg_abs(before)) ? ECG_SPIKE_STEP : ECG_SPIKE_NONE;
}

ECG_COLD ecg_spike_code_t ecg_spike_look(ecg_spike_t *s, int16_t *y) {
    ecg_spike_code_t found = judge(s);
    *y = ecg_spike_output(s);
    if (s->hum != 0) { /* half a period before it is the other way round */
        *y = (int16_t)ecg_shift_round(*y + earlier(s, ECG_SPIKE_DELAY_SAMPLES, half_period_q8(s)), 1);
    }
    return found;
}

ECG_COLD void ecg_spike_look_for_hum(ecg_spike_t *s) {
    int32_t most = 0;   /* of the second difference over half a period: four times the hum's amplitude */
    int32_t for_60 = 0; /* a period later it is the same again */
    for (uint32_t age = 0; age < ECG_HUM_PHASES; age++) {
        int32_t here = back(s, age);
        int32_t middle = back(s, age + ECG_HUM_SPAN_SAMPLES);
        most = ecg_max(most, ecg_abs(here - 2 * middle + back(s, age + 2u * ECG_HUM_SPAN_SAMPLES)));
        for_60 += ecg_abs(here - back(s, age + ECG_HUM_50_SAMPLES)) -
                  ecg_abs(here - back(s, age + ECG_HUM_60_SAMPLES));
    }
    bool seen = most >= ECG_HUM_MINIMUM_ADU;
    s->hum_seen = (uint8_t)ecg_clamp(s->hum_seen + (seen ? 1 : -2), 0, ECG_HUM_SEEN_MOST);
    if (seen) {
        int32_t balance = s->hum_balance + (for_60 > 0 ? 1 : -1);
        s->hum_balance = (int8_t)ecg_clamp(balance, -ECG_HUM_SEEN_MOST, ECG_HUM_SEEN_MOST);
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
