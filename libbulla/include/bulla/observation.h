/* SPDX-License-Identifier: Apache-2.0
 *
 * Observation: one thing that a device or a reader said, normalised. The one struct that protocols,
 * readers and platform share; its JSON form is in docs/observation.md.
 *
 * Not said, said to be unknown and said are three different things. A group or number that the message
 * did not carry has its bit in `has` clear; one that the message carried as "unknown" has its bit in both
 * `has` and `unknown` set; a value counts only with `has` set and `unknown` clear. For the enums below 0 is
 * "not said" and ..._UNKNOWN is "said to be unknown".
 *
 * Whole numbers only (units in the names) and no pointers: it may be copied with `=`. Arrays are valid up to their count; what lies behind is not initialised.
 */
#ifndef BULLA_OBSERVATION_H
#define BULLA_OBSERVATION_H

#include "bulla/api.h"
#include "bulla/bytes.h"
#include "bulla/status.h"
#include "bulla/time.h"

BULLA_BEGIN

#define BULLA_ID_SIZE 40         /* text of an observation's identity, with its NUL */
#define BULLA_PROTOCOL_SIZE 16
#define BULLA_DEVICE_SIZE 32     /* a device's own id, without the protocol */
#define BULLA_CREDENTIAL_SIZE 24 /* a card number; never a password in clear */
#define BULLA_SENSORS_MAX 12
#define BULLA_CELLS_MAX 6
#define BULLA_SUBLOCKS_MAX 8
#define BULLA_NOTE_BY_SIZE 40
#define BULLA_NOTE_ABOUT_SIZE 24
#define BULLA_NOTE_TEXT_SIZE 120

enum bulla_has { /* bits of `has` and `unknown` */
    BULLA_HAS_TIME = 1u << 0,
    BULLA_HAS_COUNTER = 1u << 1,
    BULLA_HAS_FIX = 1u << 2, /* lat, lon, fix_valid; a fix that is not valid may be an old one or 0/0 */
    BULLA_HAS_SPEED = 1u << 3,
    BULLA_HAS_COURSE = 1u << 4,
    BULLA_HAS_ALTITUDE = 1u << 5,
    BULLA_HAS_SATELLITES = 1u << 6,
    BULLA_HAS_ACCURACY = 1u << 7,
    BULLA_HAS_PERCENT = 1u << 8,
    BULLA_HAS_VOLTS = 1u << 9,
    BULLA_HAS_CHARGING = 1u << 10,
    BULLA_HAS_UNLOCK = 1u << 11,
    BULLA_HAS_RESULT = 1u << 12, /* the device's verdict on a command */
    BULLA_HAS_FENCE = 1u << 13,
    BULLA_HAS_WAKE = 1u << 14,
    BULLA_HAS_NOTE = 1u << 15, /* said about the seal by somebody else: an officer, a gate, a crane, a carrier */
};

/* clang-format off */
#define BULLA_SEAL_TABLE(X)    X(NONE, 0, "") X(UNKNOWN, 1, "unknown") X(SEALED, 2, "sealed") X(OPEN, 3, "open") X(UNLOCKED_CLOSED, 4, "unlocked-closed")
#define BULLA_SHACKLE_TABLE(X) X(NONE, 0, "") X(UNKNOWN, 1, "unknown") X(IN, 2, "in") X(OUT, 3, "out") X(CUT, 4, "cut")
#define BULLA_MOTOR_TABLE(X)   X(NONE, 0, "") X(UNKNOWN, 1, "unknown") X(LOCKED, 2, "locked") X(UNLOCKED, 3, "unlocked") X(STUCK, 4, "stuck")
#define BULLA_COVER_TABLE(X)   X(NONE, 0, "") X(UNKNOWN, 1, "unknown") X(CLOSED, 2, "closed") X(OPEN, 3, "open")
#define BULLA_PROOF_TABLE(X)   X(CLAIMED, 0, "claimed") X(PROVEN, 1, "proven")
#define BULLA_CHANNEL_TABLE(X) X(UNKNOWN, 0, "unknown") X(CARD, 1, "card") X(BLE, 2, "ble") X(KEY, 3, "key") X(PLATFORM_STATIC, 4, "platform-static") \
                               X(PLATFORM_DYNAMIC, 5, "platform-dynamic") X(SMS, 6, "sms") X(USB, 7, "usb") X(LORA, 8, "lora") X(SERIAL, 9, "serial")
#define BULLA_VERDICT_TABLE(X) X(UNKNOWN, 0, "unknown") X(ACCEPTED, 1, "accepted") X(REFUSED, 2, "refused")
#define BULLA_REASON_TABLE(X)  X(NONE, 0, "") X(OK, 1, "ok") X(WRONG_PASSWORD, 2, "wrong-password") X(UNKNOWN_CARD, 3, "unknown-card") \
                               X(OUTSIDE_FENCE, 4, "outside-fence") X(CHANNEL_DISABLED, 5, "channel-disabled") X(TOO_MANY_TRIES, 6, "too-many-tries") \
                               X(HARDWARE, 7, "hardware") X(UNKNOWN, 8, "unknown") X(REPLAYED, 9, "replayed") X(EXPIRED, 10, "expired") \
                               X(WRONG_DEVICE, 11, "wrong-device")
/* Numbers are bits of `events` and are stored: never reuse one. docs/observation.md says what each means. */
#define BULLA_EVENT_TABLE(X) \
    X(LOCKED, 0, "locked") X(UNLOCKED, 1, "unlocked") X(AUTO_LOCKED, 2, "auto-locked") X(UNLOCK_REFUSED, 3, "unlock-refused") \
    X(LOCK_REFUSED, 4, "lock-refused") X(RELOCKED_NOT_PULLED, 5, "relocked-not-pulled") X(OPENED_WHILE_SEALED, 6, "opened-while-sealed") \
    X(STATE_REPORT, 7, "state-report") X(WAKE, 8, "wake") X(HEARTBEAT, 9, "heartbeat") X(DYNAMIC_PASSWORD, 10, "dynamic-password") \
    X(ENROLMENT, 11, "enrolment") X(TIME_REQUEST, 12, "time-request") X(COMMAND_RESULT, 13, "command-result") \
    X(ROPE_CUT, 14, "rope-cut") X(SHACKLE_OPENED_WHILE_SEALED, 15, "shackle-opened-while-sealed") X(COVER_OPENED, 16, "cover-opened") \
    X(SHELL_REMOVED, 17, "shell-removed") X(DEVICE_REMOVED, 18, "device-removed") X(VIBRATION, 19, "vibration") X(IMPACT, 20, "impact") \
    X(FALL, 21, "fall") X(TILT, 22, "tilt") X(LIGHT, 23, "light") X(JAMMING, 24, "jamming") X(DOOR_OPENED, 25, "door-opened") \
    X(UNKNOWN_CARD, 26, "unknown-card") X(WRONG_PASSWORD_REPEATED, 27, "wrong-password-repeated") X(UNLOCKED_TOO_LONG, 28, "unlocked-too-long") \
    X(MOTOR_STUCK, 29, "motor-stuck") X(SUB_LOCK_LOST, 30, "sub-lock-lost") X(POWER_CUT, 31, "power-cut") X(POWER_OFF, 32, "power-off") \
    X(LOW_BATTERY, 33, "low-battery") X(FENCE_ENTER, 34, "fence-enter") X(FENCE_EXIT, 35, "fence-exit") X(REGISTRATION, 36, "registration") \
    X(SOS, 37, "sos") X(OVERSPEED, 38, "overspeed") X(ILLEGAL_MOVEMENT, 39, "illegal-movement") X(MEDIA, 40, "media") \
    X(POSITION_CELL, 41, "position-from-cells") X(SENSOR_FAULT, 42, "sensor-fault") X(STARTUP, 43, "startup") X(GNSS_FAULT, 44, "gnss-fault") \
    X(TIME_ZONE_SUSPECT, 45, "time-zone-suspect") X(DOOR_CLOSED, 46, "door-closed") X(DESTROYED, 47, "destroyed") X(SELF_TEST_FAILED, 48, "self-test-failed") \
    /* said about a seal by others, with a note (BULLA_HAS_NOTE) */ \
    X(READ, 49, "read") X(READ_FAILED, 50, "read-failed") X(VEHICLE_SEEN, 51, "vehicle-seen") X(SEAL_MISSING, 52, "seal-missing") \
    X(DATA_DIFFERS, 53, "data-differs") X(PAIRING_DIFFERS, 54, "pairing-differs") X(LOADED, 55, "loaded") X(DISCHARGED, 56, "discharged") \
    X(TRANSHIPPED, 57, "transhipped") X(HANDED_OVER, 58, "handed-over") X(TAKEN_OVER, 59, "taken-over") X(READER_DOWN, 60, "reader-down") \
    X(DAMAGE_SEEN, 61, "damage-seen")
#define BULLA_SENSOR_TABLE(X) /* kind, number, name, unit; values are thousandths of the unit */ \
    X(TEMPERATURE, 1, "temperature", "C") X(HUMIDITY, 2, "humidity", "%") X(LIGHT, 3, "light", "lx") X(TILT, 4, "tilt", "deg") \
    X(SHOCK, 5, "shock", "g") X(PRESSURE, 6, "pressure", "kPa") X(VOC, 7, "voc", "ppm") X(MILEAGE, 8, "mileage", "km") \
    X(RSSI, 9, "rssi", "dBm") X(CSQ, 10, "csq", "") X(OIL, 11, "oil", "L") X(ACCELERATION, 12, "acceleration", "g") \
    X(SUPPLY, 13, "supply", "V") X(BATTERY_VOLTS, 14, "battery-voltage", "V") X(BATTERY_PERCENT, 15, "battery", "%") X(COUNT, 16, "count", "") \
    X(POWER, 17, "power", "") /* of a refrigerated container: 1 on, 0 off */
/* clang-format on */

#define X(name, number, text) BULLA_SEAL_##name = number,
enum bulla_seal_state { BULLA_SEAL_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_SHACKLE_##name = number,
enum bulla_shackle { BULLA_SHACKLE_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_MOTOR_##name = number,
enum bulla_motor { BULLA_MOTOR_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_COVER_##name = number,
enum bulla_cover { BULLA_COVER_TABLE(X) }; /* also for doors */
#undef X
#define X(name, number, text) BULLA_PROOF_##name = number,
enum bulla_proof { BULLA_PROOF_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_CHANNEL_##name = number,
enum bulla_channel { BULLA_CHANNEL_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_VERDICT_##name = number,
enum bulla_verdict { BULLA_VERDICT_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_REASON_##name = number,
enum bulla_reason { BULLA_REASON_TABLE(X) };
#undef X
#define X(name, number, text) BULLA_EVENT_##name = number,
enum bulla_event { BULLA_EVENT_TABLE(X) };
#undef X
#define X(name, number, text, unit) BULLA_SENSOR_##name = number,
enum bulla_sensor_kind { BULLA_SENSOR_TABLE(X) };
#undef X

#define BULLA_EVENT_BIT(event) (UINT64_C(1) << (event))

struct bulla_state {
    uint8_t seal, shackle, motor, cover, door; /* enums above */
};

struct bulla_unlock { /* an attempt to open or close; BULLA_HAS_UNLOCK */
    uint8_t channel, verdict, reason;
    uint8_t tries;     /* consecutive wrong tries, 0: not said */
    uint8_t fence;     /* the device's fence number, 0: none or not said */
    char credential[BULLA_CREDENTIAL_SIZE]; /* card number; "" when not a card */
};

struct bulla_result { /* the device's verdict on a command; BULLA_HAS_RESULT */
    char command[12];   /* the protocol's own word or message number: "P43", "8500" */
    int32_t serial;     /* serial of the command answered, -1: the protocol has none */
    uint8_t verdict;
    char text[80];      /* what the device answered, passwords removed */
};

struct bulla_sensor {
    char id[16]; /* "" : the device itself */
    uint8_t kind;
    int32_t milli; /* value in thousandths of the unit of its kind */
};

struct bulla_cell {
    uint16_t mcc, mnc;
    uint32_t lac, cid;
};

struct bulla_sublock { /* a lock that speaks through this device */
    char id[16];
    struct bulla_state state;
    bool lost; /* the device no longer hears it: its other values are old */
    uint8_t percent; /* battery, 255: not said */
    uint64_t events;
};

struct bulla_note { /* what somebody else said about the seal; BULLA_HAS_NOTE */
    char by[BULLA_NOTE_BY_SIZE];       /* who: a user, a reader, a gate, a station: its id */
    char about[BULLA_NOTE_ABOUT_SIZE]; /* the field or place it is about: "container", "weight", a station's id; "" : the seal itself */
    char text[BULLA_NOTE_TEXT_SIZE];   /* in words, for people */
};

struct bulla_observation {
    /* identity and provenance */
    uint32_t has, unknown;
    char protocol[BULLA_PROTOCOL_SIZE]; /* registry name */
    char device[BULLA_DEVICE_SIZE]; /* the seal's name is protocol ":" device */
    char id[BULLA_ID_SIZE];         /* "" until the pipeline names it */
    int64_t time_ms;                /* the device's clock, as UTC */
    int64_t received_ms;            /* ours; BULLA_TIME_NONE until the pipeline stamps it */
    int64_t counter;
    bool stored;                    /* kept by the device and sent later: history, never current state */
    uint8_t proof;
    /* position, WGS 84 */
    bool fix_valid;
    int32_t lat_e7, lon_e7;
    int32_t speed_cmh;      /* hundredths of a km/h */
    int32_t course_cdeg;    /* hundredths of a degree, 0 .. 35999, clockwise from north */
    int32_t altitude_cm;
    int32_t accuracy_m;     /* radius of 95 % confidence where the device gives one */
    uint8_t satellites;
    /* the seal */
    struct bulla_state state;
    uint64_t events;        /* bits of enum bulla_event */
    uint8_t fence;          /* number of the device's own fence for fence events */
    uint8_t wake;           /* protocol's own number of the wake source */
    uint8_t percent;
    bool charging;
    int32_t millivolts;
    struct bulla_unlock unlock;
    /* the rest is valid up to its count or with its bit in `has` */
    uint8_t n_sensors, n_cells, n_sublocks;
    struct bulla_result result;
    struct bulla_sensor sensors[BULLA_SENSORS_MAX];
    struct bulla_cell cells[BULLA_CELLS_MAX];
    struct bulla_sublock sublocks[BULLA_SUBLOCKS_MAX];
    struct bulla_note note;
};

/* An observation in which nothing is said yet. Does not touch the arrays. */
void bulla_observation_init(struct bulla_observation *o, const char *protocol);

/* Appends to the arrays; a full array drops the value (the raw bytes still hold it). */
void bulla_observation_add_sensor(struct bulla_observation *o, const char *id, enum bulla_sensor_kind kind, int32_t milli);
void bulla_observation_add_cell(struct bulla_observation *o, uint16_t mcc, uint16_t mnc, uint32_t lac, uint32_t cid);
struct bulla_sublock *bulla_observation_add_sublock(struct bulla_observation *o, const char *id);

static inline void bulla_observation_add_event(struct bulla_observation *o, enum bulla_event event)
{
    o->events |= BULLA_EVENT_BIT(event);
}

static inline bool bulla_observation_is(const struct bulla_observation *o, enum bulla_event event)
{
    return (o->events & BULLA_EVENT_BIT(event)) != 0;
}

/* True when the group was said and is not "unknown". */
static inline bool bulla_observation_knows(const struct bulla_observation *o, uint32_t has)
{
    return (o->has & has) == has && !(o->unknown & has);
}

/* The seal's state as shackle and motor imply it: cut or out or motor unlocked is open, except shackle in
 * with motor unlocked, which is unlocked-closed; NONE when neither was said, UNKNOWN when they do not tell. */
enum bulla_seal_state bulla_seal_from(enum bulla_shackle shackle, enum bulla_motor motor);

/* Text <-> number of each enum, from the tables above. Texts of unknown numbers are "unknown"; numbers of
 * unknown texts are -1. */
const char *bulla_seal_state_text(unsigned value);
const char *bulla_shackle_text(unsigned value);
const char *bulla_motor_text(unsigned value);
const char *bulla_cover_text(unsigned value);
const char *bulla_proof_text(unsigned value);
const char *bulla_channel_text(unsigned value);
const char *bulla_verdict_text(unsigned value);
const char *bulla_reason_text(unsigned value);
const char *bulla_event_text(unsigned value);
const char *bulla_sensor_text(unsigned value);
const char *bulla_sensor_unit(unsigned value);
int bulla_seal_state_from(const char *text);
int bulla_shackle_from(const char *text);
int bulla_motor_from(const char *text);
int bulla_cover_from(const char *text);
int bulla_proof_from(const char *text);
int bulla_channel_from(const char *text);
int bulla_verdict_from(const char *text);
int bulla_reason_from(const char *text);
int bulla_event_from(const char *text);
int bulla_sensor_from(const char *text);
#define BULLA_EVENTS_MAX 64

BULLA_END

#endif
