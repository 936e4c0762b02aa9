/* First instructions on a core with windowed registers, and its six window exceptions as the Xtensa ISA
 * reference manual (4.7.1.5, "Windowed Register Option Exception handlers") has them. */
    .section .reset, "ax"
    .globl board_reset
board_reset:
    j 1f
    .align 4
stack:
    .long stack_top - 32
begin:
    .long bss_begin
end:
    .long bss_end
entry:
    .long board_main
vectors_at:
    .long window_vectors
window_on:
    .long 0x40000
1:  l32r a2, vectors_at
    wsr a2, vecbase
    movi a2, 0
    wsr a2, windowbase
    rsync
    movi a2, 1
    wsr a2, windowstart
    rsync
    l32r a2, window_on
    wsr a2, ps
    rsync
    l32r a1, stack
    l32r a2, begin
    l32r a3, end
    movi a4, 0
    movi a0, 0
2:  bgeu a2, a3, 3f
    s32i a4, a2, 0
    addi a2, a2, 4
    j 2b
3:  l32r a8, entry
    callx8 a8
4:  j 4b

    .section .vectors, "ax"
    .globl window_vectors
    .align 4
window_vectors:
    s32e a0, a5, -16
    s32e a1, a5, -12
    s32e a2, a5, -8
    s32e a3, a5, -4
    rfwo
    .org 0x40
    l32e a0, a5, -16
    l32e a1, a5, -12
    l32e a2, a5, -8
    l32e a3, a5, -4
    rfwu
    .org 0x80
    s32e a0, a9, -16
    l32e a0, a1, -12
    s32e a1, a9, -12
    s32e a2, a9, -8
    s32e a3, a9, -4
    s32e a4, a0, -32
    s32e a5, a0, -28
    s32e a6, a0, -24
    s32e a7, a0, -20
    rfwo
    .org 0xC0
    l32e a0, a9, -16
    l32e a1, a9, -12
    l32e a2, a9, -8
    l32e a7, a1, -12
    l32e a3, a9, -4
    l32e a4, a7, -32
    l32e a5, a7, -28
    l32e a6, a7, -24
    l32e a7, a7, -20
    rfwu
    .org 0x100
    s32e a0, a13, -16
    l32e a0, a1, -12
    s32e a1, a13, -12
    s32e a2, a13, -8
    s32e a3, a13, -4
    s32e a4, a0, -48
    s32e a5, a0, -44
    s32e a6, a0, -40
    s32e a7, a0, -36
    s32e a8, a0, -32
    s32e a9, a0, -28
    s32e a10, a0, -24
    s32e a11, a0, -20
    rfwo
    .org 0x140
    l32e a0, a13, -16
    l32e a1, a13, -12
    l32e a2, a13, -8
    l32e a11, a1, -12
    l32e a3, a13, -4
    l32e a4, a11, -48
    l32e a5, a11, -44
    l32e a6, a11, -40
    l32e a7, a11, -36
    l32e a8, a11, -32
    l32e a9, a11, -28
    l32e a10, a11, -24
    l32e a11, a11, -20
    rfwu

/* int simulator_call(int operation, int a, int b, int c) */
    .text
    .globl simulator_call
    .align 4
simulator_call:
    entry a1, 32
    .byte 0x00, 0x51, 0x00
    retw
