/* ecg_net.h - the one interface to the network, whichever engine was built in:
 *   aot   firmware/lib/model/ecg_net_aot.c, generated from the .tflite (default)
 *   tflm  TensorFlow Lite Micro's interpreter on the same .tflite as a C array
 * Both give the same int8 logits. */
#ifndef ECG_NET_H
#define ECG_NET_H

#include <stdint.h>

#include "ecg_model.h" /* generated: ECG_NET_ARENA_BYTES, sizes, scales, model hash */

/* Working memory of the network, owned by the caller; needs no initialisation between calls,
 * but the inputs lie inside it and must be written anew before every ecg_net_invoke. */
typedef struct {
    _Alignas(8) int8_t arena[ECG_NET_ARENA_BYTES];
} ecg_net_t;

/* int8 [ECG_NET_BEAT_SAMPLES][ECG_NET_BEAT_CHANNELS], real value = q * 2^-4, zero point 0 */
int8_t *ecg_net_beat_input(ecg_net_t *net);

/* int8 [ECG_NET_CONTEXT_BEATS][ECG_NET_RHYTHM_FEATURES], real value = q * 2^-4, zero point 0 */
int8_t *ecg_net_rhythm_input(ecg_net_t *net);

/* Runs the network on the two inputs and writes ECG_NET_LOGITS int8 logits. */
void ecg_net_invoke(ecg_net_t *net, int8_t *logits);

#endif
