/* SPDX-License-Identifier: Apache-2.0
 *
 * Entry: what the rules need of an observation, and its place in the order of a journey. The order is that of event
 * time, then seal, counter and id, and nothing of it comes from the arrival.
 */
#ifndef RULES_ENTRY_H
#define RULES_ENTRY_H

#include "platform/rules/notes.h"
#include "platform/rules/plan.h"

#define ENTRY_NO_SPEED (-1)

enum entry_flag {
    ENTRY_FIX = 1u << 0,  /* valid, with an accuracy */
    ENTRY_CELL = 1u << 1, /* the fix comes from cells */
    ENTRY_PERCENT = 1u << 2,
    ENTRY_CHARGING = 1u << 3,
    ENTRY_STORED = 1u << 4, /* not heard when it happened */
    ENTRY_UNLOCK = 1u << 5,
    ENTRY_CLOCK_WRONG = 1u << 6, /* the device's time was not plausible: event time is arrival */
    ENTRY_FULL = 1u << 7,        /* a report, not a bare heartbeat */
    ENTRY_COUNTER = 1u << 8,
    ENTRY_OUT_OF_WINDOW = 1u << 9, /* older than what is kept, and history was not to be had */
    ENTRY_MOVING = 1u << 10,       /* the receiver's own speed says so: a hint */
    ENTRY_CLOCK_LAGS = 1u << 11,   /* it lags (clock.h) */
    ENTRY_UNPLACED = 1u << 12,     /* its fix belongs to another time than its place in the order */
    ENTRY_CELL_SIZED = 1u << 13,   /* with ENTRY_CELL: and says itself how far it may be off */
    ENTRY_NO_FIX = 1u << 14,       /* a report that says itself that it has no fix */
    ENTRY_SITE = 1u << 15,         /* lat, lon are where somebody else was who speaks of the seal */
    ENTRY_DOUBT = 1u << 16,        /* its clock is wrong, or behind by more than the way takes: it may have been another time */
};

/* A lock that speaks through the seal: what it said of itself, small. */
struct entry_sublock {
    uint16_t key; /* a digest of its id */
    bool open, sealed;
};

/* What a sensor said, of the kinds that rules look at. */
struct entry_sensor {
    char id[16]; /* "" : the device itself */
    int32_t milli;
    uint8_t kind;
};

struct entry {
    int64_t at_ms; /* event time */
    int64_t received_ms;
    int64_t device_ms; /* what the device's clock said, BULLA_TIME_NONE: nothing */
    int64_t said_ms;   /* when it was said, where a wrong clock and a known error tell (clock.h); else BULLA_TIME_NONE */
    int64_t counter;
    uint64_t events;
    const struct bulla_note *note; /* said by somebody else; NULL: by the seal itself */
    struct entry_sensor *sensors;  /* heap, of the window that holds the entry; NULL: none */
    int32_t lat_e7, lon_e7, accuracy_m;
    int32_t speed_cmh; /* the receiver's own, ENTRY_NO_SPEED: not said */
    uint32_t flags;
    uint8_t seal;                         /* index in the journey; behind the seals: of the plan's means */
    uint8_t state, shackle, motor, cover; /* state: of the seal, derived where only its parts were said */
    uint8_t percent, tries, verdict, reason, channel;
    uint8_t satellites; /* 0: not said */
    uint8_t n_sublocks, n_sensors;
    struct entry_sublock sublocks[BULLA_SUBLOCKS_MAX];
    char credential[BULLA_CREDENTIAL_SIZE];
    char id[BULLA_ID_SIZE];
};

/* The caller's to clear, until a window has it. Copies share the sensors: one of them clears. */
void entry_from(const struct plan *plan, size_t seal, const struct bulla_observation *o, struct entry *out);
void entry_clear(struct entry *e);

/* < 0, 0, > 0 as of qsort. 0 only for the same id. */
int entry_compare(const struct entry *a, const struct entry *b);

/* Sets event time by general rule 4 from device_ms, received_ms and the journey's sealing. */
void entry_set_time(const struct plan *plan, struct entry *e);

/* Its fix is of cells that do not say how far they reach: near, at best. */
static inline bool entry_unsized(const struct entry *e)
{
    return (e->flags & (ENTRY_CELL | ENTRY_CELL_SIZED)) == ENTRY_CELL;
}

static inline bool entry_is(const struct entry *e, enum bulla_event event)
{
    return (e->events & BULLA_EVENT_BIT(event)) != 0;
}

/* When it happened, as far as leave to open is concerned: of a clock that lags, when it was heard. */
static inline int64_t entry_leave_ms(const struct entry *e)
{
    if (e->said_ms != BULLA_TIME_NONE)
        return e->said_ms;
    return e->flags & ENTRY_CLOCK_LAGS ? e->received_ms : e->at_ms;
}

static inline double entry_lat(const struct entry *e)
{
    return e->lat_e7 / 1e7;
}

static inline double entry_lon(const struct entry *e)
{
    return e->lon_e7 / 1e7;
}

/* Somebody else says that the vehicle was seen there: a reader, a gate, an officer. */
bool entry_seen(const struct entry *e);
/* What is damaged, as who saw it says: the body itself (body, shell, housing, device; broken, destroyed), or something of it. */
enum entry_damage { DAMAGE_NONE, DAMAGE_SEEN, DAMAGE_DESTROYED };
enum entry_damage entry_damage(const struct entry *e);
/* The seal was heard: by itself, or because a reader read it. */
bool entry_contact(const struct entry *e);

/* An attempt to open that the lock accepted or refused; attempts to close are neither. */
bool entry_accepted(const struct entry *e);
bool entry_refused(const struct entry *e);

#endif
