#include "ecg_tflm.h"

#include <stdint.h>
#include <string.h>

#include "ecg_model.h"
#include "ecg_model_tflite.h"
#include "ecg_model_tflm.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

#define BEAT_BYTES (ECG_NET_BEAT_SAMPLES * ECG_NET_BEAT_CHANNELS)
#define RHYTHM_BYTES (ECG_NET_CONTEXT_BEATS * ECG_NET_RHYTHM_FEATURES)

typedef tflite::MicroMutableOpResolver<ECG_TFLM_OPERATOR_COUNT> resolver_t;

alignas(16) static uint8_t arena[ECG_TFLM_ARENA_BYTES];
static TfLiteTensor *beat_input;
static TfLiteTensor *rhythm_input;
static TfLiteTensor *output;
static tflite::MicroInterpreter *interpreter;
static bool prepared;
static int first_error;

static int failed(int error) {
    if (first_error == 0) {
        first_error = error;
    }
    return error;
}

/* Only the operators of the model: the linker drops all others. */
static bool add_operators(resolver_t *resolver) {
    bool good = true;
#define ADD(name) good = resolver->Add##name() == kTfLiteOk && good;
    ECG_TFLM_OPERATORS(ADD)
#undef ADD
    return good;
}

static bool fits(const TfLiteTensor *tensor, size_t bytes) {
    return tensor != NULL && tensor->type == kTfLiteInt8 && tensor->bytes == bytes;
}

int ecg_tflm_prepare(void) {
    if (prepared) {
        return first_error;
    }
    prepared = true;
    const tflite::Model *model = tflite::GetModel(ECG_MODEL_TFLITE);
    if (model->version() != TFLITE_SCHEMA_VERSION) {
        return failed(ECG_TFLM_ERR_SCHEMA);
    }
    /* Local statics: made at the first call, when the library's own statics exist; no heap. */
    static resolver_t resolver;
    if (!add_operators(&resolver)) {
        return failed(ECG_TFLM_ERR_OPERATOR);
    }
    static tflite::MicroInterpreter instance(model, resolver, arena, sizeof arena);
    if (instance.AllocateTensors() != kTfLiteOk) {
        return failed(ECG_TFLM_ERR_ARENA);
    }
    beat_input = instance.input(ECG_TFLM_BEAT_INPUT);
    rhythm_input = instance.input(ECG_TFLM_RHYTHM_INPUT);
    output = instance.output(0);
    if (!fits(beat_input, BEAT_BYTES) || !fits(rhythm_input, RHYTHM_BYTES) ||
        !fits(output, ECG_NET_LOGITS)) {
        return failed(ECG_TFLM_ERR_TENSOR);
    }
    interpreter = &instance;
    return 0;
}

int ecg_tflm_invoke(const int8_t *beat, const int8_t *rhythm, int8_t *logits) {
    int error = ecg_tflm_prepare();
    memset(logits, INT8_MIN, ECG_NET_LOGITS);
    if (error != 0) {
        return error;
    }
    memcpy(beat_input->data.int8, beat, BEAT_BYTES);
    memcpy(rhythm_input->data.int8, rhythm, RHYTHM_BYTES);
    if (interpreter->Invoke() != kTfLiteOk) {
        return failed(ECG_TFLM_ERR_INVOKE);
    }
    memcpy(logits, output->data.int8, ECG_NET_LOGITS);
    return 0;
}

int ecg_tflm_error(void) {
    return first_error;
}
