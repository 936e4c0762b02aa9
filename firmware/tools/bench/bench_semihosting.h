/* bench_semihosting.h - one semihosting operation; block: its arguments, words. */
#ifndef BENCH_SEMIHOSTING_H
#define BENCH_SEMIHOSTING_H

int bench_semihosting(int operation, void *block);

#endif
