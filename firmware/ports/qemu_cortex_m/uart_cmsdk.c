/* UART of ARM's MPS2 and MPS3 boards (CMSDK APB UART, ARM DDI 0479): one byte each way, no FIFO. */
#include "board.h"

#ifdef BOARD_UART_CMSDK

#define UART ((volatile uint32_t *)BOARD_UART_CMSDK)
#define DATA UART[0]
#define STATE UART[1]
#define CTRL UART[2]
#define INT_CLEAR UART[3]
#define BAUD_DIVIDER UART[4]

#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_TX_ENABLE 1u
#define CTRL_RX_ENABLE 2u
#define CTRL_RX_INTERRUPT 8u
#define INT_RX 2u

void uart_start(void) {
    BAUD_DIVIDER = 16; /* the least that enables it */
    CTRL = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
}

void uart_receive(void) {
    INT_CLEAR = INT_RX;
    while ((STATE & STATE_RX_FULL) != 0) {
        received_put((uint8_t)(DATA & 0xFFu));
    }
}

void uart_send(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        while ((STATE & STATE_TX_FULL) != 0) {
        }
        DATA = bytes[i];
    }
}

#endif
