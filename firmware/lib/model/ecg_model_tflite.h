/* ecg_model_tflite.h - the model for TensorFlow Lite Micro
 * generated from bitbeat.tflite by `make export`; do not edit.
 * model f0ce1248e14577b0, specification e8c8c8a23a65408b */
#ifndef ECG_MODEL_TFLITE_H
#define ECG_MODEL_TFLITE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ECG_MODEL_TFLITE_BYTES 18064

/* bitbeat.tflite, byte for byte, aligned to 16 bytes as the interpreter wants it */
extern const uint8_t ECG_MODEL_TFLITE[ECG_MODEL_TFLITE_BYTES];
extern const uint32_t ECG_MODEL_TFLITE_LENGTH; /* bytes */

#ifdef __cplusplus
}
#endif

#endif
