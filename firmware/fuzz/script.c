#include "script.h"

#define SHORTEST_RR_SAMPLES 40u

uint8_t script_u8(script_t *s) {
    if (s->left == 0) {
        return 0;
    }
    s->left--;
    return *s->at++;
}

uint16_t script_u16(script_t *s) {
    uint32_t low = script_u8(s);
    return (uint16_t)(low | ((uint32_t)script_u8(s) << 8));
}

uint32_t script_u32(script_t *s) {
    uint32_t low = script_u16(s);
    return low | ((uint32_t)script_u16(s) << 16);
}

static int16_t as_i16(uint32_t bits) {
    int32_t value = (int32_t)(bits & 0xFFFFu);
    return (int16_t)(value >= 0x8000 ? value - 0x10000 : value);
}

static int16_t clipped(int32_t value) {
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN + 1 ? INT16_MIN + 1 : value);
}

/* One beat in an interval of rr samples: a triangle of `height` adu, 2 * width samples wide, and a T wave. */
static size_t draw_beat(int16_t *x, size_t room, uint32_t rr, int32_t height, int32_t width) {
    size_t n = rr < room ? rr : room;
    for (size_t i = 0; i < n; i++) {
        int32_t off = (int32_t)i - width;
        int32_t qrs = width - (off < 0 ? -off : off);
        int32_t t = 12 - ((int32_t)i - 100) * ((int32_t)i - 100) / 16;
        /* A pattern without a period of its own keeps the line from being flat. */
        int32_t value = (qrs > 0 ? height * qrs / width : 0) + (t > 0 ? height * t / 60 : 0);
        x[i] = clipped(value + (int32_t)(i * i % 7u));
    }
    return n;
}

/* `count` beats of which every `odd`-th one comes early, wide and turned over. */
static size_t draw_beats(script_t *s, int16_t *x, size_t room, uint32_t count, bool odd_ones) {
    uint32_t rr = SHORTEST_RR_SAMPLES + 4u * script_u8(s);
    int32_t height = ((int32_t)script_u8(s) - 128) * 16;
    uint8_t shape = script_u8(s);
    int32_t width = 2 + shape % 16;
    uint32_t every = 2u + shape / 64u;
    size_t n = 0;
    for (uint32_t i = 0; i < count && n < room; i++) {
        bool odd = odd_ones && i % every == 1u;
        n += draw_beat(x + n, room - n, odd ? rr / 2u + 20u : rr, odd ? -height : height,
                       odd ? 2 * width : width);
    }
    return n;
}

static size_t draw_line(int16_t *x, size_t room, size_t count, int32_t from, int32_t step) {
    size_t n = count < room ? count : room;
    for (size_t i = 0; i < n; i++) {
        x[i] = clipped(from + (int32_t)i * step);
    }
    return n;
}

static size_t draw_noise(int16_t *x, size_t room, size_t count, uint32_t seed, uint32_t height) {
    size_t n = count < room ? count : room;
    uint32_t state = seed * 2654435761u + 1u;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = clipped((int32_t)((state >> 16) % (2u * height + 1u)) - (int32_t)height);
    }
    return n;
}

static size_t draw_missing(int16_t *x, size_t room, size_t count) {
    size_t n = count < room ? count : room;
    for (size_t i = 0; i < n; i++) {
        x[i] = INT16_MIN;
    }
    return n;
}

size_t script_samples(script_t *s, int16_t *x, size_t room) {
    uint8_t op = script_u8(s);
    uint32_t count = 1u + op / 8u;
    size_t n = 0;
    switch (op % 8u) {
    case 0:
        for (; n < count && n < room && s->left > 0; n++) {
            x[n] = as_i16(script_u16(s));
        }
        return n;
    case 1:
        return draw_line(x, room, 8u * (size_t)script_u8(s), as_i16(script_u16(s)), 0);
    case 2:
        return draw_beats(s, x, room, count, false);
    case 3:
        return draw_beats(s, x, room, count, true);
    case 4:
        return draw_missing(x, room, count * script_u8(s) / 4u);
    case 5:
        return draw_line(x, room, 8u * (size_t)script_u8(s), (op & 8u) != 0 ? INT16_MAX : -INT16_MAX, 0);
    case 6:
        return draw_line(x, room, script_u8(s), as_i16(script_u16(s)), (int32_t)script_u8(s) - 128);
    default:
        return draw_noise(x, room, 8u * (size_t)script_u8(s), script_u8(s), count * count * 8u);
    }
}
