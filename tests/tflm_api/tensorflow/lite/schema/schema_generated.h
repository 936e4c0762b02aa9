/* Declarations, and no more, as in tensorflow/lite/schema/schema_generated.h. */
#ifndef TFLM_API_SCHEMA_GENERATED_H
#define TFLM_API_SCHEMA_GENERATED_H

#include <stdint.h>

namespace tflite {

struct Model {
    uint32_t version() const;
};

const Model *GetModel(const void *buffer);

} // namespace tflite

#endif
