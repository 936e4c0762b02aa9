/* NS16550A of QEMU's `virt` machine, FIFOs of 16 bytes on. */
#include "board.h"

#define UART ((volatile uint8_t *)0x10000000u)
#define DATA UART[0]
#define INTERRUPT_ENABLE UART[1]
#define FIFO_CONTROL UART[2]
#define LINE_CONTROL UART[3]
#define MODEM_CONTROL UART[4]
#define LINE_STATUS UART[5]

#define RX_INTERRUPT 1u
#define FIFOS_ON_TRIGGER_1 0x07u
#define EIGHT_BITS 3u
#define INTERRUPT_LINE_ON 8u
#define RX_READY 1u
#define TX_EMPTY 0x20u

void uart_start(void) {
    LINE_CONTROL = EIGHT_BITS;
    FIFO_CONTROL = FIFOS_ON_TRIGGER_1;
    MODEM_CONTROL = INTERRUPT_LINE_ON;
    INTERRUPT_ENABLE = RX_INTERRUPT;
}

void uart_receive(void) {
    while ((LINE_STATUS & RX_READY) != 0) {
        received_put(DATA);
    }
}

void uart_send(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        while ((LINE_STATUS & TX_EMPTY) == 0) {
        }
        DATA = bytes[i];
    }
}
