/* board.h - what the emulated boards share, and what each of them provides. Nothing here is for the core.
 *
 *   uart_*        uart_cmsdk.c, uart_nrf51.c, uart_16550.c, console_sim.c: one of them is in the image
 *   board_*       start-up code of the architecture
 *   received_put  port_uart.c */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets up the UART and lets its receiver interrupt, if there are interrupts. Baud rates mean nothing here. */
void uart_start(void);

/* Moves every byte that the receiver holds to received_put. Called by the interrupt, and by a port without
 * interrupts. */
void uart_receive(void);

/* Sends n bytes, waiting for the transmitter. */
void uart_send(const uint8_t *bytes, size_t n);

/* Keeps one received byte for port_read. From uart_receive only. */
void received_put(uint8_t byte);

/* Waits until an interrupt is pending, if *empty still holds with interrupts off; may return early. */
void board_wait(bool (*empty)(void));

/* Ends the emulator with this exit status (semihosting). */
_Noreturn void board_exit(int code);

#endif
