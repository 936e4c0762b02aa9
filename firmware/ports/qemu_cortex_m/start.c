/* Start-up for Cortex-M0 to M55: vector table, memory, main, exit status by semihosting. Only instructions of
 * ARMv6-M up to the point where the FPU is on. */
#include "board.h"

int main(int argc, char **argv); /* a main(void) ignores both, as the ABI lets it */

/* From memory.ld and sections.ld: addresses, not values. */
extern uint32_t image_data[], data_begin[], data_end[], bss_begin[], bss_end[], stack_top[];

/* Coprocessor access control, ARMv7-M and ARMv8-M manuals, B3.2.20: 3 = full access to CP10 and CP11. */
#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_FPU (0xFu << 20)
/* Interrupt set-enable registers of the NVIC. */
#define NVIC_ISER ((volatile uint32_t *)0xE000E100u)

/* Semihosting SYS_EXIT_EXTENDED takes a status on 32-bit machines too; reason: application exit. */
#define SYS_EXIT_EXTENDED 0x20u
#define APPLICATION_EXIT 0x20026u
#define STATUS_FAULT 99

_Noreturn void board_exit(int code) {
    uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)code};
    register uint32_t r0 __asm("r0") = SYS_EXIT_EXTENDED;
    register void *r1 __asm("r1") = block;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    for (;;) {
    }
}

void board_wait(bool (*empty)(void)) {
    /* A pending interrupt ends WFI even while masked, so none is slept through between look and sleep. */
    __asm volatile("cpsid i" ::: "memory");
    if (empty()) {
        __asm volatile("wfi" ::: "memory");
    }
    __asm volatile("cpsie i" ::: "memory");
}

/* Between two addresses of the linker script, which are no objects of one array for C. */
static size_t words_between(const uint32_t *begin, const uint32_t *end) {
    return ((uintptr_t)end - (uintptr_t)begin) / sizeof(uint32_t);
}

_Noreturn void board_reset(void);

_Noreturn void board_reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= CPACR_FPU;
    __asm volatile("dsb\n\tisb" ::: "memory");
#endif
    /* volatile: no call of memcpy before the memory is there */
    volatile uint32_t *data = data_begin;
    volatile uint32_t *bss = bss_begin;
    for (size_t i = words_between(data_begin, data_end); i > 0; i--) {
        data[i - 1u] = image_data[i - 1u];
    }
    for (size_t i = words_between(bss_begin, bss_end); i > 0; i--) {
        bss[i - 1u] = 0;
    }
    NVIC_ISER[BOARD_UART_IRQ / 32] = 1u << (BOARD_UART_IRQ % 32);
    board_exit(main(0, NULL));
}

static void on_fault(void) {
    board_exit(STATUS_FAULT);
}

typedef void (*vector_t)(void);

/* Initial stack pointer, exceptions 1..15, interrupts up to the UART's. */
static const struct {
    uint32_t *stack;
    vector_t handlers[15 + BOARD_UART_IRQ + 1];
} vectors __attribute__((section(".vectors"), used)) = {
    .stack = stack_top,
    .handlers = {[0] = board_reset, [1 ... 14] = on_fault, [15 + BOARD_UART_IRQ] = uart_receive},
};
