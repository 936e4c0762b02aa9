/* ecg_train.c - see ecg_train.h; reference: host_tools/reference/train.py */
#include "ecg_train.h"

#include "ecg_cold.h"
#include "ecg_intmath.h"

/* Steps since a wave are counted up to here. */
#define DISTANCE_MAX 4096u

/* A wave is over: does it go on with the train? */
ECG_COLD static void end_wave(ecg_wave_t *w) {
    uint32_t steps = w->at - w->last_at;
    int32_t distance = (int32_t)(steps < DISTANCE_MAX ? steps : DISTANCE_MAX);
    int32_t spacing = distance * 16;
    int32_t fit_q8 = w->count >= ECG_TRAIN_WAVES ? 2 * ECG_TRAIN_FIT_Q8 : ECG_TRAIN_FIT_Q8;
    bool alike = w->peak > (w->level * ECG_TRAIN_LOWER_Q8) >> 8 && w->peak < w->level * 2;
    if (!alike || distance < ECG_TRAIN_SHORTEST_STEPS || distance > ECG_TRAIN_LONGEST_STEPS) {
        w->count = 0;
        w->beats = 0;
    } else if (w->count == 0 || ecg_abs(spacing - w->spacing) > ((w->spacing * fit_q8) >> 8) + 16) {
        w->count = 1;
        w->beats = 0;
        w->spacing = spacing;
    } else {
        w->count = (uint8_t)ecg_min(w->count + 1, UINT8_MAX);
        w->spacing += (spacing - w->spacing) >> 2;
    }
    if (distance > ECG_TRAIN_FORGET_STEPS) {
        w->level = w->peak;
    }
    w->level += (w->peak - w->level) >> 1;
    w->last_at = w->at;
    w->peak = 0;
}

/* Follows one side, on which something is going on; true where a wave has ended. */
static bool step_side(ecg_wave_t *w, int32_t value, uint32_t step) {
    if (value > w->peak && value > w->level >> 1) {
        bool notch = w->peak == 0 && value <= w->level && step - w->last_at < ECG_TRAIN_MERGE_STEPS;
        if (!notch) {
            w->peak = value;
            w->at = step;
        }
        return false;
    }
    if (w->peak == 0 || value >= w->peak >> 2 || step - w->at < ECG_TRAIN_HOLD_STEPS) {
        return false;
    }
    end_wave(w);
    return true;
}

ECG_COLD void ecg_train_decay(ecg_train_t *s) {
    for (uint32_t i = 0; i < 2; i++) {
        s->side[i].level -= s->side[i].level >> ECG_TRAIN_DECAY_SHIFT;
    }
}

ECG_COLD uint32_t ecg_train_look(ecg_train_t *s, int32_t enhanced, uint32_t step) {
    uint32_t above = step_side(&s->side[0], enhanced, step) ? 1u : 0u;
    return above | (step_side(&s->side[1], -enhanced, step) ? 2u : 0u);
}

ECG_COLD void ecg_train_beat(ecg_train_t *s) {
    for (uint32_t i = 0; i < 2; i++) {
        s->side[i].beats = (uint8_t)ecg_min(s->side[i].beats + 1, UINT8_MAX);
    }
}

ECG_COLD int ecg_train_side(const ecg_train_t *s, uint32_t ended) {
    for (int i = 0; i < 2; i++) {
        const ecg_wave_t *w = &s->side[i];
        bool main_side = w->level > (s->side[1 - i].level * ECG_TRAIN_SIDE_Q8) >> 8;
        bool missed = w->beats + 2 < w->count && w->spacing <= ECG_TRAIN_FAST_STEPS * 16;
        if ((ended >> i & 1u) != 0 && w->count >= ECG_TRAIN_WAVES && main_side && missed) {
            return i;
        }
    }
    return -1;
}

ECG_COLD bool ecg_train_lost(const ecg_wave_t *w, bool ended, uint32_t step) {
    uint32_t silent = step - w->last_at;
    return silent * 64u > (uint32_t)w->spacing * ECG_TRAIN_LOST_Q2 || (ended && w->count < 2);
}
