/* link_frame.h - frames on the wire, and the parser that finds them again.
 *
 *   wire   ...  0x00 | COBS(body) | 0x00 | COBS(body) | 0x00 ...
 *   body   byte 0        type     LINK_MSG_* (link_msg.h)
 *          byte 1        session  0 = none; else the number that the host chose when it started the replay.
 *                                 A device that was reset answers with 0, so the host notices.
 *          byte 2        seq      counts the frames of one direction, modulo 256; a jump means lost frames
 *          byte 3..      payload  0..LINK_PAYLOAD_MAX bytes, little-endian, laid out in link_msg.h
 *          last 2 bytes  crc      CRC-16/CCITT-FALSE of everything before, low byte first
 *
 * A body has at most 254 bytes, so COBS adds exactly one. Empty frames (two delimiters in a row) are allowed
 * and ignored: a sender may put a delimiter in front of a frame to end whatever garbage came before. */
#ifndef LINK_FRAME_H
#define LINK_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define LINK_BODY_MAX 254u
#define LINK_HEADER_BYTES 3u
#define LINK_CRC_BYTES 2u
#define LINK_PAYLOAD_MAX (LINK_BODY_MAX - LINK_HEADER_BYTES - LINK_CRC_BYTES) /* 249 */

/* A frame under construction, and then on its way: bytes[0] is a delimiter that may be left out,
 * bytes[1] COBS' code byte, from LINK_TX_PAYLOAD on the payload. Owned by the sender. */
#define LINK_TX_PAYLOAD (2u + LINK_HEADER_BYTES)
#define LINK_TX_BYTES (LINK_BODY_MAX + 3u)
typedef struct {
    uint8_t bytes[LINK_TX_BYTES];
} link_tx_t;

/* Closes a frame whose payload of payload_bytes (0..LINK_PAYLOAD_MAX) already lies at
 * &tx->bytes[LINK_TX_PAYLOAD]. Returns the number of bytes in tx->bytes, both delimiters included
 * (send all of them, or all but the first); 0 if payload_bytes is too large. */
size_t link_frame_close(link_tx_t *tx, uint8_t type, uint8_t session, uint8_t seq, size_t payload_bytes);

/* A received frame. payload points into the parser and is valid until its next byte. */
typedef struct {
    const uint8_t *payload;
    uint8_t payload_bytes; /* 0..LINK_PAYLOAD_MAX */
    uint8_t type;
    uint8_t session;
    uint8_t seq;
} link_frame_t;

/* The parser: owned by the receiver, set up by link_parser_init, else written by link_parser_push only. */
typedef struct {
    uint8_t bytes[LINK_BODY_MAX + 1u]; /* the frame being received, before COBS */
    uint16_t fill;            /* bytes in it; LINK_BODY_MAX + 2 = too long, skipped up to the delimiter */
    uint16_t bad_frames;      /* frames with wrong COBS, length or CRC, modulo 2^16 */
    uint16_t lost_frames;     /* frames missing by their seq, modulo 2^16 */
    uint16_t repeated_frames; /* frames with the seq of the one before, modulo 2^16 */
    uint8_t last_seq;         /* of the last good frame */
    uint8_t seq_known;        /* 0 until the first good frame */
} link_parser_t;

void link_parser_init(link_parser_t *p);

/* Takes one byte. Returns 1: a good frame is in *frame; 0: nothing yet; -1: a damaged frame just ended. */
int link_parser_push(link_parser_t *p, uint8_t byte, link_frame_t *frame);

#endif
