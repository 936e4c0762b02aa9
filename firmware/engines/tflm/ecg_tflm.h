/* ecg_tflm.h - the network in TensorFlow Lite Micro's interpreter, for C. Built with ECG_NET_TFLM defined,
 * this folder added to the sources, and the library taken by PlatformIO (see platformio.ini, env *_tflm). */
#ifndef ECG_TFLM_H
#define ECG_TFLM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ECG_TFLM_ENGINE "tflm"

/* Errors, all negative. */
#define ECG_TFLM_ERR_SCHEMA (-16)   /* the library is for another version of the file format */
#define ECG_TFLM_ERR_OPERATOR (-17) /* the library lacks one of the operators */
#define ECG_TFLM_ERR_ARENA (-18)    /* the arena is too small: build with a larger ECG_TFLM_ARENA_BYTES */
#define ECG_TFLM_ERR_TENSOR (-19)   /* an input or the output has not the size that it should have */
#define ECG_TFLM_ERR_INVOKE (-20)   /* the interpreter failed on a beat */

/* Sets the interpreter up, once; later calls repeat the answer. 0 or an error. */
int ecg_tflm_prepare(void);

/* Runs the network. 0 or an error; then the logits are all -128. Sizes as in ecg_net.h. */
int ecg_tflm_invoke(const int8_t *beat, const int8_t *rhythm, int8_t *logits);

/* The first error of any call, 0 if there was none. */
int ecg_tflm_error(void);

#ifdef __cplusplus
}
#endif

#endif
