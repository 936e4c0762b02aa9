/* ecg_model_tflm.h - what TensorFlow Lite Micro needs for the model
 * generated from bitbeat.tflite by `make export`; do not edit.
 * model f0ce1248e14577b0, specification e8c8c8a23a65408b */
#ifndef ECG_MODEL_TFLM_H
#define ECG_MODEL_TFLM_H

/* clang-format off */
/* the model's operators, as MicroMutableOpResolver's methods Add... */
#define ECG_TFLM_OPERATORS(ADD) ADD(AveragePool2D) ADD(Concatenation) ADD(Conv2D) ADD(FullyConnected) ADD(Pad)
#define ECG_TFLM_OPERATOR_COUNT 5

/* smallest arena of the official interpreter on a 64-bit machine; 32-bit pointers need less */
#ifndef ECG_TFLM_ARENA_BYTES
#define ECG_TFLM_ARENA_BYTES 7056
#endif

/* the inputs, bound by name when this was generated: the converter changes their order */
#define ECG_TFLM_BEAT_INPUT 1
#define ECG_TFLM_RHYTHM_INPUT 0
/* clang-format on */

#endif
