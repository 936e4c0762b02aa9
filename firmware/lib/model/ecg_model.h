/* ecg_model.h - sizes, scales and hash of the model
 * generated from bitbeat.tflite by `make export`; do not edit.
 * model f0ce1248e14577b0, specification e8c8c8a23a65408b */
#ifndef ECG_MODEL_H
#define ECG_MODEL_H

#include <stdint.h>

/* clang-format off */
#define ECG_MODEL_HASH UINT32_C(0xf0ce1248) /* first 32 bits of the .tflite's SHA-256 */
#define ECG_NET_ARENA_BYTES 1160 /* working memory of the network */
#define ECG_NET_BEAT_SAMPLES 96 /* beat input: int8 [samples][channels], value = q / 16 */
#define ECG_NET_BEAT_CHANNELS 2 /* beat, beat minus template */
#define ECG_NET_CONTEXT_BEATS 16 /* rhythm input: int8 [beats][features], value = q / 16 */
#define ECG_NET_RHYTHM_FEATURES 48 /* features of one beat */
#define ECG_NET_LOGITS 4 /* classes N S V F */
#define ECG_NET_LOGIT_ZERO_POINT (-5) /* logit = (q - this) * scale */
#define ECG_NET_MACS 30192 /* multiply-accumulates per beat, padding counted */
#define ECG_NET_LAYERS 15 /* layers of the trace */
#define ECG_NET_TRACE_BYTES 1416 /* outputs of all layers together */
#define ECG_CONF_ENTRIES 175 /* entries of the table below */
/* clang-format on */

/* scale of the logits: 0.06358439475297928 */

/* The engine that this build runs the network with. */
#ifndef ECG_NET_ENGINE
#define ECG_NET_ENGINE "aot"
#endif

/* exp(-d * scale of the logits), Q15, for a logit that lies d below the largest, 0 from
 * ECG_CONF_ENTRIES on: the softmax of the winner is [0] / sum over all classes. */
extern const uint16_t ECG_CONF_EXP_Q15[ECG_CONF_ENTRIES];

#endif
