/* Port of the emulated boards: a ring of received bytes between the UART's interrupt and the main loop. */
#include "board.h"
#include "port.h"

/* A whole window of samples with its frames and acknowledgements, see LINK_WINDOW_SAMPLES; a power of two. */
#define RING_BYTES 2048u
_Static_assert((RING_BYTES & (RING_BYTES - 1u)) == 0, "positions are masked");

/* One writer (the interrupt, `ring_head`), one reader (the main loop, `ring_tail`); both count bytes modulo
 * 2^32, so head - tail are in the ring. */
static volatile uint8_t ring[RING_BYTES];
static volatile uint32_t ring_head;
static volatile uint32_t ring_tail;

void received_put(uint8_t byte) {
    uint32_t head = ring_head;
    if (head - ring_tail < RING_BYTES) { /* else the byte is lost, as on a real UART; the link repairs it */
        ring[head & (RING_BYTES - 1u)] = byte;
        ring_head = head + 1u;
    }
}

static bool ring_empty(void) {
    return ring_head == ring_tail;
}

int port_init(int argc, char **argv) {
    (void)argc;
    (void)argv;
    uart_start();
    return 0;
}

size_t port_rx_bytes(void) {
    return RING_BYTES;
}

size_t port_read(uint8_t *dst, size_t max) {
    size_t n = 0;
#ifdef BOARD_POLLED
    if (ring_empty()) {
        uart_receive();
    }
#endif
    uint32_t tail = ring_tail;
    while (n < max && tail != ring_head) {
        dst[n++] = ring[tail & (RING_BYTES - 1u)];
        tail++;
    }
    ring_tail = tail;
    return n;
}

void port_write(const uint8_t *src, size_t n) {
    uart_send(src, n);
}

void port_idle(void) {
    board_wait(ring_empty);
}

bool port_alive(void) {
    return true;
}
