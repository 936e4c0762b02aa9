/* A signal chain for tests of the link: a beat's fields depend on every sample before it and on their order,
 * so a sample that is lost, repeated or changed on the way shows in every later beat. double.py is the same.
 */
#ifndef ECG_PIPELINE_H
#define ECG_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ecg_types.h"

#define DOUBLE_PERIOD_SAMPLES 50u
#define DOUBLE_FLUSH_BEATS 3u /* as many as there were samples, where there were fewer */
#define DOUBLE_CONDITION_SAMPLES 37u

typedef struct ecg_pipeline {
    uint32_t count; /* number of the next sample */
    uint32_t since; /* samples since the last beat */
    uint32_t sum;   /* of all samples so far, order matters */
    uint32_t flushed;
    uint32_t pushed; /* samples so far */
    uint32_t rails;  /* what every sample adds to the sum, 0 while no rails were told */
    uint8_t conditions;
} ecg_pipeline_t;

void ecg_pipeline_init(ecg_pipeline_t *p);
void ecg_pipeline_init_at(ecg_pipeline_t *p, uint32_t first_sample);
void ecg_pipeline_set_rails(ecg_pipeline_t *p, int16_t low, int16_t high);
uint8_t ecg_pipeline_conditions(const ecg_pipeline_t *p);
int ecg_pipeline_push(ecg_pipeline_t *p, int16_t x, ecg_beat_t *beat);
int ecg_pipeline_flush(ecg_pipeline_t *p, ecg_beat_t *beat);
uint8_t ecg_pipeline_sqi(const ecg_pipeline_t *p);
bool ecg_pipeline_lead_off(const ecg_pipeline_t *p);

#endif
