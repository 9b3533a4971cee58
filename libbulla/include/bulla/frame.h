/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames between reader and seal, in the manner of ISO/IEC 18000-7 (the draft of ISO 18185 leaves the data link
 * open; no conformance to a text that it does not contain is claimed). Big-endian:
 *
 *   to a seal      0x40, options, length, [maker 2, serial 4], session 2, code, arguments, CRC 2
 *                  options 0x04: to all that hear; 0x06: to one, whose maker and serial follow
 *   from a seal    0x40, status 2, length, session 2, maker 2, serial 4, code, data, CRC 2
 *
 * `length` counts all from the first byte to the CRC. `session` is the reader's, and a seal repeats it: two
 * readers in reach tell their answers apart by it. Nothing in such a frame proves who sent it.
 *
 * Which of the two a frame is its preamble says (or the wire it came by); both begin alike. The CRC is that of
 * bulla/crc.h over all before it, from 0xFFFF or 0x0000; a decoder says which.
 *
 * `fault->at` counts bytes.
 */
#ifndef BULLA_FRAME_H
#define BULLA_FRAME_H

#include "bulla/api.h"
#include "bulla/block.h"
#include "bulla/fault.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_ORDER_TABLE(X) /* name, code, text; bit 7 writes where the same code without it reads; arguments: bulla/link.h */ \
    X(COLLECT,       0x1F, "collect")       /* to all: window 2, longest answer 1, kind of data 1 */     \
    X(SLEEP,         0x15, "sleep")                                                                      \
    X(SLEEP_ALL_BUT, 0x16, "sleep-all-but") /* to all: maker 2, serial 4 */                              \
    X(FIRMWARE,      0x0C, "firmware")                                                                   \
    X(MODEL,         0x0E, "model")                                                                      \
    X(READ_DATA,     0x70, "read-data")                                                                  \
    X(READ_MEMORY,   0x60, "read-memory")                                                                \
    X(WRITE_MEMORY,  0xE0, "write-memory")                                                               \
    X(BEEP,          0xE1, "beep")                                                                       \
    X(STATUS,        0x30, "status")        /* from here on our own */                                   \
    X(READ_LOG,      0x31, "read-log")                                                                   \
    X(GET_CLOCK,     0x32, "get-clock")                                                                  \
    X(SET_CLOCK,     0xB2, "set-clock")                                                                  \
    X(GET_SETTING,   0x33, "get-setting")                                                                \
    X(CONFIGURE,     0xB3, "configure")                                                                  \
    X(FILE_ABOUT,    0x34, "file-about")                                                                 \
    X(FILE_BEGIN,    0xB4, "file-begin")                                                                 \
    X(READ_FILE,     0x35, "read-file")                                                                  \
    X(WRITE_FILE,    0xB5, "write-file")                                                                 \
    X(LOCATE,        0x36, "locate")                                                                     \
    X(SEAL,          0xC0, "seal")                                                                       \
    X(UNSEAL,        0xC1, "unseal")                                                                     \
    X(INITIALISE,    0xC2, "initialise")                                                                 \
    X(RETURN,        0xC3, "return")                                                                     \
    X(RETIRE,        0xC4, "retire")                                                                     \
    X(ACKNOWLEDGE,   0xC5, "acknowledge")                                                                \
    X(FLIGHT_BEGIN,  0xC6, "flight-begin")                                                               \
    X(FLIGHT_END,    0xC7, "flight-end")                                                                 \
    X(COMMISSION,    0xC8, "commission")                                                                 \
    X(HELLO,         0x50, "hello")         /* the two orders that open a session, and what it carries */ \
    X(PROVE,         0x51, "prove")                                                                      \
    X(WRAPPED,       0x52, "wrapped")

#define BULLA_REPLY_TABLE(X) /* bits of a seal's status, counted from the least significant one: name, first bit, width */ \
    X(SERVICE, 0,  1)  /* something must be done: see its data */         \
    X(KIND,    3,  3)  /* of seal, a maker's number */                    \
    X(REFUSED, 8,  1)  /* the data: why, BULLA_NACK_TABLE; and the device's own reason, BULLA_REFUSAL_TABLE, or 0 */ \
    X(ALARM,   11, 1)  /* tampered with */                                \
    X(MODE,    12, 4)

#define BULLA_NACK_TABLE(X) \
    X(CODE,          0x01, "code")          /* no such order */                    \
    X(PARAMETER,     0x02, "parameter")                                            \
    X(NOT_FOUND,     0x04, "not-found")                                            \
    X(CANNOT_CREATE, 0x06, "cannot-create")                                        \
    X(AUTHORITY,     0x08, "authority")     /* that needs a session, or a ticket */ \
    X(READ_ONLY,     0x09, "read-only")                                            \
    X(SEQUENCE,      0x40, "sequence")                                             \
    X(BOUNDARY,      0x41, "boundary")
/* clang-format on */

enum bulla_order {
#define X(name, code, text) BULLA_ORDER_##name = code,
    BULLA_ORDER_TABLE(X)
#undef X
};

enum bulla_nack {
#define X(name, code, text) BULLA_NACK_##name = code,
    BULLA_NACK_TABLE(X)
#undef X
};

enum bulla_reply_bits {
#define X(name, first, width) BULLA_REPLY_##name = ((1u << (width)) - 1) << (first),
    BULLA_REPLY_TABLE(X)
#undef X
};

#define BULLA_FRAME_MAX 255

struct bulla_address {
    uint16_t maker;
    uint32_t serial;
};

struct bulla_frame { /* to a seal, or from one */
    bool to_all;     /* to a seal: the address counts for nothing */
    uint8_t start;   /* BULLA_START_FFFF or BULLA_START_0000 */
    uint8_t code;    /* any; enum bulla_order where it is one of those */
    uint16_t status; /* from a seal: enum bulla_reply_bits */
    uint16_t session;
    struct bulla_address address;
    struct bulla_bytes data; /* arguments or answer; decoded, a view of what was decoded */
};

/* MORE: bytes are missing; DAMAGED: too many, a length that cannot be, or the CRC; NOT_MINE: another protocol; INSANE: options. */
enum bulla_status bulla_frame_decode_to_seal(struct bulla_bytes bytes, enum bulla_start accepted, struct bulla_frame *frame,
                                             struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_frame_decode_from_seal(struct bulla_bytes bytes, enum bulla_start accepted, struct bulla_frame *frame,
                                               struct bulla_fault *fault) BULLA_MUST_CHECK;

/* How long the frame that begins here is, as its third or fourth byte says: for streams. 0: that byte is not there yet. */
size_t bulla_frame_length(struct bulla_bytes bytes, bool from_seal);

/* Sets *n. REFUSED: the data are longer than a frame holds, or `start` is none; FULL: than `bytes`. */
enum bulla_status bulla_frame_encode_to_seal(const struct bulla_frame *frame, uint8_t *bytes, size_t size, size_t *n,
                                             struct bulla_fault *fault) BULLA_MUST_CHECK;
enum bulla_status bulla_frame_encode_from_seal(const struct bulla_frame *frame, uint8_t *bytes, size_t size, size_t *n,
                                               struct bulla_fault *fault) BULLA_MUST_CHECK;

const char *bulla_order_text(unsigned code);     /* "" : none of the table */
const char *bulla_nack_text(unsigned reason); /* "" : none of the table */

BULLA_END

#endif
