/* First instructions at the LX106's reset vector in QEMU's simulator: a stack, zeroed memory, then C; and the
 * simulator's calls. The addresses stand between jump and code because L32R reaches backwards only. */
    .section .text.reset, "ax"
    .globl board_reset
board_reset:
    j 1f
    .align 4
stack:
    .word stack_top
begin:
    .word bss_begin
end:
    .word bss_end
entry:
    .word board_main
1:  l32r a1, stack
    l32r a2, begin
    l32r a3, end
    movi a4, 0
2:  bgeu a2, a3, 3f
    s32i a4, a2, 0
    addi a2, a2, 4
    j 2b
3:  l32r a0, entry
    callx0 a0
4:  j 4b

/* int simulator_call(int operation, int a, int b, int c): SIMCALL, an opcode this assembler does not know. */
    .text
    .globl simulator_call
    .align 4
simulator_call:
    .byte 0x00, 0x51, 0x00
    ret
