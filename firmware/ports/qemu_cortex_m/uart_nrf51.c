/* UART of the micro:bit (nRF51 reference manual, chapter 29): six bytes deep on reception. */
#include "board.h"

#ifdef BOARD_UART_NRF51

#define REGISTER(offset) (*(volatile uint32_t *)(BOARD_UART_NRF51 + (offset)))
#define START_RX REGISTER(0x000u)
#define START_TX REGISTER(0x008u)
#define RX_READY REGISTER(0x108u)
#define TX_READY REGISTER(0x11Cu)
#define INTERRUPT_SET REGISTER(0x304u)
#define ENABLE REGISTER(0x500u)
#define RX_DATA REGISTER(0x518u)
#define TX_DATA REGISTER(0x51Cu)
#define BAUD_RATE REGISTER(0x524u)

#define INTERRUPT_RX_READY (1u << 2)
#define ENABLED 4u
#define BAUD_1M 0x10000000u

void uart_start(void) {
    BAUD_RATE = BAUD_1M;
    ENABLE = ENABLED;
    INTERRUPT_SET = INTERRUPT_RX_READY;
    START_RX = 1;
    START_TX = 1;
}

void uart_receive(void) {
    while (RX_READY != 0) {
        RX_READY = 0; /* before the read: the read raises it again where more bytes wait */
        received_put((uint8_t)(RX_DATA & 0xFFu));
    }
}

void uart_send(const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        TX_READY = 0;
        TX_DATA = bytes[i];
        while (TX_READY == 0) {
        }
    }
}

#endif
