/* SPDX-License-Identifier: Apache-2.0
 *
 * How a seal behaves: one table of rows for all profiles, and a step that finds the first row that fits.
 *
 *   row: in these states, on these events, when all of `needs` and none of `lacks` hold
 *        -> next state, modes set and cleared, actions, what passed through the shackle, or a refusal
 *
 * Conditions are bits of one word: what the profile has (bulla/profile.h), the facts of the event, and the modes
 * that the device is in. A fact is decided outside and handed in: whether an authorisation holds, whether the
 * shackle is out, whether the clock is good. The step does nothing by itself: actions say what the caller is to do,
 * in the order of their bits, and only what this profile can do is among them.
 *
 * What holds whatever comes (the tests walk all of it):
 *   - tampered with stays so until the seal is returned, retired or commissioned anew;
 *   - broken stays broken, and what is broken is void;
 *   - it shows `secure` only when it was sealed with permission and has watched without a gap since;
 *   - a command without permission changes nothing, a refused event nothing but the counter;
 *   - silent in flight: reports wait until it ends.
 *
 * docs/device.md is drawn from the table.
 */
#ifndef BULLA_DEVICE_H
#define BULLA_DEVICE_H

#include "bulla/api.h"
#include "bulla/profile.h"

BULLA_BEGIN

/* clang-format off */
#define BULLA_DEVICE_STATE_TABLE(X) /* state, number, name, meaning */                                        \
    X(STORED,            1,  "stored",            "commissioned, in stock, nothing of a journey in it")       \
    X(INITIALISED,       2,  "initialised",       "its variable data cleared; the clock is to be calibrated") \
    X(READY,             3,  "ready",             "initialised and calibrated")                               \
    X(WRITTEN,           4,  "written",           "hung, the container's data in it; not yet closed")         \
    X(ARMED,             5,  "armed",             "permitted to close; waits for the shackle")                \
    X(CLOSED,            6,  "closed",            "closed without permission: not sealed")                    \
    X(SEALED,            7,  "sealed",            "closed with permission")                                   \
    X(RELEASED,          8,  "released",          "permitted to open; still closed")                          \
    X(OPENED,            9,  "opened",            "opened with permission, within the journey")               \
    X(TAMPERED_OPEN,     10, "tampered-open",     "tampered with in this journey; open")                      \
    X(TAMPERED_CLOSED,   11, "tampered-closed",   "tampered with in this journey; the shackle is closed")     \
    X(TAMPERED_RELEASED, 12, "tampered-released", "tampered with in this journey; permitted to open")         \
    X(BROKEN,            13, "broken",            "broken for good; void")                                    \
    X(RETURNED,          14, "returned",          "taken off; its variable data cleared")                     \
    X(RETIRED,           15, "retired",           "without keys: lost, retired, or its body was opened")

#define BULLA_ON_TABLE(X) /* event, number, name, what it is; 0 to 17 are commands */                             \
    X(COMMISSION,     0,  "commission",     "command: given keys, by its owner")                                  \
    X(INITIALISE,     1,  "initialise",     "command: clear the variable data for a new use")                     \
    X(CALIBRATE,      2,  "calibrate",      "command: the clock was set; the fact says whether it is good")       \
    X(WRITE,          3,  "write",          "command: the container's data")                                      \
    X(ADD,            4,  "add",            "command: cargo data or the record of a process node")                \
    X(SEAL,           5,  "seal",           "command: permission to close")                                       \
    X(UNSEAL,         6,  "unseal",         "command: permission to open")                                        \
    X(RETURN,         7,  "return",         "command: taken off at the end of a journey")                         \
    X(RETIRE,         8,  "retire",         "command: wipe it")                                                   \
    X(READ,           9,  "read",           "command: all that it stores")                                        \
    X(STATUS,         10, "status",         "command: who it is and how it is; needs no permission")              \
    X(LOCATE,         11, "locate",         "command: where it is")                                               \
    X(CONFIGURE,      12, "configure",      "command: parameters")                                                \
    X(UPGRADE,        13, "upgrade",        "command: a firmware image, verified")                                \
    X(EXPORT,         14, "export",         "command: its log, through the data interface")                       \
    X(FLIGHT_BEGIN,   15, "flight-begin",   "command: radio silence")                                             \
    X(FLIGHT_END,     16, "flight-end",     "the flight is over; needs no permission, for speaking harms nobody") \
    X(ACKNOWLEDGE,    17, "acknowledge",    "command: somebody has seen the alarm")                               \
    X(SHACKLE_OPENED, 18, "shackle-opened", "the shackle was drawn out")                                          \
    X(SHACKLE_CLOSED, 19, "shackle-closed", "the shackle was pushed in")                                          \
    X(SHACKLE_CUT,    20, "shackle-cut",    "rope or bolt cut")                                                   \
    X(DOOR_OPENED,    21, "door-opened",    "a door of the container")                                            \
    X(DOOR_CLOSED,    22, "door-closed",    "a door of the container")                                            \
    X(COVER_OPENED,   23, "cover-opened",   "its cover: battery, card")                                           \
    X(BODY_OPENED,    24, "body-opened",    "its body: electronics and keys")                                     \
    X(INTRUSION,      25, "intrusion",      "through a door or any other side of the container")                  \
    X(LIMIT,          26, "limit",          "a sensor went beyond its limit (bulla/sensor.h)")                    \
    X(BATTERY_LOW,    27, "battery-low",    "at or below the threshold")                                          \
    X(BATTERY_GOOD,   28, "battery-good",   "above the threshold again")                                          \
    X(POWER_LOST,     29, "power-lost",     "a moment before it goes")                                            \
    X(POWER_BACK,     30, "power-back",     "it started, whether or not it had noticed the loss")                 \
    X(PERMIT_EXPIRED, 31, "permit-expired", "the permission to open or close was not used in time")               \
    X(REPORT_DUE,     32, "report-due",     "by its schedule (bulla/schedule.h)")                                 \
    X(CLOCK_LOST,     33, "clock-lost",     "the clock is not set or beyond its limit (bulla/clock.h)")

#define BULLA_FACT_TABLE(X) /* fact, bit of the conditions, name */                                             \
    X(AUTHORISED, 20, "authorised") /* the command's authorisation holds: key, ticket, password, place, time */ \
    X(SHACKLE_OUT, 21, "shackle-out")                                                                           \
    X(CLOCK_GOOD, 22, "clock-good") /* set, calibrated for this use, within its limit */                        \
    X(FROM_AFAR, 23, "from-afar")   /* the command came through the back end, not from a reader */

#define BULLA_MODE_TABLE(X) /* mode, bit of the conditions, name, meaning */                     \
    X(JOURNEY, 24, "journey", "sealed at least once since it was initialised, and not returned") \
    X(LOW,     25, "low",     "battery at or below the threshold")                               \
    X(OFF,     26, "off",     "without power")                                                   \
    X(GAP,     27, "gap",     "was without power while sealed: nobody watched")                  \
    X(QUIET,   28, "quiet",   "in flight: its radio is silent")                                  \
    X(ALARM,   29, "alarm",   "an alarm that nobody has acknowledged")                           \
    X(KEYLESS, 30, "keyless", "its keys were wiped")                                             \
    X(HELD,    31, "held",    "a report waits for the end of the flight")

#define BULLA_ACT_TABLE(X) /* action, bit, name, meaning */                                   \
    X(SAVE,         0,  "save",         "put what is in memory into the log now")             \
    X(WIPE_KEYS,    1,  "wipe-keys",    "all of them, at once")                               \
    X(CLEAR_RANDOM, 2,  "clear-random", "the random value of the ISO block becomes zero")     \
    X(CLEAR_DATA,   3,  "clear-data",   "delete container, security, cargo and process data") \
    X(NEW_KEYS,     4,  "new-keys",     "those of the command")                               \
    X(SET_CLOCK,    5,  "set-clock",    "to the time of the command")                         \
    X(STORE_DATA,   6,  "store-data",   "the data of the command")                            \
    X(APPLY,        7,  "apply",        "the configuration or the image of the command")      \
    X(LOCK,         8,  "lock",         "the shackle, where a motor holds it")                \
    X(UNLOCK,       9,  "unlock",       "the shackle, where a motor holds it")                \
    X(PERMIT_START, 10, "permit-start", "from now the permission runs")                       \
    X(PERMIT_STOP,  11, "permit-stop",  "the permission is used or void")                     \
    X(FIX,          12, "fix",          "find the position")                                  \
    X(RING_CLOSED,  13, "ring-closed",  "time and place into the ring of closings")           \
    X(RING_OPENED,  14, "ring-opened",  "time and place into the ring of openings")           \
    X(LOG,          15, "log",          "event, states, facts and time into the event log")   \
    X(REMIND,       16, "remind",       "an alarm to be acknowledged")                        \
    X(CALM,         17, "calm",         "the alarm was acknowledged")                         \
    X(ANSWER,       18, "answer",       "only after what is above it is durable")             \
    X(REPORT,       19, "report",       "to the back end, now")                               \
    X(HOLD,         20, "hold",         "a report, when the flight is over")

#define BULLA_PASSAGE_TABLE(X) /* what went through the shackle: GB/T 23678, 3.2 */ \
    X(NONE, 0, "none")                                                              \
    X(OPENED_AUTHORISED, 1, "opened, authorised")                                   \
    X(OPENED_UNAUTHORISED, 2, "opened, not authorised")                             \
    X(CLOSED_AUTHORISED, 3, "closed, authorised")                                   \
    X(CLOSED_UNAUTHORISED, 4, "closed, not authorised")

#define BULLA_SHOWS_TABLE(X) /* what a reading of the seal says */ \
    X(NOT_SEALED, 0, "not sealed")                                 \
    X(SECURE, 1, "secure")                                         \
    X(TAMPERED, 2, "tampered")                                     \
    X(VOID, 3, "void")                                             \
    X(UNKNOWN, 4, "unknown") /* without power, or with a gap in its watch */
/* clang-format on */

enum bulla_device_state {
#define X(name, number, text, meaning) BULLA_DEVICE_##name = number,
    BULLA_DEVICE_STATE_TABLE(X)
#undef X
};
#define BULLA_DEVICE_STATES 15

enum bulla_on {
#define X(name, number, text, meaning) BULLA_ON_##name = number,
    BULLA_ON_TABLE(X)
#undef X
};
#define BULLA_EVENTS_OF_DEVICE 34

enum bulla_passage {
#define X(name, number, text) BULLA_PASSAGE_##name = number,
    BULLA_PASSAGE_TABLE(X)
#undef X
};

enum bulla_shows {
#define X(name, number, text) BULLA_SHOWS_##name = number,
    BULLA_SHOWS_TABLE(X)
#undef X
};

#define BULLA_FACT(name) (UINT32_C(1) << BULLA_FACT_AT_##name)
#define BULLA_MODE(name) (UINT32_C(1) << BULLA_MODE_AT_##name)
#define BULLA_ACT(name)  (UINT32_C(1) << BULLA_ACT_AT_##name)
enum bulla_fact_bit {
#define X(name, bit, text) BULLA_FACT_AT_##name = bit,
    BULLA_FACT_TABLE(X)
#undef X
};
enum bulla_mode_bit {
#define X(name, bit, text, meaning) BULLA_MODE_AT_##name = bit,
    BULLA_MODE_TABLE(X)
#undef X
};
enum bulla_act_bit {
#define X(name, bit, text, meaning) BULLA_ACT_AT_##name = bit,
    BULLA_ACT_TABLE(X)
#undef X
};
#define BULLA_FACTS UINT32_C(0x00F00000)
#define BULLA_MODES UINT32_C(0xFF000000)

struct bulla_device {
    uint8_t profile, state; /* enum bulla_profile, enum bulla_device_state */
    uint8_t passage;        /* the last thing that went through the shackle */
    uint32_t modes;         /* bits of BULLA_MODE */
    uint32_t journeys;      /* how many it was sealed for */
    uint32_t refused;       /* events that were refused; stays at its greatest value */
};

struct bulla_device_row {
    uint32_t from;   /* bits 1 << enum bulla_device_state */
    uint64_t events; /* bits 1 << enum bulla_on */
    uint32_t needs, lacks;
    uint8_t next; /* 0: the same */
    uint8_t passage, refusal;
    uint32_t set, clear;
    uint32_t actions;
};

struct bulla_device_step {
    struct bulla_device after;
    uint32_t actions;
    enum bulla_passage passage;
    enum bulla_refusal refusal;
    uint16_t row; /* which one it was */
};

/* A seal as it is commissioned. False for a number that is no profile. */
bool bulla_device_init(struct bulla_device *device, unsigned profile);

/* Whether it can be stepped: what was read from memory is asked first. */
bool bulla_device_valid(const struct bulla_device *device);

/* A valid device; `facts` are bits of BULLA_FACT. The last row fits everything, so there is always a step. */
struct bulla_device_step bulla_device_step(const struct bulla_device *device, enum bulla_on event, uint32_t facts);

enum bulla_shows bulla_device_shows(const struct bulla_device *device);

/* The actions that a profile can do at all. */
uint32_t bulla_device_can(unsigned profile);

const struct bulla_device_row *bulla_device_rows(size_t *n);

/* "" for what is in no table. */
const char *bulla_device_state_text(unsigned state);
const char *bulla_device_state_meaning(unsigned state);
const char *bulla_on_text(unsigned event);
const char *bulla_on_meaning(unsigned event);
const char *bulla_condition_text(unsigned bit); /* of functions, traits, facts and modes */
const char *bulla_mode_meaning(unsigned bit);
const char *bulla_act_text(unsigned bit);
const char *bulla_act_meaning(unsigned bit);
const char *bulla_passage_text(unsigned passage);
const char *bulla_shows_text(unsigned shows);

BULLA_END

#endif
