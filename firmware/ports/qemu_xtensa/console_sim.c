/* Console of QEMU's Xtensa simulator as the UART: with -serial, descriptors 0 and 1 are the byte stream. */
#include "board.h"

int main(int argc, char **argv); /* a main(void) ignores both, as the ABI lets it */

#define CALL_EXIT 1
#define CALL_READ 3
#define CALL_WRITE 4
#define CONSOLE_IN 0
#define CONSOLE_OUT 1

#define READ_BYTES 16u

int simulator_call(int operation, int a, int b, int c); /* reset.S */
void board_main(void);

_Noreturn void board_exit(int code) {
    (void)simulator_call(CALL_EXIT, code, 0, 0);
    for (;;) {
    }
}

void board_wait(bool (*empty)(void)) {
    (void)empty; /* the simulator has no interrupt to wait for */
}

void uart_start(void) {
}

void uart_receive(void) {
    uint8_t bytes[READ_BYTES];
    int n = simulator_call(CALL_READ, CONSOLE_IN, (int)(intptr_t)bytes, (int)sizeof bytes);
    for (int i = 0; i < n; i++) {
        received_put(bytes[i]);
    }
}

void uart_send(const uint8_t *bytes, size_t n) {
    while (n > 0) {
        int sent = simulator_call(CALL_WRITE, CONSOLE_OUT, (int)(intptr_t)bytes, (int)n);
        if (sent > 0) {
            bytes += sent;
            n -= (size_t)sent;
        }
    }
}

void board_main(void) {
    board_exit(main(0, NULL));
}
