/* bench_rv32.c - RISC-V semihosting: the same operations as Arm's, see reset.S of the port. */
#include "bench_semihosting.h"
#include "board.h"

int semihosting(int operation, void *block);

int bench_semihosting(int operation, void *block) {
    return semihosting(operation, block);
}

/* The start-up code wants the UART's interrupt handler; this image has no UART. */
void uart_receive(void) {
}
