/* SPDX-License-Identifier: Apache-2.0
 *
 * A seal as an electronic device: what its sensors read goes in, with what people do to it and what the platform sends;
 * the bytes of its protocol come out. No socket and no clock of its own: a test, the live world (sim/client.h) and a
 * deterministic simulation all drive the same devices. Same readings, actions and answers: same bytes.
 *
 *   reading --tick()--> records --send()--> bytes          bytes --receive()--> lock, settings, acknowledgements
 *
 * Store and forward: a record stays in memory until the platform acknowledges it. What was not acknowledged when the
 * connection broke is history from then on and goes out behind what is new, oldest first, marked as stored.
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stddef.h>

#include "bulla/cursor.h"
#include "sim/lock.h"
#include "sim/random.h"

#define SIM_DEVICE_ID_SIZE    24
#define SIM_DEVICE_FRAME_MAX  2200  /* bytes of the largest message after escaping */
#define SIM_DEVICE_MEMORY_MAX 40000 /* records kept; beyond it the oldest is given up, as a full flash does */
#define SIM_TIME_NONE         INT64_MIN

struct sim_cell {
    uint16_t mcc, mnc;
    uint16_t lac;
    uint32_t cid;
};

struct sim_reading { /* what the sensors say at an instant */
    int64_t time_ms;
    bool fix;     /* without one, the position is the last known */
    bool network; /* the mobile network can be reached */
    bool charging;
    uint8_t satellites;
    uint8_t csq;
    double lat, lon, altitude_m, speed_kmh, course_deg;
    double mileage_km, battery_percent;
    struct sim_cell cell;
};

enum sim_alarm {
    SIM_ALARM_NONE,
    SIM_ALARM_ROPE_CUT,
    SIM_ALARM_CARD,
    SIM_ALARM_COVER,
    SIM_ALARM_BATTERY,
    SIM_ALARM_PASSWORD,
    SIM_ALARM_OPEN_LONG,
    SIM_ALARM_MOTOR,
    SIM_ALARMS_N
};

enum sim_record_kind { SIM_RECORD_REPORT, SIM_RECORD_ALARM, SIM_RECORD_LOCK };

struct sim_record { /* one thing to tell the platform */
    struct sim_reading at;
    uint8_t kind;  /* enum sim_record_kind */
    uint8_t event; /* of a lock record: enum sim_lock_event; of an alarm: enum sim_alarm */
    uint8_t rope, motor, tries;
    uint8_t wake; /* what woke the device: jt701 numbering, 1 timer, 3 cover, 4 rope, 6 card */
    bool cover_open;
    uint16_t cuts;
    char text[12]; /* card or password */
    /* its way out */
    bool stored, sent, numbered, done;
    uint16_t serial;
    int64_t sent_ms;
};

struct sim_queue { /* records in order; [head, n) are not done */
    struct sim_record *at;
    size_t head, next, n, size; /* next: the first never sent on this connection */
};

struct sim_device;

struct sim_device_kind {
    const char *name;     /* model, "JT701D" */
    const char *protocol; /* registry name */
    const char *profile;  /* proto_profile.model the platform needs, "" : none */
    size_t window;        /* records under way at once */
    uint8_t version;      /* of the protocol */
    bool renumbers;       /* what is sent again on a new connection gets a new serial number */
    void (*connected)(struct sim_device *d, int64_t now_ms);
    void (*tick)(struct sim_device *d);
    /* What became of an action: makes records. */
    void (*tell)(struct sim_device *d, enum sim_lock_event event, const char *text);
    /* Writes the message that starts with records[0]; may take more of the n for a batch. Returns how many it took,
     * 0: it must wait. Sets `done` on what needs no acknowledgement. */
    size_t (*encode)(struct sim_device *d, struct sim_record *records, size_t n, struct bulla_writer *out);
    /* Takes whole messages from the stream; returns the bytes used up. */
    size_t (*receive)(struct sim_device *d, int64_t now_ms, const uint8_t *at, size_t n);
};

struct sim_device_setup {
    const struct sim_device_kind *kind;
    const char *id;       /* the digits that the device sends */
    const char *password; /* static password */
    uint64_t seed;
};

struct sim_device {
    const struct sim_device_kind *kind;
    char id[SIM_DEVICE_ID_SIZE];
    struct sim_random random;
    struct sim_lock lock;
    struct sim_reading now;
    struct sim_queue live, history;
    bool connected;
    bool ready;        /* logged in, or needs no login */
    bool newest_first; /* sends what it stored newest first, as a seal with little battery left does */
    bool wants_close;  /* ordered to restart or sleep: the carrier of the bytes closes the connection */
    /* settings that commands change */
    uint32_t interval_s;                     /* between live reports */
    uint32_t store_moving_s, store_parked_s; /* between records kept while there is no connection */
    uint32_t heartbeat_s, retry_s, low_battery_percent, open_long_min;
    /* timers, in the device's own time */
    int64_t report_due_ms, heartbeat_due_ms, password_due_ms, low_since_ms;
    bool low_told, open_long_told, password_waiting;
    uint16_t serial, event_serial;
    char authentication[64]; /* code that the platform gave at registration */
    uint64_t sent, acknowledged, lost;
    /* bytes to go out before any record: login, answers to commands */
    uint8_t urgent[4096];
    size_t n_urgent;
    uint8_t in[4096]; /* a message that has not wholly come */
    size_t n_in;
};

extern const struct sim_device_kind sim_device_jt701d, sim_device_jt701, sim_device_jt709, sim_device_jt808;

void sim_device_init(struct sim_device *d, const struct sim_device_setup *setup);
void sim_device_clear(struct sim_device *d);

/* One second passes, or whatever the caller's step is: makes the reports and alarms that are due. Times must ascend. */
void sim_device_tick(struct sim_device *d, const struct sim_reading *reading);

/* Something is done to the seal, at the time and place of the last reading. */
enum sim_lock_event sim_device_act(struct sim_device *d, enum sim_action action, const char *text);

void sim_device_connected(struct sim_device *d, int64_t now_ms);
void sim_device_disconnected(struct sim_device *d);

/* Writes what may be sent now to out[size], size >= SIM_DEVICE_FRAME_MAX; returns the bytes. Whole messages alone. */
size_t sim_device_send(struct sim_device *d, int64_t now_ms, uint8_t *out, size_t size);
void sim_device_receive(struct sim_device *d, int64_t now_ms, const uint8_t *at, size_t n);

/* Records that the platform has not acknowledged yet. */
size_t sim_device_waiting(const struct sim_device *d);

/* --- for the kinds --- */
void sim_device_record(struct sim_device *d, enum sim_record_kind kind, unsigned event, const char *text, unsigned wake);
/* What was sent under a serial number (a batch has one) is done; false: nothing was. */
bool sim_device_acknowledge(struct sim_device *d, uint16_t serial);
/* The oldest record under way is done (protocols that acknowledge without a number); `kinds` is a set of 1 << kind. */
bool sim_device_acknowledge_oldest(struct sim_device *d, unsigned kinds);
/* True when another message is under way with this number. */
bool sim_device_serial_busy(const struct sim_device *d, uint16_t serial, const struct sim_record *but);
void sim_device_urgent(struct sim_device *d, const void *bytes, size_t n);

#endif
