/* bench_io.h - the measuring images' way to the host: its standard input and output, by semihosting. */
#ifndef BENCH_IO_H
#define BENCH_IO_H

#include <stddef.h>
#include <stdint.h>

void bench_open(void);

/* Reads up to n bytes; returns how many there were, 0 at the end. */
size_t bench_read(void *to, size_t n);

void bench_write(const void *from, size_t n);

/* The plugin counts what runs between enter and leave under this name; see firmware/tools/insncount. */
void insncount_enter_sample(void); /* everything per sample: input, filter, ring, detector, R peaks, queue */
void insncount_enter_features(void); /* per beat: window, rhythm and shape features, template, beat record */
void insncount_enter_network(void);  /* per beat: ecg_net_invoke */
void insncount_leave(void);

#endif
