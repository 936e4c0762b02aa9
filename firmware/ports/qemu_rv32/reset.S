/* First instructions on QEMU's `virt` machine: a stack, zeroed memory, then C. */
    .section .text.reset, "ax"
    .globl board_reset
board_reset:
    la sp, stack_top
    la a0, bss_begin
    la a1, bss_end
1:  bgeu a0, a1, 2f
    sw zero, 0(a0)
    addi a0, a0, 4
    j 1b
2:  call board_main
    j .

/* int semihosting(int operation, void *block): the sequence that QEMU and debuggers look for, uncompressed. */
    .globl semihosting
    .balign 16
semihosting:
    .option push
    .option norvc
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    .option pop
    ret
