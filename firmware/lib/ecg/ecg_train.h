/* ecg_train.h - regular trains of like waves, as tachycardia is one.
 *
 * Above 160/min the lobes of the detector's integral run into each other, and where a slow rhythm went
 * before, each comes too early to be believed. A train needs no belief: waves of the enhancer on one side of
 * zero, alike in height, at equal distances, so many in a row. */
#ifndef ECG_TRAIN_H
#define ECG_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_params.h"

/* Waves on one side of zero. Heights in the enhancer's unit, times in detector steps. */
typedef struct {
    int32_t level;    /* running height */
    int32_t peak;     /* height of the present wave, 0 = none */
    int32_t spacing;  /* mean distance of the train's waves, 4 fraction bits */
    uint32_t at;      /* maximum of the present wave ... */
    uint32_t last_at; /* ... and of the one before */
    uint8_t count;    /* distances in a row that fit, at most 255 */
    uint8_t beats;    /* beats that the detector has found meanwhile, at most 255 */
} ecg_wave_t;

/* Owned by the detector; all zero is a valid start. */
typedef struct {
    ecg_wave_t side[2]; /* above zero, below zero */
} ecg_train_t;

/* Takes the enhancer's value of a step. Returns bit i where a wave of side i has ended. */
static inline uint32_t ecg_train_step(ecg_train_t *s, int32_t enhanced, uint32_t step);

/* Its parts: every ECG_TRAIN_DECAY_STEPS the running heights fall; and what is to do while there is a wave.
 */
void ecg_train_decay(ecg_train_t *s);
uint32_t ecg_train_look(ecg_train_t *s, int32_t enhanced, uint32_t step);

/* The detector has found a beat. */
void ecg_train_beat(ecg_train_t *s);

/* Side of a train of ECG_TRAIN_WAVES or more whose wave has just ended (bits as above), in which the detector
 * has missed beats; -1 where there is none. */
int ecg_train_side(const ecg_train_t *s, uint32_t ended);

/* Whether the train of a side is over; `ended`: a wave of it has just ended. */
bool ecg_train_lost(const ecg_wave_t *w, bool ended, uint32_t step);

static inline uint32_t ecg_train_step(ecg_train_t *s, int32_t enhanced, uint32_t step) {
    if ((step & (ECG_TRAIN_DECAY_STEPS - 1u)) == 0) {
        ecg_train_decay(s);
    }
    bool waves = (s->side[0].peak | s->side[1].peak) != 0 || enhanced > s->side[0].level >> 1 ||
                 -enhanced > s->side[1].level >> 1;
    return waves ? ecg_train_look(s, enhanced, step) : 0;
}

#endif
