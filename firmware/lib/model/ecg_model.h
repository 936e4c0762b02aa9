/* ecg_model.h - sizes, scales and hash of the model
 * generated from bitbeat.tflite by `make export`; do not edit.
 * model 010365d7b9ede79e, specification 7049303fd650e6e3 */
#ifndef ECG_MODEL_H
#define ECG_MODEL_H

#include <stdint.h>

/* clang-format off */
#define ECG_MODEL_HASH UINT32_C(0x010365d7) /* first 32 bits of the .tflite's SHA-256 */
#define ECG_NET_ARENA_BYTES 764 /* working memory of the network */
#define ECG_NET_BEAT_SAMPLES 96 /* beat input: int8 [samples][channels], value = q / 16 */
#define ECG_NET_BEAT_CHANNELS 2 /* beat, beat minus template */
#define ECG_NET_RHYTHM_FEATURES 12 /* rhythm input: int8, value = q / 16 */
#define ECG_NET_LOGITS 4 /* classes N S V F */
#define ECG_NET_LOGIT_ZERO_POINT (6) /* logit = (q - this) * scale */
#define ECG_NET_MACS 28912 /* multiply-accumulates per beat, padding counted */
#define ECG_NET_LAYERS 11 /* layers of the trace */
#define ECG_NET_TRACE_BYTES 1896 /* outputs of all layers together */
/* clang-format on */

/* scale of the logits: 0.07868806272745132 */

/* The engine that this build runs the network with. */
#ifndef ECG_NET_ENGINE
#define ECG_NET_ENGINE "aot"
#endif

/* exp(-d * scale of the logits), Q15, for a logit that lies d = 0..255 below the largest:
 * the softmax of the winner is [0] / sum over all classes. */
extern const uint16_t ECG_CONF_EXP_Q15[256];

#endif
