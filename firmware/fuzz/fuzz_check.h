/* fuzz_check.h - what a fuzz target does when something does not hold: says what, and stops, so that the
 * fuzzer keeps the input. Host only. */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <stdbool.h>

/* Aborts with one line naming `what` unless `holds`. */
void fuzz_check(bool holds, const char *what);

#endif
