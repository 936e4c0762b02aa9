/* Start-up on QEMU's `virt` machine, machine mode: one interrupt source, the UART behind the PLIC. */
#include "board.h"

int main(int argc, char **argv); /* a main(void) ignores both, as the ABI lets it */

/* Platform-level interrupt controller (RISC-V PLIC specification 1.0), context 0 = hart 0, machine mode. */
#define PLIC(offset) (*(volatile uint32_t *)(0x0C000000u + (offset)))
#define PRIORITY(source) PLIC(4u * (source))
#define ENABLE_FIRST_32 PLIC(0x2000u)
#define CLAIM PLIC(0x200004u)
#define UART_SOURCE 10u

#define MIE_EXTERNAL (1u << 11)
#define MSTATUS_MIE (1u << 3)

#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026u
#define STATUS_FAULT 99
#define MCAUSE_EXTERNAL 0x8000000Bu

int semihosting(int operation, void *block); /* reset.S */
void board_main(void);

_Noreturn void board_exit(int code) {
    uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)code};
    (void)semihosting(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void board_wait(bool (*empty)(void)) {
    /* A pending interrupt ends WFI even while masked, so none is slept through between look and sleep. */
    __asm volatile("csrc mstatus, %0" : : "r"(MSTATUS_MIE) : "memory");
    if (empty()) {
        __asm volatile("wfi" ::: "memory");
    }
    __asm volatile("csrs mstatus, %0" : : "r"(MSTATUS_MIE) : "memory");
}

__attribute__((interrupt, aligned(4))) static void on_trap(void) {
    uint32_t cause;
    __asm volatile("csrr %0, mcause" : "=r"(cause));
    if (cause != MCAUSE_EXTERNAL) {
        board_exit(STATUS_FAULT);
    }
    uint32_t source = CLAIM;
    if (source == UART_SOURCE) {
        uart_receive();
    }
    CLAIM = source;
}

void board_main(void) {
    __asm volatile("csrw mtvec, %0" : : "r"(on_trap));
    PRIORITY(UART_SOURCE) = 1;
    ENABLE_FIRST_32 = 1u << UART_SOURCE;
    __asm volatile("csrs mie, %0" : : "r"(MIE_EXTERNAL));
    __asm volatile("csrs mstatus, %0" : : "r"(MSTATUS_MIE) : "memory");
    board_exit(main(0, NULL));
}
