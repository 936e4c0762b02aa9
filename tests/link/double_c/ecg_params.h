/* Stand-in for the generated parameters, see ecg_pipeline.h of this folder. */
#ifndef ECG_PARAMS_H
#define ECG_PARAMS_H
#define ECG_SPEC_HASH 0x01020304u
#define ECG_FS_HZ 360u
#define ECG_ADU_PER_MV 200u
#endif
