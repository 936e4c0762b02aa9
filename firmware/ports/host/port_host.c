/* Port of the emulator: the UART is a TCP socket on 127.0.0.1.
 *   --port N   listen there; 0 (default) = any free port
 *   --once     end when the client goes, or if none comes within a minute (default)
 *   --keep     wait for the next client instead; the firmware's state stays, as on a board
 *   --tied     end when the standard input ends: with the program that started it, however that ended
 *   --adc F    live mode: an ADC that gives the samples of a file, see sim_adc.h
 *   --speed X  of the ADC, multiple of real time; 0 = as fast as they are worked off; 1 by default
 *   --led      the LED's changes as lines on stderr
 *   --loop     the file again and again; by default the electrodes come off after it
 * Prints one line, socket://127.0.0.1:PORT, once it listens. Ends on SIGTERM and SIGINT. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "port.h"
#include "sim_adc.h"

/* No wait is longer, so that a signal that comes just before one is noticed soon. */
#define WAIT_MS 500
#define FIRST_CLIENT_WAITS 120
#define BUFFER_BYTES 8192u
#define LIVE_SEND_BYTES 65536
#define TURNS_PER_LOOK 4096u

static int listener = -1;
static int client = -1;
static bool keep;
static bool tied;
static unsigned turns_to_look;
static bool ended;
static volatile sig_atomic_t told_to_end;
static uint8_t in_bytes[BUFFER_BYTES]; /* received, not yet read: [in_at, in_fill) */
static size_t in_at, in_fill;
static uint8_t out_bytes[BUFFER_BYTES]; /* written, not yet sent: one system call for many frames */
static size_t out_fill;

static void on_signal(int number) {
    (void)number;
    told_to_end = 1;
}

static void drop_client(void) {
    if (client >= 0) {
        (void)close(client);
    }
    client = -1;
    in_at = in_fill = out_fill = 0;
    ended = ended || !keep;
}

/* Waits for the descriptor; false on a signal, an error or a timeout. */
static bool wait_for(int fd, short events, int timeout_ms) {
    struct pollfd p = {.fd = fd, .events = events, .revents = 0};
    return poll(&p, 1, timeout_ms) > 0;
}

static void send_all(void) {
    size_t at = 0;
    while (client >= 0 && at < out_fill && !told_to_end) {
        ssize_t n = send(client, out_bytes + at, out_fill - at, MSG_NOSIGNAL);
        if (n > 0) {
            at += (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            (void)wait_for(client, POLLOUT, WAIT_MS);
        } else if (n == 0 || errno != EINTR) {
            drop_client();
        }
    }
    out_fill = 0;
}

/* Waits so long for a client; gives up after a minute without a first one, unless told to keep waiting. */
static void accept_client(int wait_ms) {
    static int waits;
    if (!wait_for(listener, POLLIN, wait_ms)) {
        waits += wait_ms == WAIT_MS;
        ended = ended || (!keep && waits >= FIRST_CLIENT_WAITS);
        return;
    }
    client = accept(listener, NULL, NULL);
    if (client >= 0) {
        int on = 1;
        (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (port_has_adc()) { /* a client that does not read is to hold up the main loop, as over USB */
            int bytes = LIVE_SEND_BYTES;
            (void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
        }
        (void)fcntl(client, F_SETFL, O_NONBLOCK);
    }
}

static int start_listening(long port) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int on = 1;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        (void)fprintf(stderr, "emulator: cannot listen on 127.0.0.1:%ld: %s\n", port, strerror(errno));
        return 4;
    }
    (void)printf("socket://127.0.0.1:%u\n", (unsigned)ntohs(address.sin_port));
    (void)fflush(stdout);
    return 0;
}

static int usage(const char *program) {
    (void)fprintf(
        stderr,
        "usage: %s [--port 0..65535] [--once | --keep] [--tied] [--adc FILE [--speed X] [--loop] [--led]]\n",
        program);
    return 3;
}

/* Returns false for anything but a number from low to high. */
static bool parse_number(const char *text, double low, double high, double *value) {
    char *end = NULL;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value >= low && *value <= high;
}

int port_init(int argc, char **argv) {
    sim_adc_options_t adc = {.path = NULL, .speed = 1, .loop = false, .led = false};
    double port = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        bool good = true;
        if (strcmp(argv[i], "--keep") == 0) {
            keep = true;
        } else if (strcmp(argv[i], "--once") == 0) {
            keep = false;
        } else if (strcmp(argv[i], "--tied") == 0) {
            tied = true;
        } else if (strcmp(argv[i], "--loop") == 0) {
            adc.loop = true;
        } else if (strcmp(argv[i], "--led") == 0) {
            adc.led = true;
        } else if (strcmp(argv[i], "--adc") == 0) {
            good = ++i < argc;
            adc.path = value;
        } else if (strcmp(argv[i], "--speed") == 0) {
            good = ++i < argc && parse_number(value, 0, 1e6, &adc.speed);
        } else {
            good = strcmp(argv[i], "--port") == 0 && ++i < argc && parse_number(value, 0, 65535, &port);
        }
        if (!good) {
            return usage(argv[0]);
        }
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; /* without SA_RESTART: poll returns */
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    if (adc.path != NULL) {
        int code = sim_adc_open(&adc);
        if (code != 0) {
            return code + 1;
        }
    }
    return start_listening((long)port);
}

size_t port_rx_bytes(void) {
    return 65536u; /* the socket's own buffers hold the sender back: no byte is ever lost */
}

size_t port_read(uint8_t *dst, size_t max) {
    if (client < 0) { /* an acquisition that goes on at full speed never idles: look here, too */
        accept_client(0);
    }
    if (in_at == in_fill && client >= 0) {
        send_all();
        ssize_t n = client >= 0 ? recv(client, in_bytes, sizeof in_bytes, 0) : -1;
        in_at = 0;
        in_fill = n > 0 ? (size_t)n : 0;
        if (client >= 0 && (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))) {
            drop_client();
        }
    }
    size_t n = in_fill - in_at < max ? in_fill - in_at : max;
    memcpy(dst, in_bytes + in_at, n);
    in_at += n;
    return n;
}

void port_write(const uint8_t *src, size_t n) {
    if (client < 0) {
        return; /* nobody listens: as on a UART, the bytes are gone */
    }
    if (out_fill + n > sizeof out_bytes) {
        send_all();
    }
    memcpy(out_bytes + out_fill, src, n);
    out_fill += n;
}

void port_idle(void) {
    turns_to_look = 0;
    if (client < 0) {
        accept_client(sim_adc_wait_ms(WAIT_MS));
        return;
    }
    send_all();
    if (client >= 0) {
        (void)wait_for(client, POLLIN, sim_adc_wait_ms(WAIT_MS));
    }
}

/* Whether the standard input has ended: looked at after each wait, and now and then while there is none. */
static bool parent_gone(void) {
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    char byte;
    if (!tied || turns_to_look-- > 0) {
        return false;
    }
    turns_to_look = TURNS_PER_LOOK;
    return poll(&p, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

bool port_alive(void) {
    ended = ended || parent_gone();
    if (ended || told_to_end) {
        drop_client();
        if (listener >= 0) {
            (void)close(listener);
        }
        listener = -1;
        return false;
    }
    return true;
}
