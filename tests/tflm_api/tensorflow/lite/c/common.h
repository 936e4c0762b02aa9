/* Declarations, and no more, of the part of TensorFlow Lite's C API that firmware/engines/tflm uses, as in
 * tensorflow/lite/c/common.h and c_api_types.h. */
#ifndef TFLM_API_COMMON_H
#define TFLM_API_COMMON_H

#include <stddef.h>
#include <stdint.h>

typedef enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;

typedef enum { kTfLiteNoType = 0, kTfLiteFloat32 = 1, kTfLiteInt8 = 9 } TfLiteType;

typedef union TfLitePtrUnion {
    int8_t *int8;
} TfLitePtrUnion;

typedef struct TfLiteTensor {
    TfLitePtrUnion data;
    TfLiteType type;
    size_t bytes;
} TfLiteTensor;

#endif
