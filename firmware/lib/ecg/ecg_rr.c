/* ecg_rr.c - see ecg_rr.h; reference: host_tools/reference/rr.py */
#include "ecg_rr.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"

/* Takes `old`, which is there, out of the first `count` ascending values. */
ECG_COLD static void sorted_remove(uint16_t *values, uint32_t count, uint16_t old) {
    uint32_t position = 0;
    while (values[position] != old) {
        position += 1;
    }
    for (; position + 1 < count; position++) {
        values[position] = values[position + 1];
    }
}

/* Puts `new_value` among the first `count` ascending values, which become one more. */
ECG_COLD static void sorted_insert(uint16_t *values, uint32_t count, uint16_t new_value) {
    uint32_t position = count;
    while (position > 0 && values[position - 1] > new_value) {
        values[position] = values[position - 1];
        position -= 1;
    }
    values[position] = new_value;
}

ECG_COLD static void history_push(ecg_history_t *h, uint16_t value) {
    uint32_t count = h->count;
    uint32_t index = h->index;
    uint32_t recent = count;
    if (count >= ECG_RR_SHORT_BEATS) {
        uint32_t oldest = index + ECG_RR_LONG_BEATS - ECG_RR_SHORT_BEATS;
        oldest = oldest >= ECG_RR_LONG_BEATS ? oldest - ECG_RR_LONG_BEATS : oldest;
        sorted_remove(h->short_sorted, ECG_RR_SHORT_BEATS, h->ring[oldest]);
        recent = ECG_RR_SHORT_BEATS - 1;
    }
    sorted_insert(h->short_sorted, recent, value);
    if (count == ECG_RR_LONG_BEATS) {
        sorted_remove(h->long_sorted, ECG_RR_LONG_BEATS, h->ring[index]);
        count -= 1;
    }
    sorted_insert(h->long_sorted, count, value);
    h->ring[index] = value;
    h->count = (uint8_t)(count + 1);
    h->index = (uint8_t)(index + 1 == ECG_RR_LONG_BEATS ? 0 : index + 1);
}

/* Twice the median of the first `count` ascending values; 0 of none. */
ECG_COLD static uint32_t median_twice(const uint16_t *values, uint32_t count) {
    if (count == 0) {
        return 0;
    }
    return (uint32_t)values[(count - 1) >> 1] + values[count >> 1];
}

ECG_COLD static uint32_t short_median_twice(const ecg_history_t *h) {
    return median_twice(h->short_sorted, h->count < ECG_RR_SHORT_BEATS ? h->count : ECG_RR_SHORT_BEATS);
}

ECG_COLD int8_t ecg_ratio_feature(int32_t log2_q10) {
    return (int8_t)ecg_clamp(ecg_shift_round(log2_q10, 10 - ECG_LOG_RATIO_FRAC_BITS), INT8_MIN, INT8_MAX);
}

ECG_COLD uint32_t ecg_rr_usual(const ecg_rr_t *s) {
    if (s->intervals.count == 0) {
        return ECG_RR_DEFAULT_SAMPLES;
    }
    return (short_median_twice(&s->intervals) + 1) >> 1;
}

/* An interval limited to ECG_RR_LOW_Q8..high_q8 of a mean. */
ECG_COLD static int32_t clip(int32_t rr_q12, int32_t mean_q12, int32_t high_q8) {
    int32_t part = mean_q12 >> 8;
    return ecg_clamp(rr_q12, part * ECG_RR_LOW_Q8, part * high_q8);
}

/* Enters the RR interval `rr` into all memories. */
ECG_COLD static void push(ecg_rr_t *s, uint16_t rr) {
    if (s->last > 0) {
        history_push(&s->changes, (uint16_t)ecg_abs(rr - s->last));
    }
    history_push(&s->intervals, rr);
    s->last = rr;
    int32_t value = rr * 4096;
    if (s->beats == 0) {
        s->slow_q12 = value;
        s->high_q12 = value;
    }
    if (s->beats < ECG_RR_SLOW_BEATS) {
        s->beats += 1;
    }
    int32_t change = clip(value, s->slow_q12, ECG_RR_SLOW_TOP_Q8) - s->slow_q12;
    s->slow_q12 += ecg_floor_divide(change, ecg_max(s->beats, 8));
    int shift =
        value > (s->high_q12 >> 8) * ECG_RR_HIGH_FALL_Q8 ? ECG_RR_HIGH_UP_SHIFT : ECG_RR_HIGH_DOWN_SHIFT;
    if (s->beats < 8) {
        shift = 3;
    }
    s->high_q12 += (clip(value, s->high_q12, ECG_RR_HIGH_TOP_Q8) - s->high_q12) >> shift;
}

/* How many of the history's values are above `limit`. */
ECG_COLD static uint32_t count_above(const ecg_history_t *h, uint32_t limit) {
    uint32_t above = 0;
    while (above < h->count && h->long_sorted[h->count - 1u - above] > limit) {
        above += 1;
    }
    return above;
}

/* Twice a change of RR as a share of twice a median, 256 = 1, saturated. */
ECG_COLD static int8_t share_feature(uint32_t change_twice, uint32_t median) {
    uint32_t share_q8 = ecg_divide_round(change_twice << 8, median);
    return (int8_t)(share_q8 < INT8_MAX ? share_q8 : INT8_MAX);
}

ECG_COLD void ecg_rr_features(ecg_rr_t *s, uint16_t prev, uint16_t next, int8_t *out) {
    uint32_t before = s->last != 0 ? s->last : prev;
    push(s, prev);
    uint32_t long_twice = median_twice(s->intervals.long_sorted, s->intervals.count);
    int32_t brief = ecg_log2_q10(short_median_twice(&s->intervals) << 11);
    int32_t longer = ecg_log2_q10(long_twice << 11);
    int32_t slow = ecg_log2_q10((uint32_t)s->slow_q12);
    int32_t high = ecg_log2_q10((uint32_t)s->high_q12);
    int32_t p = ecg_log2_q10((uint32_t)prev << 12);
    int32_t n = ecg_log2_q10((uint32_t)next << 12);
    s->prev_long_q10 = (int16_t)(p - longer);
    s->prev_high_q10 = (int16_t)(p - high);
    s->next_long_q10 = (int16_t)(n - longer);
    out[0] = ecg_ratio_feature(p - brief);
    out[1] = ecg_ratio_feature(n - brief);
    out[2] = ecg_ratio_feature(p - longer);
    out[3] = ecg_ratio_feature(n - longer);
    out[4] = ecg_ratio_feature(p - slow);
    out[5] = ecg_ratio_feature(n - slow);
    out[6] = ecg_ratio_feature(p - high);
    out[7] = ecg_ratio_feature(n - high);
    out[8] = ecg_ratio_feature(longer - high);
    out[9] = ecg_ratio_feature(n - p);
    out[10] = ecg_ratio_feature(p - ecg_log2_q10(before << 12));
    out[11] = ecg_ratio_feature(p - ecg_log2_q10(ECG_RR_DEFAULT_SAMPLES * UINT32_C(4096)));
    out[12] = share_feature(median_twice(s->changes.long_sorted, s->changes.count), long_twice);
    out[13] =
        (int8_t)(count_above(&s->changes, (long_twice * ECG_RR_CHANGE_Q8) >> 9) * 127u / ECG_RR_LONG_BEATS);
    out[14] = share_feature(short_median_twice(&s->changes), long_twice);
}
