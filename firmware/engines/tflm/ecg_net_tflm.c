/* ecg_net.h with TensorFlow Lite Micro behind it. Only the inputs lie in ecg_net_t; the interpreter has its
 * own arena. */
#include "ecg_net.h"
#include "ecg_tflm.h"

#define BEAT_BYTES (ECG_NET_BEAT_SAMPLES * ECG_NET_BEAT_CHANNELS)
#define RHYTHM_BYTES (ECG_NET_CONTEXT_BEATS * ECG_NET_RHYTHM_FEATURES)

_Static_assert(sizeof(ecg_net_t) >= BEAT_BYTES + RHYTHM_BYTES, "both inputs must fit");

int8_t *ecg_net_beat_input(ecg_net_t *net) {
    return net->arena;
}

int8_t *ecg_net_rhythm_input(ecg_net_t *net) {
    return net->arena + BEAT_BYTES;
}

void ecg_net_invoke(ecg_net_t *net, int8_t *logits) {
    (void)ecg_tflm_invoke(net->arena, net->arena + BEAT_BYTES, logits); /* kept for ecg_tflm_error */
}
