/* ecg_cold.h - tells the compiler which functions run once a beat or less often: small, not fast. */
#ifndef ECG_COLD_H
#define ECG_COLD_H

#ifdef __GNUC__
#define ECG_COLD __attribute__((cold))
#else
#define ECG_COLD
#endif

#endif
