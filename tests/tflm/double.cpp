/* A stand-in for TensorFlow Lite Micro behind the strict headers of tests/tflm_api: its "interpreter" is the
 * compiled network. It shows that the adapter binds inputs and output as it should, and what it does when the
 * library refuses. It does not show that the library's arithmetic is the same: tflite-micro does that. */
#include <string.h>

#include "ecg_model.h"
#include "ecg_model_tflm.h"
#include "tensorflow/lite/micro/micro_interpreter.h"

extern "C" {
/* Which part refuses: 0 none, 1 schema, 2 operator, 3 arena, 4 tensor, 5 invoke. Set before the first use. */
int double_refuses;
/* The compiled network under other names, and memory for it. */
int8_t *aot_beat_input(void *net);
int8_t *aot_rhythm_input(void *net);
void aot_invoke(void *net, int8_t *logits);
}

namespace {
alignas(16) int8_t net[ECG_NET_ARENA_BYTES];
int8_t beat[ECG_NET_BEAT_SAMPLES * ECG_NET_BEAT_CHANNELS];
int8_t rhythm[ECG_NET_CONTEXT_BEATS * ECG_NET_RHYTHM_FEATURES];
int8_t logits[ECG_NET_LOGITS];
TfLiteTensor inputs[2];
TfLiteTensor outputs[1];
unsigned added;
unsigned allowed;

void set(TfLiteTensor *tensor, int8_t *values, size_t bytes) {
    tensor->data.int8 = values;
    tensor->type = kTfLiteInt8;
    tensor->bytes = bytes;
}

TfLiteStatus add(bool known) {
    added++;
    return known && added <= allowed ? kTfLiteOk : kTfLiteError;
}
} // namespace

namespace tflite {

static const Model the_model = Model();

const Model *GetModel(const void *buffer) {
    return memcmp(static_cast<const char *>(buffer) + 4, "TFL3", 4) == 0 ? &the_model : nullptr;
}

uint32_t Model::version() const {
    return double_refuses == 1 ? TFLITE_SCHEMA_VERSION + 1u : TFLITE_SCHEMA_VERSION;
}

typedef MicroMutableOpResolver<ECG_TFLM_OPERATOR_COUNT> resolver_t;
template <> resolver_t::MicroMutableOpResolver() {
    allowed = ECG_TFLM_OPERATOR_COUNT;
}
template <> TfLiteStatus resolver_t::AddConcatenation() {
    return add(true);
}
template <> TfLiteStatus resolver_t::AddConv2D() {
    return add(true);
}
template <> TfLiteStatus resolver_t::AddFullyConnected() {
    return add(true);
}
template <> TfLiteStatus resolver_t::AddAveragePool2D() {
    return add(double_refuses != 2);
}
template <> TfLiteStatus resolver_t::AddPad() {
    return add(true);
}

MicroInterpreter::MicroInterpreter(const Model *model, const MicroOpResolver &, uint8_t *arena, size_t bytes,
                                   MicroResourceVariables *, MicroProfilerInterface *) {
    if (model == nullptr || reinterpret_cast<uintptr_t>(arena) % 16 != 0 || bytes < ECG_TFLM_ARENA_BYTES) {
        double_refuses = 3;
    }
}

MicroInterpreter::~MicroInterpreter() {
}

TfLiteStatus MicroInterpreter::AllocateTensors() {
    set(&inputs[ECG_TFLM_BEAT_INPUT], beat, double_refuses == 4 ? sizeof beat - 1 : sizeof beat);
    set(&inputs[ECG_TFLM_RHYTHM_INPUT], rhythm, sizeof rhythm);
    set(&outputs[0], logits, sizeof logits);
    return double_refuses == 3 ? kTfLiteError : kTfLiteOk;
}

TfLiteStatus MicroInterpreter::Invoke() {
    memcpy(aot_beat_input(net), beat, sizeof beat);
    memcpy(aot_rhythm_input(net), rhythm, sizeof rhythm);
    aot_invoke(net, logits);
    return double_refuses == 5 ? kTfLiteError : kTfLiteOk;
}

TfLiteTensor *MicroInterpreter::input(size_t index) {
    return &inputs[index];
}

TfLiteTensor *MicroInterpreter::output(size_t index) {
    return &outputs[index];
}

} // namespace tflite
