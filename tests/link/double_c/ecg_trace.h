/* Stand-in for the signal chain's trace hook, see ecg_pipeline.h of this folder. */
#ifndef ECG_TRACE_H
#define ECG_TRACE_H

#include <stdint.h>

typedef enum { DOUBLE_STAGE_SUM = 2, DOUBLE_STAGE_RAMP = 5 } ecg_stage_t;
#define DOUBLE_RAMP_VALUES 300

void ecg_trace_hook(ecg_stage_t stage, const void *values, uint8_t bytes, uint16_t count);

#endif
