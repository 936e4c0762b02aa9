/* ecg_cold.h - tells the compiler which functions run once a beat or less often: small, not fast; and which
 * of them are called from so many places that a copy in each would be larger. */
#ifndef ECG_COLD_H
#define ECG_COLD_H

#ifdef __GNUC__
#define ECG_COLD __attribute__((cold))
#define ECG_NOINLINE __attribute__((noinline))
#else
#define ECG_COLD
#define ECG_NOINLINE
#endif

#endif
