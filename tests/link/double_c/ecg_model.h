/* Stand-in for the generated model header, see ecg_pipeline.h of this folder. */
#ifndef ECG_MODEL_H
#define ECG_MODEL_H
#define ECG_MODEL_HASH 0x0A0B0C0Du
#define ECG_NET_ENGINE "double"
#endif
