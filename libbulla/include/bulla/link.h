/* SPDX-License-Identifier: Apache-2.0
 *
 * What reader and seal say to each other: the data of the frames of bulla/frame.h, in the manner of ISO/IEC 18000-7
 * where that has an order for it (collect, sleep, model, firmware, memory), and our own orders from 0x30 on.
 *
 * BULLA_LINK_TABLE says of each order who may give it, whether it may go to all, and which event of the device it is
 * (bulla/device.h); BULLA_LINK_FIELD_TABLE says what it carries, asked and answered, field after field. Encoding and
 * decoding know no order: they go through the tables.
 *
 * Numbers are big-endian. A field of 0 bytes is the rest; each order has at most one and it is the last. What is
 * longer than a frame is asked for again from where it ended: memory and files by offset, the log by counter.
 *
 * `fault->at` counts bytes of the data.
 */
#ifndef BULLA_LINK_H
#define BULLA_LINK_H

#include "bulla/api.h"
#include "bulla/authority.h"
#include "bulla/frame.h"

BULLA_BEGIN

#define BULLA_LINK_SLOT_US  57300 /* a slot of a collection, as ISO/IEC 18000-7 has it */
#define BULLA_LINK_AWAKE_MS 30000 /* how long a seal stays out of the collections of a reader that sent it to sleep */
#define BULLA_LINK_CHUNK    192   /* bytes of memory or file in one message: beside a session's overhead, a multiple of 8 */
#define BULLA_LINK_VALUES   20

/* clang-format off */
#define BULLA_ACCESS_TABLE(X) /* access, number, text */                                                           \
    X(OPEN,    0, "open")    /* a frame is enough: it tells or changes nothing that needs proof */                 \
    X(SESSION, 1, "session") /* from a reader that proved itself; or a bare frame, where the seal was given no keys */ \
    X(TICKET,  2, "ticket")  /* as above, with a ticket for this seal and this once */

#define BULLA_LINK_TABLE(X) /* order, access, to all, event of the device, right of a session that it needs */ \
    X(COLLECT, OPEN, true, STATUS, NONE) \
    X(SLEEP, OPEN, false, STATUS, NONE) \
    X(SLEEP_ALL_BUT, OPEN, true, STATUS, NONE) \
    X(FIRMWARE, OPEN, false, STATUS, NONE) \
    X(MODEL, OPEN, false, STATUS, NONE) \
    X(READ_DATA, OPEN, false, STATUS, NONE) \
    X(BEEP, OPEN, false, STATUS, NONE) \
    X(STATUS, OPEN, false, STATUS, NONE) \
    X(GET_CLOCK, OPEN, false, STATUS, NONE) \
    X(FLIGHT_END, OPEN, true, FLIGHT_END, NONE) \
    X(HELLO, OPEN, false, STATUS, NONE) \
    X(PROVE, OPEN, false, STATUS, NONE) \
    X(WRAPPED, OPEN, false, STATUS, NONE) \
    X(READ_MEMORY, SESSION, false, READ, READ) \
    X(READ_LOG, SESSION, false, READ, EXPORT) \
    X(GET_SETTING, SESSION, false, READ, READ) \
    X(FILE_ABOUT, SESSION, false, READ, READ) \
    X(READ_FILE, SESSION, false, READ, READ) \
    X(WRITE_MEMORY, SESSION, false, WRITE, WRITE) /* as an event WRITE or ADD, as the zone has it */ \
    X(FILE_BEGIN, SESSION, false, ADD, WRITE) \
    X(WRITE_FILE, SESSION, false, ADD, WRITE) \
    X(SET_CLOCK, SESSION, false, CALIBRATE, CLOCK) \
    X(CONFIGURE, SESSION, false, CONFIGURE, CONFIGURE) \
    X(LOCATE, SESSION, false, LOCATE, READ) \
    X(INITIALISE, SESSION, false, INITIALISE, WRITE) \
    X(RETURN, SESSION, false, RETURN, UNSEAL) \
    X(RETIRE, SESSION, false, RETIRE, RETIRE) \
    X(ACKNOWLEDGE, SESSION, false, ACKNOWLEDGE, WRITE) \
    X(FLIGHT_BEGIN, SESSION, false, FLIGHT_BEGIN, CONFIGURE) \
    X(COMMISSION, SESSION, false, COMMISSION, COMMISSION) \
    X(SEAL, TICKET, false, SEAL, SEAL) \
    X(UNSEAL, TICKET, false, UNSEAL, UNSEAL)

#define BULLA_PLACE_FIELDS(X, order) /* where the reader is, and which one: into the rings of GB/T 23678, table A.1 */             \
    X(order, ASK, 0, LATITUDE,  4, 0, UINT32_MAX, "latitude",  "1e-7 degrees, signed; 0x80000000: not given")                     \
    X(order, ASK, 1, LONGITUDE, 4, 0, UINT32_MAX, "longitude", "the same")                                                        \
    X(order, ASK, 2, READER,    4, 0, UINT32_MAX, "reader",    "its number; in a session that of its authority counts")           \
    X(order, ASK, 3, TICKET,    0, 0, 160,        "ticket",    "bulla/ticket.h; nothing where none is needed")

#define BULLA_LINK_FIELD_TABLE(X) /* order, asked or answered, place in `value`, field, bytes (0: the rest), least, greatest (of the rest: bytes), name, meaning */ \
    X(COLLECT, ASK, 0, WINDOW,  2, 1, 0xFFFF, "window",  "slots; a seal answers in one of them, by chance")                       \
    X(COLLECT, ASK, 1, LONGEST, 1, 0, 255,    "longest", "bytes of an answering frame; who has more to say is silent; 0: any")    \
    X(COLLECT, ASK, 2, KIND,    1, 0, 0,      "kind",    "of data: 0 the block")                                                  \
    X(COLLECT, ANSWER, 0, KIND,  1, 0, 0,     "kind",    "as asked")                                                              \
    X(COLLECT, ANSWER, 1, BLOCK, 0, 16, 128,  "block",   "chain of ISO/DIS 18185 (bulla/block.h), as it is")                      \
    X(SLEEP_ALL_BUT, ASK, 0, MAKER,  2, 0, 0xFFFF,     "maker",  "of the one that stays awake")                                   \
    X(SLEEP_ALL_BUT, ASK, 1, SERIAL, 4, 0, UINT32_MAX, "serial", "the same")                                                      \
    X(FIRMWARE, ANSWER, 0, VERSION, 4, 0, UINT32_MAX, "version", "of the firmware")                                               \
    X(MODEL, ANSWER, 0, MODEL,   4, 0, UINT32_MAX, "model",   "the maker's number")                                               \
    X(MODEL, ANSWER, 1, PROFILE, 1, 1, 5,          "profile", "enum bulla_profile")                                               \
    X(READ_DATA, ANSWER, 0, BLOCK, 0, 16, 128, "block", "as with collect")                                                        \
    X(BEEP, ASK, 0, TIMES, 1, 1, 10, "times", "")                                                                                 \
    X(STATUS, ANSWER, 0,  PROFILE,     1, 1, 5,          "profile",     "enum bulla_profile")                                     \
    X(STATUS, ANSWER, 1,  STATE,       1, 1, 15,         "state",       "enum bulla_device_state")                                \
    X(STATUS, ANSWER, 2,  SHOWS,       1, 0, 4,          "shows",       "enum bulla_shows")                                       \
    X(STATUS, ANSWER, 3,  PASSAGE,     1, 0, 4,          "passage",     "enum bulla_passage")                                     \
    X(STATUS, ANSWER, 4,  MODES,       4, 0, UINT32_MAX, "modes",       "bits of BULLA_MODE")                                     \
    X(STATUS, ANSWER, 5,  JOURNEYS,    4, 0, UINT32_MAX, "journeys",    "")                                                       \
    X(STATUS, ANSWER, 6,  SPENT,       4, 0, UINT32_MAX, "spent",       "counter of the last ticket")                             \
    X(STATUS, ANSWER, 7,  BATTERY,     1, 0, 100,        "battery",     "percent")                                                \
    X(STATUS, ANSWER, 8,  TEMPERATURE, 1, 0, 255,        "temperature", "degrees C, signed; -128: not known")                     \
    X(STATUS, ANSWER, 9,  SHACKLE,     1, 0, 1,          "shackle",     "1: out")                                                 \
    X(STATUS, ANSWER, 10, KEYS,        1, 0, 1,          "keys",        "1: it has some, and wants proof")                        \
    X(STATUS, ANSWER, 11, OLDEST,      4, 0, UINT32_MAX, "oldest",      "counter of the first record in the log")                 \
    X(STATUS, ANSWER, 12, NEXT,        4, 0, UINT32_MAX, "next",        "counter after the last one")                             \
    X(STATUS, ANSWER, 13, REFUSED,     4, 0, UINT32_MAX, "refused",     "events and orders; this and what follows are counts")    \
    X(STATUS, ANSWER, 14, DAMAGED,     4, 0, UINT32_MAX, "damaged",     "what was no whole frame")                                \
    X(STATUS, ANSWER, 15, UNKNOWN,     4, 0, UINT32_MAX, "unknown",     "orders that there are not, or with wrong arguments to all") \
    X(STATUS, ANSWER, 16, REPLAYED,    4, 0, UINT32_MAX, "replayed",    "records of a session that came before, or too late")     \
    X(STATUS, ANSWER, 17, UNPROVEN,    4, 0, UINT32_MAX, "unproven",    "signatures, records and tickets that do not hold")       \
    X(GET_CLOCK, ANSWER, 0, TIME,  8, 0, UINT32_MAX, "time",  "ms since 1970, signed; the least number: not set")                 \
    X(GET_CLOCK, ANSWER, 1, BOUND, 4, 0, UINT32_MAX, "bound", "ms that it may be wrong; all ones: more, or not set")              \
    X(SET_CLOCK, ASK, 0, TIME,      8, 0, UINT32_MAX,  "time",      "ms since 1970")                                               \
    X(SET_CLOCK, ASK, 1, PRECISION, 4, 0, 3600000,    "precision", "ms")                                                          \
    X(SET_CLOCK, ANSWER, 0, ERROR,    8, 0, UINT32_MAX, "error",    "ms, signed: what it said, less what is true; 0 when it was not set") \
    X(SET_CLOCK, ANSWER, 1, VIOLATED, 1, 0, 1,          "violated", "1: wrong by more than 2 s a day (GB/T 23678, 5.1.2)")        \
    X(GET_SETTING, ASK, 0, SETTING, 1, 0, 3, "setting", "enum bulla_setting")                                                     \
    X(GET_SETTING, ANSWER, 0, SETTING, 1, 0, 3,          "setting", "as asked")                                                   \
    X(GET_SETTING, ANSWER, 1, VALUE,   4, 0, UINT32_MAX, "value",   "in its unit")                                                \
    X(CONFIGURE, ASK, 0, SETTING, 1, 0, 3,          "setting", "enum bulla_setting")                                              \
    X(CONFIGURE, ASK, 1, VALUE,   4, 0, UINT32_MAX, "value",   "in its unit and range")                                           \
    X(READ_MEMORY, ASK, 0, ZONE,   1, 0, 255,    "zone",   "BULLA_AREA_TABLE of bulla/seal.h")                                    \
    X(READ_MEMORY, ASK, 1, OFFSET, 2, 0, 0xFFFF, "offset", "in it")                                                               \
    X(READ_MEMORY, ASK, 2, LENGTH, 1, 1, BULLA_LINK_CHUNK, "length", "at most; less comes when the zone ends")                    \
    X(READ_MEMORY, ANSWER, 0, ZONE,   1, 0, 255,    "zone",   "as asked")                                                         \
    X(READ_MEMORY, ANSWER, 1, OFFSET, 2, 0, 0xFFFF, "offset", "as asked")                                                         \
    X(READ_MEMORY, ANSWER, 2, SIZE,   2, 0, 0xFFFF, "size",   "of the zone: there is more until offset and bytes reach it")       \
    X(READ_MEMORY, ANSWER, 3, BYTES,  0, 0, BULLA_LINK_CHUNK, "bytes", "")                                                        \
    X(WRITE_MEMORY, ASK, 0, ZONE,   1, 0, 255,    "zone",   "")                                                                   \
    X(WRITE_MEMORY, ASK, 1, OFFSET, 2, 0, 0xFFFF, "offset", "in it")                                                              \
    X(WRITE_MEMORY, ASK, 2, BYTES,  0, 1, BULLA_LINK_CHUNK, "bytes", "written together or not at all")                            \
    X(READ_LOG, ASK, 0, NEXT, 4, 0, UINT32_MAX, "next", "counter to go on from; 0: all there is")                                 \
    X(READ_LOG, ASK, 1, MOST, 1, 1, 6,          "most", "records")                                                                \
    X(READ_LOG, ANSWER, 0, NEXT,        4, 0, UINT32_MAX, "next",        "to ask for next")                                       \
    X(READ_LOG, ANSWER, 1, OVERWRITTEN, 4, 0, UINT32_MAX, "overwritten", "counters passed over because they were erased")         \
    X(READ_LOG, ANSWER, 2, UNREADABLE,  2, 0, 0xFFFF,     "unreadable",  "slots passed over")                                     \
    X(READ_LOG, ANSWER, 3, MORE,        1, 0, 1,          "more",        "1: ask again")                                          \
    X(READ_LOG, ANSWER, 4, RECORDS,     0, 0, 180,        "records",     "30 bytes each: BULLA_LINK_RECORD_TABLE")                \
    X(FILE_ABOUT, ANSWER, 0, RECEIVED, 4, 0, UINT32_MAX, "received", "bytes that are stored without a gap")                       \
    X(FILE_ABOUT, ANSWER, 1, WHOLE,    1, 0, 1,          "whole",    "1: all, and the digest is right")                           \
    X(FILE_ABOUT, ANSWER, 2, ABOUT,    0, 0, 128,        "about",    "bulla/attachment.h; nothing when there is no file")         \
    X(FILE_BEGIN, ASK, 0, ABOUT, 0, 1, 128, "about", "the file that comes; the one before is deleted")                            \
    X(READ_FILE, ASK, 0, OFFSET, 4, 0, UINT32_MAX, "offset", "")                                                                  \
    X(READ_FILE, ASK, 1, LENGTH, 1, 1, BULLA_LINK_CHUNK, "length", "at most")                                                     \
    X(READ_FILE, ANSWER, 0, OFFSET, 4, 0, UINT32_MAX, "offset", "as asked")                                                       \
    X(READ_FILE, ANSWER, 1, BYTES,  0, 0, BULLA_LINK_CHUNK, "bytes", "none: that was the end")                                    \
    X(WRITE_FILE, ASK, 0, OFFSET, 4, 0, UINT32_MAX, "offset", "a multiple of 8")                                                  \
    X(WRITE_FILE, ASK, 1, BYTES,  0, 1, BULLA_LINK_CHUNK, "bytes", "a multiple of 8, but for the last")                           \
    X(WRITE_FILE, ANSWER, 0, RECEIVED, 4, 0, UINT32_MAX, "received", "where to go on")             \
    X(LOCATE, ANSWER, 0, LATITUDE,  4, 0, UINT32_MAX, "latitude",  "1e-7 degrees, signed; 0x80000000: not known")                 \
    X(LOCATE, ANSWER, 1, LONGITUDE, 4, 0, UINT32_MAX, "longitude", "the same")                                                    \
    BULLA_PLACE_FIELDS(X, SEAL)                                                                                                   \
    BULLA_PLACE_FIELDS(X, UNSEAL)                                                                                                 \
    X(COMMISSION, ASK, 0, KEYS, 0, 0, BULLA_LINK_CHUNK, "keys", "the owner's, as the seal's board keeps them")                    \
    X(HELLO, ASK, 0, MESSAGE, 0, 1, 239, "message", "first of the handshake, bulla/session.h")                                    \
    X(HELLO, ANSWER, 0, MESSAGE, 0, 1, 239, "message", "second of the handshake")                                                 \
    X(PROVE, ASK, 0, MESSAGE, 0, 1, 239, "message", "third of the handshake")                                                     \
    X(PROVE, ANSWER, 0, RECORD, 0, 1, 239, "record", "the first: it says that the session is open") \
    X(WRAPPED, ASK, 0, RECORD, 0, 1, 239, "record", "order 1 and its data, encrypted; associated: BULLA_LINK_HEADER bytes")                                           \
    X(WRAPPED, ANSWER, 0, RECORD, 0, 1, 239, "record", "status 2, order 1 and data, encrypted; associated: the same")

#define BULLA_LINK_RECORD_TABLE(X) /* a record of the log on the air: field, offset, bytes, meaning */ \
    X(COUNTER, 0,  4,  "as in the log")                                                                \
    X(KIND,    4,  1,  "enum bulla_on")                                                                \
    X(STATE,   5,  1,  "after it")                                                                     \
    X(FLAGS,   6,  1,  "0x80: the clock was set; the low five bits: bytes of detail")                  \
    X(SPARE,   7,  3,  "0")                                                                            \
    X(TIME,    10, 4,  "s since 1970 when the clock was set, else since the seal started")             \
    X(DETAIL,  14, 16, "BULLA_SEAL_DETAIL_TABLE of bulla/seal.h")
/* clang-format on */

#define BULLA_LINK_RECORD 30
#define BULLA_LINK_HEADER 9 /* what a record of a session is bound to: maker 2, serial 4, session 2, order of the frame 1 */

enum bulla_access {
#define X(name, number, text) BULLA_ACCESS_##name = number,
    BULLA_ACCESS_TABLE(X)
#undef X
};

enum bulla_part { BULLA_PART_ASK, BULLA_PART_ANSWER };

enum bulla_link_place { /* where a field lies in `value`: BULLA_ASK_COLLECT_WINDOW; of a rest, how many values there are before it */
#define X(order, part, place, field, bytes, least, greatest, name, meaning) BULLA_##part##_##order##_##field = place,
                        BULLA_LINK_FIELD_TABLE(X)
#undef X
};

struct bulla_link_order {
    uint8_t code, access, event; /* enums bulla_order, bulla_access, bulla_on */
    bool to_all;
    uint16_t right; /* enum bulla_right; 0: none is needed */
};

struct bulla_link_field {
    uint8_t code, part, place, bytes;
    uint32_t least, greatest; /* a greatest of UINT32_MAX is no limit */
    const char *name;
};

struct bulla_link_message {
    uint8_t code, part;
    uint64_t value[BULLA_LINK_VALUES]; /* by enum bulla_link_place; signed ones as their two's complement of that many bytes */
    struct bulla_bytes rest;           /* decoded: a view of what was decoded */
};

/* NULL: no such order. */
const struct bulla_link_order *bulla_link_order(unsigned code);

/* All fields, an order's together and in their places. */
const struct bulla_link_field *bulla_link_fields(size_t *n);

/* `message->code` and `part` say which. REFUSED: no such order; MORE: bytes are missing; DAMAGED: too many; INSANE: out of range. */
enum bulla_status bulla_link_decode(unsigned code, enum bulla_part part, struct bulla_bytes bytes, struct bulla_link_message *message,
                                    struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Sets *n. REFUSED: no such order, or a value out of range; FULL: it does not fit into `bytes`. */
enum bulla_status bulla_link_encode(const struct bulla_link_message *message, uint8_t *bytes, size_t size, size_t *n,
                                    struct bulla_fault *fault) BULLA_MUST_CHECK;

/* Of a frame, as associated data of what is wrapped in it. */
void bulla_link_header(const struct bulla_frame *frame, uint8_t header[BULLA_LINK_HEADER]);

const char *bulla_access_text(unsigned access); /* "": none of the table */

BULLA_END

#endif
