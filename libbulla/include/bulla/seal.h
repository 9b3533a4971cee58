/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal that runs: what is around the state machine of bulla/device.h. The board brings a table of functions (random, shackle,
 * battery, lock, ...) and three areas of flash; this brings them together with log, zones, clock, link and session.
 *
 *   start     opens what is in flash, or makes a new seal of it; after loss of power it goes on
 *   event     something happened: shackle, door, cover, power
 *   hear      a frame came; perhaps there is something to answer
 *   turn      time went by
 *
 * All four do one step at a time and none waits. `now` is the board's crystal, counted; it wraps, so a turn is due at least
 * every half lap. Nothing is called again from inside.
 *
 * What is kept, and in which order. One transaction of the zones holds all that an event changes: the device's state, data,
 * rings, counter of tickets, and the record that belongs into the log (BULLA_SEAL_STATE_TABLE, `record`). Its commit decides: before it
 * nothing happened, after it everything did. Then the record is appended to the log, then the lock moves, then it is
 * answered. Power may go anywhere: a start that finds a record which the log does not have yet (its newest counter is
 * below `log_at`) appends it, and brings the lock in line with the state. So the log has every event once, in order.
 *
 * When the state has rotted, the newest record of the log says how far it was; nobody vouches for what came since, so it never
 * shows `secure`, and no ticket holds until it is given new keys.
 *
 * When flash fails: a command is not answered; whether it was done shows when the zones are opened again, which the next
 * call does first. What happened to the seal itself waits in memory and is done then. Until then it answers nobody.
 *
 * Wrong shared keys and badly signed tickets are tries (bulla/tries.h): each is stored before it is refused, and after some of them
 * nothing of its kind is even looked at for a while, which grows.
 *
 * What is not for it, unknown, damaged, replayed, out of order or badly signed changes nothing but a count. Counts are
 * stored with the next event: who sends rubbish does not wear out flash.
 */
#ifndef BULLA_SEAL_H
#define BULLA_SEAL_H

#include "bulla/api.h"
#include "bulla/attachment.h"
#include "bulla/clock.h"
#include "bulla/device.h"
#include "bulla/indicator.h"
#include "bulla/link.h"
#include "bulla/log.h"
#include "bulla/schedule.h"
#include "bulla/session.h"
#include "bulla/ticket.h"
#include "bulla/tries.h"
#include "bulla/zone.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_AREA_TABLE(X) /* area, id of its zone, bytes, event when a reader writes it, byte of a blank one, name */ \
    X(INHERENT,  1,    29,  NONE,  ' ', "inherent")  /* GB/T 23678, table A.1; written in the factory */                \
    X(CONTAINER, 2,    88,  WRITE, ' ', "container")                                                                    \
    X(SECURITY,  3,    249, NONE,  ' ', "security")  /* written by the seal itself */                                   \
    X(CARGO,     4,    357, ADD,   ' ', "cargo")                                                                        \
    X(NODES,     5,    464, ADD,   ' ', "nodes")     /* eight of 58 bytes */                                            \
    X(LABEL,     6,    13,  WRITE, 0,   "label")     /* of the ISO block: container number 11, random value 2 */        \
    X(IDENTITY,  0x80, BULLA_SEAL_IDENTITY_SIZE, NONE, 0, "identity") /* from here on: not for readers */               \
    X(STATE,     0x82, BULLA_SEAL_STATE_SIZE, NONE, 0, "state")                                                         \
    X(FILE,      0x81, BULLA_SEAL_FILE_SIZE,  NONE, 0, "file")

#define BULLA_SEAL_STATE_TABLE(X) /* field, offset, bytes, name, meaning; numbers are big-endian */                    \
    X(FORM,     0,  1,  "form",     "3")                                                                               \
    X(PROFILE,  1,  1,  "profile",  "enum bulla_profile")                                                              \
    X(STATE,    2,  1,  "state",    "enum bulla_device_state")                                                         \
    X(PASSAGE,  3,  1,  "passage",  "the last thing that went through the shackle")                                    \
    X(MODES,    4,  4,  "modes",    "bits of BULLA_MODE")                                                              \
    X(JOURNEYS, 8,  4,  "journeys", "how many it was sealed for")                                                      \
    X(REFUSED,  12, 4,  "refused",  "events and orders that were refused")                                             \
    X(EVENTS,   16, 4,  "events",   "how many transactions there were")                                                \
    X(LOG_AT,   20, 4,  "log_at",   "the record below has no smaller counter than this in the log; 0: there is none")  \
    X(RECORD,   24, 24, "record",   "kind, state, flags, a spare byte, time and detail as in a record of the log")     \
    X(SPENT,    48, 4,  "spent",    "counter of the newest ticket that it acted on")                                   \
    X(FLOOR,    52, 8,  "floor",    "the latest time that was ever proven to it, ms since 1970, signed")               \
    X(LAT,      60, 4,  "lat",      "where it was last, 10^-7 degrees; 0x80000000: not known")                         \
    X(LON,      64, 4,  "lon",      "the same")                                                                        \
    X(COUNTS,   68, 16, "counts",   "four counts, BULLA_IGNORED_TABLE")                                                \
    X(SETTINGS, 84, 16, "settings", "four, enum bulla_setting")                                                        \
    X(TRIES,    100, 20, "tries",   "two, BULLA_SEAL_TRIES_TABLE, each as BULLA_TRIES_TABLE has it")

#define BULLA_SEAL_IDENTITY_TABLE(X) /* written once, when it is made: field, offset, bytes, name, meaning */          \
    X(FORM,    0,  1, "form",    "2; 0: a new seal that was not finished")                                             \
    X(PROFILE, 1,  1, "profile", "enum bulla_profile")                                                                 \
    X(MAKER,   2,  2, "maker",   "its address")                                                                        \
    X(SERIAL,  4,  4, "serial",  "its address")                                                                        \
    X(MODEL,   8,  4, "model",   "the maker's number")                                                                 \
    X(ALPHA,   12, 4, "alpha",   "letters of the seal number in the ISO block, zeros behind")                          \
    X(PROVEN,  16, 1, "proven",  "1: it was made with keys; a bare frame changes nothing")                             \
    X(SPARE,   17, 7, "spare",   "0")

#define BULLA_SEAL_DETAIL_TABLE(X) /* detail of a record in the log: field, offset, bytes, name, meaning */            \
    X(BEFORE,  0,  1, "before",  "the state before it")                                                                \
    X(HOW,     1,  1, "how",     "low four bits: what went through the shackle; high four: enum bulla_belief")         \
    X(SURFACE, 2,  1, "surface", "enum bulla_surface")                                                                 \
    X(ORDER,   3,  1, "order",   "that caused it; 0: none did")                                                        \
    X(WHO,     4,  4, "who",     "number of the reader; of what no reader did, the value that was measured, signed")   \
    X(LAT,     8,  4, "lat",     "where, 10^-7 degrees; 0x80000000: not known")                                        \
    X(LON,     12, 4, "lon",     "the same")

#define BULLA_SURFACE_TABLE(X) /* through which an intrusion came (WCO study report, 1) */                             \
    X(NONE, 0, "none") X(LEFT_DOOR, 1, "left-door") X(RIGHT_DOOR, 2, "right-door") X(LEFT, 3, "left")                  \
    X(RIGHT, 4, "right") X(ROOF, 5, "roof") X(FLOOR, 6, "floor") X(FRONT, 7, "front")

#define BULLA_BELIEF_TABLE(X) /* what is known of who said something */                                                \
    X(ITSELF,  0, "itself")  /* nobody said it */                                                                      \
    X(CLAIMED, 1, "claimed") /* a bare frame */                                                                        \
    X(PROVEN,  2, "proven")  /* in a session */

#define BULLA_IGNORED_TABLE(X) /* what was heard and changed nothing else */                                           \
    X(DAMAGED,  0, "damaged")  /* no whole frame */                                                                    \
    X(UNKNOWN,  1, "unknown")  /* no such order, or a wrong one to all */                                              \
    X(REPLAYED, 2, "replayed") /* heard before, or out of order */                                                     \
    X(UNPROVEN, 3, "unproven") /* a signature, record or ticket does not hold */

#define BULLA_SEAL_TRIES_TABLE(X) /* what is tried, each with a wait of its own: who guesses at one holds up no other */ \
    X(KEY,    0, "key")    /* a shared key, or a password that is one */                                               \
    X(TICKET, 1, "ticket") /* the signature of a ticket */
/* clang-format on */

#define BULLA_SEAL_IDENTITY_SIZE 24
#define BULLA_SEAL_STATE_SIZE    120
#define BULLA_SEAL_FILE_SIZE     136  /* length of the description 1, whole 1, spare 2, received 4, description 128 */
#define BULLA_SEAL_BANK_MIN      4096 /* bytes of half of the area of zones */
#define BULLA_SEAL_QUEUE         8
#define BULLA_NO_COORDINATE      INT32_MIN

#define BULLA_SEAL_PERMIT_MS   UINT64_C(300000) /* how long a permission to close or open waits for the shackle */
#define BULLA_SEAL_CLOCK_MS    INT64_C(60000)   /* a clock that may be more wrong is not good: 30 days of 2 s (GB/T 23678, 5.1.2) */
#define BULLA_SEAL_NOTICE_MS   UINT64_C(60000)  /* between two records of orders without permission; the others are counted */
#define BULLA_SEAL_TURN_MS     UINT32_C(60000)  /* the longest time between turns */
#define BULLA_SEAL_BATTERY_LOW 20u              /* percent: at or below; good again five above */

enum bulla_area {
#define X(name, id, bytes, on, blank, text) BULLA_AREA_##name = id,
    BULLA_AREA_TABLE(X)
#undef X
};

enum bulla_surface {
#define X(name, number, text) BULLA_SURFACE_##name = number,
    BULLA_SURFACE_TABLE(X)
#undef X
};

enum bulla_belief {
#define X(name, number, text) BULLA_BELIEF_##name = number,
    BULLA_BELIEF_TABLE(X)
#undef X
};

enum bulla_ignored {
#define X(name, number, text) BULLA_IGNORED_##name = number,
    BULLA_IGNORED_TABLE(X)
#undef X
        BULLA_IGNORED
};

enum bulla_seal_try {
#define X(name, number, text) BULLA_SEAL_TRY_##name = number,
    BULLA_SEAL_TRIES_TABLE(X)
#undef X
        BULLA_SEAL_TRIES
};

struct bulla_spot { /* 10^-7 degrees; BULLA_NO_COORDINATE: not known */
    int32_t lat_e7, lon_e7;
};

struct bulla_seal_note { /* what happened: the record of the log, taken apart */
    uint8_t on, state;   /* enum bulla_on, enum bulla_device_state after it */
    uint8_t before, passage, belief, surface, order;
    bool clock_set;
    uint32_t time_s;
    uint32_t who;
    struct bulla_spot spot;
};

/* What may be NULL is what that board does not have. True, or a value: it is done. */
struct bulla_seal_ops {
    bool (*random)(void *context, uint8_t *to, size_t n);
    bool (*shackle_out)(void *context);
    unsigned (*battery)(void *context);           /* percent. NULL: full */
    int32_t (*celsius_milli)(void *context);      /* BULLA_NO_TEMPERATURE. NULL: not known */
    struct bulla_spot (*position)(void *context); /* NULL: never known */
    bool (*lock)(void *context, bool locked);     /* the motor. NULL: there is none; asked again each turn until it is done */
    void (*show)(void *context, const uint8_t looks[BULLA_INDICATORS]); /* when one has changed: enum bulla_look. NULL: no panel */
    void (*report)(void *context, const struct bulla_seal_note *note);  /* to the back end, now. NULL: no such radio */
    void (*beep)(void *context, unsigned times);                        /* NULL: silent */
    const struct bulla_party *(*party)(void *context);        /* side, suite, certificate, trust. NULL, or nothing: it has no keys */
    bool (*wipe_keys)(void *context);                         /* durably. NULL: it never had any */
    bool (*new_keys)(void *context, struct bulla_bytes keys); /* durably. NULL: refused */
};

struct bulla_seal_board {
    const struct bulla_seal_ops *ops;
    void *context;
    struct bulla_flash log;   /* at least two sectors */
    struct bulla_flash zones; /* an even number of sectors, halves of at least BULLA_SEAL_BANK_MIN bytes */
    struct bulla_flash files; /* no sectors: it takes no files */
    struct bulla_crystal crystal;
    uint32_t firmware;                 /* version */
    const struct bulla_digest *digest; /* of files. NULL: it does not check them, and they are never whole */
    struct bulla_scratch scratch;      /* for that */
};

struct bulla_seal_make { /* what a new seal becomes */
    uint8_t profile;
    struct bulla_address address;
    uint32_t model;
    char alpha[4];           /* letters, zeros behind */
    bool proven;             /* it gets keys: bare frames change nothing */
    const uint8_t *inherent; /* 29 bytes, GB/T 23678; NULL: blank */
};

struct bulla_seal_event {
    uint8_t on;      /* enum bulla_on, none that is a command */
    uint8_t surface; /* of an intrusion or a door; else 0 */
    int32_t value;   /* of a limit, thousandths of the sensor's unit */
};

struct bulla_seal_waiting { /* for flash */
    struct bulla_seal_event event;
    uint64_t at_ms; /* running time: when it happened */
};

struct bulla_seal_permit {
    bool runs;
    uint64_t until_ms; /* running time */
};

struct bulla_seal_place { /* where a reading in pieces goes on */
    uint8_t code, zone;
    uint32_t next, who;
};

struct bulla_seal {
    const struct bulla_seal_board *board;
    struct bulla_zones zones;
    struct bulla_log log;
    struct bulla_device device;
    struct bulla_clock clock;
    struct bulla_schedule schedule;
    struct bulla_settings settings;
    struct bulla_address address;
    uint32_t model;
    char alpha[4];
    bool proven;
    uint32_t events, log_at, spent;
    int64_t floor_ms;
    struct bulla_spot spot;
    uint32_t counts[BULLA_IGNORED];
    struct bulla_tries tries[BULLA_SEAL_TRIES]; /* by the running time */
    struct bulla_seal_note note;                /* the last one */
    uint64_t ticks;                             /* of the crystal since the start */
    uint32_t counter;                           /* as last seen */
    struct bulla_seal_waiting queue[BULLA_SEAL_QUEUE];
    uint8_t queued;
    uint32_t lost;          /* events that the queue did not take */
    bool stale;             /* what is in flash is not known: open it again */
    uint32_t trying;        /* the number in `events` that the first of the queue was tried as; 0: it was not */
    bool log_owed;          /* the note is not in the log yet */
    bool lock_owed, locked; /* the motor is to be moved to `locked` */
    bool compact_owed;      /* what was deleted is still in flash */
    bool clock_told;
    uint64_t noticed_ms; /* when an order without permission was last recorded; 0: never */
    uint64_t awake_ms;   /* until then it is silent in collections of the reader `asleep_for` */
    uint16_t asleep_for;
    struct bulla_session open, called; /* a session, and a handshake that may become the next one */
    struct bulla_seal_permit permit;
    struct bulla_seal_place place;
    bool has_file;
    struct bulla_transfer file;
    uint32_t file_stored; /* how far it is in flash */
    uint8_t looks[BULLA_INDICATORS];
};

struct bulla_seal_reply {
    uint16_t slot; /* 0: at once; else of a collection, from 1 on, BULLA_LINK_SLOT_US each */
    size_t n;      /* 0: nothing to answer */
    uint8_t bytes[BULLA_FRAME_MAX];
};

/* Opens the seal that is in flash. `make`: when there is none, it becomes this one; NULL: then NOT_MINE. The board stays where it is.
 * REFUSED: areas that are too small, or no such profile; FAILED: flash. */
enum bulla_status bulla_seal_start(struct bulla_seal *seal, const struct bulla_seal_board *board, const struct bulla_seal_make *make,
                                   uint32_t now) BULLA_MUST_CHECK;

/* OK: it is durable, or the device refused it. FAILED: it waits for flash; FULL: no more can wait. REFUSED: a command, or no event. */
enum bulla_status bulla_seal_event(struct bulla_seal *seal, const struct bulla_seal_event *event, uint32_t now) BULLA_MUST_CHECK;

/* A frame to seals, from its first byte to its CRC. What is in *reply is to be sent, in its slot; of all that it acknowledges nothing
 * can be lost any more. */
void bulla_seal_hear(struct bulla_seal *seal, struct bulla_bytes frame, uint32_t now, struct bulla_seal_reply *reply);

/* At the bench, by wire: new keys for a seal that has none any more; no frame can do that where bare frames change nothing. REFUSED: it is
 * not to be commissioned in this state. */
enum bulla_status bulla_seal_commission(struct bulla_seal *seal, struct bulla_bytes keys, uint32_t now) BULLA_MUST_CHECK;

/* How many ms until the next turn is due at the latest; events and frames need none before them. */
uint32_t bulla_seal_turn(struct bulla_seal *seal, uint32_t now);

/* Since it started, by its crystal. */
uint64_t bulla_seal_running_ms(const struct bulla_seal *seal);

/* The record of a log, taken apart. False: too little detail. */
bool bulla_seal_note_decode(const struct bulla_log_event *event, struct bulla_seal_note *note);

const char *bulla_area_text(unsigned id); /* "": none of the table; so below */
const char *bulla_surface_text(unsigned surface);
const char *bulla_belief_text(unsigned belief);
const char *bulla_ignored_text(unsigned what);

BULLA_END

#endif
