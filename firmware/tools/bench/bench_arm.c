/* bench_arm.c - Arm semihosting ("Semihosting for AArch32 and AArch64", Arm IHI 0070) for the M profile. */
#include "bench_io.h"
#include "board.h"

#include "bench_semihosting.h"

int bench_semihosting(int operation, void *block) {
    register int r0 __asm("r0") = operation;
    register void *r1 __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/* The start-up code wants the UART's interrupt handler; this image has no UART. */
void uart_receive(void) {
}
