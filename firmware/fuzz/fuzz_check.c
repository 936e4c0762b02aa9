#include "fuzz_check.h"

#include <stdio.h>
#include <stdlib.h>

void fuzz_check(bool holds, const char *what) {
    if (!holds) {
        (void)fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}
