/* Declarations, and no more, as in tensorflow/lite/micro/micro_mutable_op_resolver.h: every operator that the
 * exporter can name; their optional registration argument is left away. */
#ifndef TFLM_API_MICRO_MUTABLE_OP_RESOLVER_H
#define TFLM_API_MICRO_MUTABLE_OP_RESOLVER_H

#include "tensorflow/lite/c/common.h"

namespace tflite {

class MicroOpResolver {
  public:
    virtual ~MicroOpResolver() {
    }
};

template <unsigned int tOpCount> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    MicroMutableOpResolver();
    TfLiteStatus AddAdd();
    TfLiteStatus AddAveragePool2D();
    TfLiteStatus AddConcatenation();
    TfLiteStatus AddConv2D();
    TfLiteStatus AddDepthwiseConv2D();
    TfLiteStatus AddFullyConnected();
    TfLiteStatus AddMaxPool2D();
    TfLiteStatus AddMean();
    TfLiteStatus AddPad();
    TfLiteStatus AddReshape();
    TfLiteStatus AddSoftmax();

  private:
    MicroMutableOpResolver(const MicroMutableOpResolver &);
};

} // namespace tflite

#endif
