/* bench_xtensa.c - standard input and output by the calls of QEMU's Xtensa simulator, see the port's reset.S.
 */
#include "bench_io.h"
#include "board.h"

#define CALL_EXIT 1
#define CALL_READ 3
#define CALL_WRITE 4

int simulator_call(int operation, int a, int b, int c);
int main(int argc, char **argv);
void board_main(void);

void bench_open(void) {
}

size_t bench_read(void *to, size_t n) {
    size_t got = 0;
    while (got < n) {
        int more = simulator_call(CALL_READ, 0, (int)(intptr_t)to + (int)got, (int)(n - got));
        if (more <= 0) {
            break;
        }
        got += (size_t)more;
    }
    return got;
}

void bench_write(const void *from, size_t n) {
    (void)simulator_call(CALL_WRITE, 1, (int)(intptr_t)from, (int)n);
}

_Noreturn void board_exit(int code) {
    (void)simulator_call(CALL_EXIT, code, 0, 0);
    for (;;) {
    }
}

void board_main(void) {
    board_exit(main(0, NULL));
}
